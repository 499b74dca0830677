"""The columns of a dataset's tables and of its gallery, and the values of some tiles in them.

Where two have a column of one name the later table's holds, and a table's before the gallery's own.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ml.metrics import METRICS
from search.columns import IMPORT, TABLE, Column
from search.errors import BadQuery, MissingImagery
from search.models import Dataset, Table
from search.tables import galleries, kinds

FILE = "columns.parquet"
MEASURED = frozenset(metric.name for metric in METRICS)
Stamp = tuple[int, int]


@dataclass(frozen=True)
class Values:
    """Of the tiles `keys` (n,), ascending: numbers (n,) float32, or codes (n,) int32 into texts, -1 for none."""

    keys: np.ndarray
    numbers: np.ndarray | None = None
    codes: np.ndarray | None = None
    texts: tuple[str, ...] = ()


def columns_of(dataset: Dataset) -> list[Column]:
    """Numbers, texts and dates (days since 1970-01-01), in the order in which they were brought."""
    own = {column.name: column._replace(source=IMPORT) for column in galleries.columns_of(dataset)}
    found = own | {one.name: one for table in dataset.tables.all() for one in described(table)}
    return [column for name, column in found.items() if name not in MEASURED]


def described(table: Table) -> list[Column]:
    return [
        Column(one["name"], one["title"], "", one["kind"], one["low"], one["high"], TABLE, tuple(one["values"]))
        for one in table.columns
    ]


def numbers(dataset: Dataset, name: str, keys: np.ndarray) -> np.ndarray:
    """keys: (n,) int64 -> (n,) float32, NaN where nothing is known; days since 1970-01-01 of a column of dates.

    BadQuery when there is no such column, or it is one of texts.
    """
    values = values_of(dataset, name)
    if values.numbers is None:
        raise BadQuery(f"{name} is a column of texts: ask for it in `values`.")
    at, known = positions(values.keys, keys)
    return np.where(known, values.numbers[at], np.nan).astype(np.float32) if len(values.keys) else nothing(keys)


def nothing(keys: np.ndarray) -> np.ndarray:
    return np.full(len(keys), np.nan, np.float32)


def texts(dataset: Dataset, name: str, keys: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """keys: (n,) int64 -> (n,) int32 codes, -1 where nothing is known, and the texts that they stand for.

    BadQuery when there is no such column, or it is one of numbers or dates.
    """
    values = values_of(dataset, name)
    if values.codes is None:
        raise BadQuery(f"{name} is a column of numbers: ask for it in `metrics`.")
    if not len(values.keys):
        return np.full(len(keys), -1, np.int32), []
    at, known = positions(values.keys, keys)
    return np.where(known, values.codes[at], -1).astype(np.int32), list(values.texts)


def positions(held: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each of the wanted keys lies among those held, which ascend, and whether it does."""
    at = np.minimum(np.searchsorted(held, wanted), max(len(held) - 1, 0))
    return at, held[at] == wanted if len(held) else np.zeros(len(wanted), bool)


def values_of(dataset: Dataset, name: str) -> Values:
    for table in reversed(dataset.tables.all()):
        if any(one["name"] == name for one in table.columns):
            return stored(table, name)
    own = galleries.column(dataset, name)
    if own is None:
        known = ", ".join(column.name for column in columns_of(dataset)) or "there is none"
        raise BadQuery(f"Nobody brought a column {name[:80]!r} to {dataset.name}: {known}.")
    keys, cells, kind = own
    return held(keys, cells, kind)


def stored(table: Table, name: str) -> Values:
    path = table.folder / FILE
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise MissingImagery(f"The columns of {table.name} are gone from the disk: bring the table again.") from error
    return _stored(path, (found.st_ino, found.st_mtime_ns), name)


@lru_cache(maxsize=32)
def _stored(path: Path, stamp: Stamp, name: str) -> Values:
    with pq.ParquetFile(path) as file:
        kind = kinds.of_type(file.schema_arrow.field(name).type)
        table = file.read(["key", name])
    return held(table["key"].to_numpy(), table[name], kind or kinds.TEXT)


def held(keys: np.ndarray, cells: pa.ChunkedArray, kind: str) -> Values:
    """A column as it lies on disk, with the keys of its rows."""
    if kind == kinds.TEXT:
        coded = one_piece(cells).dictionary_encode()
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
        return Values(keys, codes=codes, texts=tuple(coded.dictionary.to_pylist()))
    found = kinds.days(cells) if kind == kinds.DATE else cells.to_numpy()
    return Values(keys, found.astype(np.float32))


def one_piece(cells: pa.ChunkedArray) -> pa.Array:
    whole = cells.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
