"""Lists of images, CSV or Parquet: one row an image, with its path or address, label, date, and anything else."""

import csv
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from search.errors import BadImagery
from search.intake import dating

ENDINGS = frozenset({".csv", ".parquet"})
MOST = 2_000_000  # rows
WHERE = ("path", "file", "filename", "file_name", "image", "image_path", "href", "url")
LABEL = ("label", "class", "class_name", "category")
DATE = ("date", "datetime", "acquired", "timestamp", "time")
_LONGEST = 1000  # characters of a value that are kept
_ROWS = 10_000  # of Parquet, read at a time


@dataclass(frozen=True)
class Row:
    where: str  # a path, relative to the list's folder or absolute, or an address
    label: str = ""
    day: date | None = None
    meta: dict[str, str] = field(default_factory=dict)


def is_list(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS


def read(path: Path) -> Iterator[Row]:
    """The list's rows, as they are read. BadImagery when it is no table, has no column of paths, or too many rows."""
    rows = from_parquet(path) if path.suffix.lower() == ".parquet" else from_csv(path)
    try:
        first = next(rows, None)
        if first is None:
            raise BadImagery(f"{path.name} has no rows: list at least one image.")
        named = columns(path, first)
        for number, row in enumerate(itertools.chain([first], rows), 1):
            if number > MOST:
                raise BadImagery(f"{path.name} has more than {MOST:,} rows: split it.")
            yield parsed(path, number, row, named)
    except (csv.Error, UnicodeDecodeError, pa.ArrowException, OSError) as error:
        raise BadImagery(f"{path.name} is not a {path.suffix[1:].upper()} table that can be read ({error}).") from error


def from_csv(path: Path) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {key: value for key, value in row.items() if key is not None}


def from_parquet(path: Path) -> Iterator[dict[str, object]]:
    with pq.ParquetFile(path) as file:
        plain = [f.name for f in file.schema_arrow if not (pa.types.is_nested(f.type) or pa.types.is_binary(f.type))]
        for batch in file.iter_batches(_ROWS, columns=plain):
            yield from batch.to_pylist()


def columns(path: Path, row: Mapping[str, object]) -> dict[str, str]:
    """Which columns say where the image is, its label and its date; names in any case."""
    lower = {name.strip().lower(): name for name in row}
    found = {
        kind: next((lower[name] for name in names if name in lower), "")
        for kind, names in (("where", WHERE), ("label", LABEL), ("date", DATE))
    }
    if not found["where"]:
        raise BadImagery(
            f"{path.name} has no column of paths: call it path or url. It has {', '.join(map(str, row))[:200]}."
        )
    return found


def parsed(path: Path, number: int, row: Mapping[str, object], named: Mapping[str, str]) -> Row:
    where = text(row.get(named["where"]))
    if not where:
        raise BadImagery(f"{path.name} says in row {number} of no file: fill in {named['where']}.")
    meta = {name: text(value) for name, value in row.items() if name not in named.values() and text(value)}
    return Row(where, text(row.get(named["label"])), day(path, number, row.get(named["date"])), meta)


def day(path: Path, number: int, value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date) or not text(value):
        return value if isinstance(value, date) else None
    found = dating.read(text(value))
    if found is None:
        raise BadImagery(f"{path.name} has in row {number} the date {text(value)[:40]!r}: write YYYY-MM-DD.")
    return found


def text(value: object) -> str:
    return "" if value is None else str(value).strip()[:_LONGEST]
