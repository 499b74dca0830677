"""How a dataset's tiles spread over its columns: of all tiles, and of those that a filter keeps.

What is the same for every filter (the bins of a column, and the bin of each tile) is kept in memory.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from search import columns, filters, frames
from search.columns import Column
from search.errors import BadQuery
from search.filters import Compiled, Filter, Person
from search.frames import Frame
from search.models import Dataset

MOST_COLUMNS, MOST_BINS, MOST_TEXTS = 64, 200, 100
MOST_BYTES = 128 * 2**20  # of what is kept in memory
RIM = 0.5  # per cent of the tiles at either end that may lie beyond the outer bins
STRETCHED = 4  # times as wide as what lies between the rims: then the outer bins hold what is far out
SAMPLE = 50_000  # tiles whose numbers say where the rims are
UNKNOWN = 255  # the bin of a tile of which a number is not known


@dataclass(frozen=True)
class Bins:
    """A column of numbers.  edges: (bins + 1,).  codes: (n,) uint8, the bin of each tile.  low, high: of all."""

    edges: np.ndarray
    codes: np.ndarray
    low: float | None
    high: float | None

    def counts(self, kept: np.ndarray | None = None) -> np.ndarray:
        found: np.ndarray = np.bincount(self.codes if kept is None else self.codes[kept], minlength=UNKNOWN + 1)
        return found


@dataclass(frozen=True)
class Texts:
    """A column of texts.  codes: (n,) int32, -1 for none."""

    codes: np.ndarray
    texts: tuple[str, ...]

    def counts(self, kept: np.ndarray | None = None) -> np.ndarray:
        """(texts + 1,): those without one first."""
        chosen = self.codes if kept is None else self.codes[kept]
        return np.bincount(chosen + 1, minlength=len(self.texts) + 1)


Spread = Bins | Texts


def facets(dataset: Dataset, asked: Filter, names: Sequence[str], bins: int, user: Person) -> dict[str, Any]:
    """JSON: `tiles`, `kept`, and of each column the spread of all tiles and of those kept.

    A column's own range is left out of the filter for it, so that one sees where else the range could be. NotIndexed,
    BadQuery.
    """
    if len(names) > MOST_COLUMNS or not 1 <= bins <= MOST_BINS:
        raise BadQuery(f"Ask for {MOST_COLUMNS} columns at most, with 1 to {MOST_BINS} bins.")
    wanted = [columns.column_named(dataset, name) for name in dict.fromkeys(names)]
    frame = frames.opened(dataset)
    read(frame, [column.name for column in wanted if column.source == columns.METRIC])
    kept = Kept(frame, filters.compiled(dataset, asked, user))
    spread = {column.name: of_column(frame, column, bins, kept) for column in wanted}
    return {"tiles": frame.count, "kept": int(kept.all.sum()), "columns": spread}


def read(frame: Frame, names: Sequence[str]) -> None:
    """Metrics that are not in memory yet, of each shard in one go."""
    for part in frame.parts:
        part.columns.read(name for name in names if name in part.columns.columns)


class Kept:
    """Which tiles a filter keeps, and which it would without one of its fields; (n,) bool each."""

    def __init__(self, frame: Frame, rows: Compiled) -> None:
        self._refused = {name: ~mask for name, mask in rows.each(frame).items()}
        self._times = np.zeros(frame.count, np.uint8)  # how many fields refuse a tile
        for refused in self._refused.values():
            self._times += refused
        self.all = self._times == 0

    def without(self, field: str) -> np.ndarray:
        if field not in self._refused:
            return self.all
        found: np.ndarray = self._times == self._refused[field]
        return found


def of_column(frame: Frame, column: Column, bins: int, kept: Kept) -> dict[str, Any]:
    held = spread_of(frame, column, bins)
    own = "values" if column.kind == "text" else "metrics"
    mask = kept.without(f"{own}.{column.name}")
    said: dict[str, Any] = {"kind": column.kind, "title": column.title, "unit": column.unit}
    if isinstance(held, Texts):
        return {**said, **of_texts(held, mask)}
    everything, some = held.counts(), held.counts(mask)
    return {
        **said, "edges": held.edges.tolist(), "low": held.low, "high": held.high,
        "all": everything[:bins].tolist(), "kept": some[:bins].tolist(), "unknown": int(everything[UNKNOWN]),
    }  # fmt: skip


def of_texts(held: Texts, mask: np.ndarray) -> dict[str, Any]:
    """The most frequent ones; `others` says how many further ones there are."""
    everything, some = held.counts(), held.counts(mask)
    order = np.argsort(-everything[1:], kind="stable")[:MOST_TEXTS].tolist()
    values = [
        {"value": held.texts[code], "all": int(everything[code + 1]), "kept": int(some[code + 1])} for code in order
    ]
    return {"values": values, "others": len(held.texts) - len(values), "unknown": int(everything[0])}


def brought(dataset: Dataset) -> tuple[int, ...]:
    """Changes when somebody brings or removes a table."""
    return tuple(dataset.tables.values_list("pk", flat=True))


class Memory:
    """The last spreads that were asked for, as many as fit; of any number of threads."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0  # bytes
        self._held: OrderedDict[Hashable, Spread] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Spread]) -> Spread:
        with self._guard:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        made = make()
        with self._guard:
            if key not in self._held:
                self._held[key] = made
                self._size += made.codes.nbytes
            while self._size > self._most:
                self._size -= self._held.popitem(last=False)[1].codes.nbytes
        return made


memory = Memory(MOST_BYTES)


def spread_of(frame: Frame, column: Column, bins: int) -> Spread:
    """A byte a tile of a column of numbers, four of a column of texts."""
    stamp = brought(frame.dataset) if column.source != columns.METRIC else ()
    make = partial(fresh_spread, frame, column, bins)
    return memory.get((frame.fingerprint, column.name, column.kind, bins, stamp), make)


def fresh_spread(frame: Frame, column: Column, bins: int) -> Spread:
    if column.kind != "text":
        return binned(columns.numbers(frame, column.name), bins)
    codes, texts = columns.texts(frame, column.name)
    return Texts(codes, tuple(texts))


def binned(values: np.ndarray, bins: int) -> Bins:
    """(n,) numbers, NaN where unknown, into bins of one width; the outer ones hold what lies beyond them."""
    known = np.isfinite(values)
    every = bool(known.all())
    some = values if every else values[known]
    low, high = (float(some.min()), float(some.max())) if len(some) else (None, None)
    first, last = ends(some)
    found = np.subtract(some, first, dtype=np.float64)
    found *= bins / (last - first)
    codes = np.full(len(values), UNKNOWN, np.uint8)
    codes[slice(None) if every else known] = np.clip(found, 0, bins - 1, out=found)
    return Bins(np.linspace(first, last, bins + 1), codes, low, high)


def ends(some: np.ndarray) -> tuple[float, float]:
    """Where the bins begin and end: at the least and the greatest, unless a few are far out."""
    if not len(some):
        return 0.0, 1.0
    low, high = float(some.min()), float(some.max())
    looked_at = some[:: max(1, len(some) // SAMPLE)].astype(np.float64)
    near, far = (float(value) for value in np.percentile(looked_at, [RIM, 100 - RIM]))
    if far > near and high - low > STRETCHED * (far - near):
        low, high = near, far
    least = max(abs(low), abs(high), 1.0) * 1e-6
    return (low, high) if high - low > least else (low - 0.5, math.nextafter(high + 0.5, math.inf))
