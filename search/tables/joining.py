"""Which tile a row of a table is about: by key, by a picture's file name, or by product, date, level, row and col."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from search import frames, keys
from search.errors import BadKey, BadTable
from search.imagery.gallery import listed
from search.models import Dataset, Scene
from search.tables.reading import Source

PLACE = ("product", "date", "level", "row", "col")
KEYS = ("key", "tile", "tile_key", "tilekey")
NAMES = ("name", "file", "filename", "file_name", "image")
_KEY = r"^[0-9]{1,19}$"
_HIGHEST = str((1 << 63) - 1)
Find = Callable[[pa.RecordBatch], np.ndarray]  # rows -> (m,) int64 keys of tiles that there are, 0 for none


@dataclass(frozen=True)
class Join:
    """by: the columns that say which tile a row is about.  show(batch, i): what they say, for people."""

    by: tuple[str, ...]
    find: Find

    def show(self, batch: pa.RecordBatch, row: int) -> str:
        return " ".join(str(batch[title][row].as_py())[:80] for title in self.by)


def joined(dataset: Dataset, source: Source, column: str = "") -> Join:
    """column: the one with keys or names; guessed by what columns are called where it is not given.

    Raises BadTable, and NotIndexed for a map without any finished shard.
    """
    by = (column,) if column else guessed(dataset, source)
    missing = next((title for title in by if title not in source.kinds), None)
    if missing is not None:
        raise BadTable(f"{source.name} has no column {missing[:80]!r} of keys or names. It has {told(source)}.")
    if len(by) > 1:
        return Join(by, by_place(dataset, by))
    check_keys(source, by[0])
    if dataset.kind == Dataset.Kind.GALLERY:
        return Join(by, by_name(dataset, by[0]))
    return Join(by, by_key(by[0], known_keys(dataset)))


def told(source: Source) -> str:
    return ", ".join(source.kinds)[:300]


def guessed(dataset: Dataset, source: Source) -> tuple[str, ...]:
    lower = {title.lower(): title for title in source.kinds}
    gallery = dataset.kind == Dataset.Kind.GALLERY
    found = next((lower[one] for one in (*(NAMES if gallery else ()), *KEYS) if one in lower), "")
    if found:
        return (found,)
    if not gallery and all(part in lower for part in PLACE):
        return tuple(lower[part] for part in PLACE)
    wanted = "the pictures' file names (name) or keys (key)" if gallery else (
        f"the tiles' keys (key), or five columns {', '.join(PLACE)}")  # fmt: skip
    raise BadTable(f"{source.name} does not say which tiles its rows are about: name the column of {wanted}. "
                   f"It has {told(source)}.")  # fmt: skip


def check_keys(source: Source, column: str) -> None:
    batch = next(source.batches(), None)
    if batch is not None and pa.types.is_floating(batch[column].type):
        raise BadTable(
            f"{column} holds keys as floating-point numbers, which lose their last digits: save them as text."
        )


def known_keys(dataset: Dataset) -> np.ndarray:
    """(n,) int64, ascending: of all tiles that are indexed."""
    return np.sort(frames.opened(dataset).keys)


def by_key(column: str, known: np.ndarray) -> Find:
    return lambda batch: among(known, parsed(batch[column]))


def among(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(m,) keys; 0 for those that are not among the known, which ascend."""
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[at] == wanted, wanted, 0) if len(known) else np.zeros(len(wanted), np.int64)


def parsed(cells: pa.Array) -> np.ndarray:
    """Keys as texts or whole numbers -> (m,) int64, 0 for what is none."""
    if pa.types.is_integer(cells.type):
        whole = pc.fill_null(cells.cast(pa.int64(), safe=False), 0)
        return np.maximum(whole.to_numpy(zero_copy_only=False), 0)
    texts = pc.fill_null(cells.cast(pa.string()), "")
    small = pc.or_(pc.less(pc.utf8_length(texts), len(_HIGHEST)), pc.less_equal(texts, _HIGHEST))
    fits = pc.and_(pc.match_substring_regex(texts, _KEY), small)
    return pc.if_else(fits, texts, "0").cast(pa.int64()).to_numpy(zero_copy_only=False)


def by_name(dataset: Dataset, column: str) -> Find:
    """By file name, capital letters too; a cell that is no picture's name may be its key.

    Of pictures that share a name none is meant.
    """
    names, held = pictures(dataset)
    known = np.sort(held)

    def find(batch: pa.RecordBatch) -> np.ndarray:
        cells = batch[column].cast(pa.string())
        at = pc.fill_null(pc.index_in(cells, value_set=names), -1).to_numpy(zero_copy_only=False)
        return np.where(at >= 0, held[at], among(known, parsed(batch[column]))) if len(held) else np.zeros(len(at), int)

    return find


def pictures(dataset: Dataset) -> tuple[pa.Array, np.ndarray]:
    """Names that only one picture has, and all pictures' keys, of which the first are those with these names."""
    names: list[pa.Array] = [pa.array([], pa.string())]
    held: list[np.ndarray] = [np.empty(0, np.int64)]
    for scene in Scene.objects.filter(product__dataset=dataset).select_related("product__dataset"):
        if scene.version:
            table = listed(scene)
            names.append(table["name"].combine_chunks())
            held.append(scene.address(0, 0, 0).pack() | table["number"].to_numpy().astype(np.int64))
    every, packed = pa.concat_arrays(names), np.concatenate(held)
    counts = every.value_counts()
    shared = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    once = pc.invert(pc.is_in(every, value_set=shared)).to_numpy(zero_copy_only=False)
    order = np.concatenate([np.flatnonzero(once), np.flatnonzero(~once)])
    return every.filter(pa.array(once)), packed[order]


def by_place(dataset: Dataset, by: Sequence[str]) -> Find:
    """By the columns of PLACE, so called."""
    known = known_keys(dataset)
    numbers = dict(dataset.products.values_list("name", "number"))

    def find(batch: pa.RecordBatch) -> np.ndarray:
        product = looked_up(batch[by[0]], lambda text: numbers.get(text, -1))
        day = looked_up(batch[by[1]], read_day)
        rest = [whole(batch[title]) for title in by[2:]]
        parts = dict(zip(("product", "day", "level", "row", "col"), (product, day, *rest), strict=True))
        fits = np.logical_and.reduce([(part >= 0) & (part < keys.LIMITS[name]) for name, part in parts.items()])
        packed = np.full(len(batch), dataset.number << keys.SHIFTS["dataset"], np.int64)
        for name, part in parts.items():
            packed |= np.where(fits, part, 0) << keys.SHIFTS[name]
        return among(known, np.where(fits, packed, 0))

    return find


def looked_up(cells: pa.Array, number: Callable[[str], int]) -> np.ndarray:
    """(m,) int64: the number of each text, asked once for each different one; -1 for null."""
    exact = cells.cast(pa.int64(), safe=False) if pa.types.is_floating(cells.type) else cells
    coded = exact.cast(pa.string()).dictionary_encode()
    found = np.array([*(number(text) for text in coded.dictionary.to_pylist()), -1], np.int64)
    return found[pc.fill_null(coded.indices, len(found) - 1).to_numpy(zero_copy_only=False)]


def read_day(text: str) -> int:
    """Of a date, or of a time on it."""
    try:
        return keys.read_day(text if text == keys.STATIC else text[:10])
    except BadKey:
        return -1


def whole(cells: pa.Array) -> np.ndarray:
    """(m,) int64 of whole numbers, as 5, "5" or 5.0; -1 for what is none."""
    return looked_up(cells, lambda text: int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else -1)
