"""Other squares of the same place: vectors of the level above or below, found by their bounds.

For classifiers that look at more than a tile's own vector (ml.active.archive.Source). The site finds these squares by
their keys; here only the bounds are known. On pyramids that halve degrees of longitude, such as GIBS' and Web Mercator.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadClassifier
from ml.shards import Shard

Codes = NDArray[np.int64]
Bounds = tuple[NDArray[np.float64], ...]  # west, south, east, north: (n,) each, in degrees
BOUNDS = ("west", "south", "east", "north")
CORNERS = tuple((down, right) for down in (0, 1) for right in (0, 1))
_STEPS = 1e5  # corners that are less than a 100,000th of a degree apart are one


class Related:
    """`related[start:end]`: (n, dim) float32, a shard's own vectors and those of its relations side by side.

    sources: of the classifier, the shard's own first.  beside: shards of other levels of the same scene.
    Zeros where there is no such square, as in training.  Raises BadClassifier when a relation is missing altogether.
    """

    def __init__(self, shard: Shard, sources: Sequence[dict[str, Any]], beside: Sequence[Shard]) -> None:
        self._shard = shard
        own = bounds_of(shard)
        finer = [(other, _Places(*_own_corners(bounds_of(other)))) for other in beside]
        coarser = [(other, _Places(*_quarters(bounds_of(other)))) for other in beside]
        self._parts: list[tuple[int, list[tuple[Shard, NDArray[np.int64]]]]] = []
        for source in sources[1:]:
            codes, known = _wanted(source, own), finer if source.get("relation") == "child" else coarser
            rows = [(other, places.rows(codes)) for other, places in known if other.dim == source["dim"]]
            if not any((found >= 0).any() for _, found in rows):
                raise BadClassifier(
                    f"This classifier also looks at the {source.get('relation', 'other')} of each square, and none of "
                    f"those of {shard.folder} is there: give the shards of the levels above and below with --beside."
                )
            self._parts.append((int(source["dim"]), rows))
        self.dim = shard.dim + sum(dim for dim, _ in self._parts)

    def __len__(self) -> int:
        return self._shard.count

    def __getitem__(self, rows: slice) -> NDArray[np.float32]:
        own = self._shard.vectors[rows]
        out, at = np.zeros((len(own), self.dim), np.float32), self._shard.dim
        out[:, :at] = own
        for dim, found in self._parts:
            for other, places in found:
                here = np.flatnonzero(places[rows] >= 0)
                out[here, at : at + dim] = other.vectors[places[rows][here]]
            at += dim
        return out


class _Places:
    """Where a corner's square is: codes (m,) and the row of each."""

    def __init__(self, codes: Codes, rows: NDArray[np.int64]) -> None:
        order = np.argsort(codes, kind="stable")
        self._codes, self._rows = codes[order], rows[order]

    def rows(self, wanted: tuple[Codes, ...]) -> NDArray[np.int64]:
        """The row of the first of the wanted codes ((n,) each) that is known, -1 where none is: (n,)."""
        found = np.full(len(wanted[0]), -1, np.int64)
        for codes in wanted if len(self._codes) else ():
            at = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
            found = np.where((found < 0) & (self._codes[at] == codes), self._rows[at], found)
        return found


def bounds_of(shard: Shard) -> Bounds:
    return tuple(shard.column(name).astype(np.float64) for name in BOUNDS)


def _wanted(source: dict[str, Any], own: Bounds) -> tuple[Codes, ...]:
    """What the square that a source means is called: one code, or one of two."""
    if source.get("relation") == "child":
        return (_quarter(own, int(source["down"]), int(source["right"])),)
    west, south, east, north = own
    return _code(west, east, north, top=True), _code(west, east, south, top=False)


def _own_corners(bounds: Bounds) -> tuple[Codes, NDArray[np.int64]]:
    west, south, east, north = bounds
    codes = [_code(west, east, north, top=True), _code(west, east, south, top=False)]
    return np.concatenate(codes), np.tile(np.arange(len(west)), 2)


def _quarters(bounds: Bounds) -> tuple[Codes, NDArray[np.int64]]:
    codes = [_quarter(bounds, down, right) for down, right in CORNERS]
    return np.concatenate(codes), np.tile(np.arange(len(bounds[0])), len(CORNERS))


def _quarter(bounds: Bounds, down: int, right: int) -> Codes:
    """One quarter of each square. Its middle latitude is not needed, which Web Mercator does not halve in degrees."""
    west, south, east, north = bounds
    middle = (west + east) / 2
    return _code(middle if right else west, east if right else middle, south if down else north, top=not down)


def _code(
    west: NDArray[np.floating], east: NDArray[np.floating], latitude: NDArray[np.floating], *, top: bool
) -> Codes:
    """A square's place in 61 bits: its western edge, its width in eighths of an octave, and its top or its bottom."""
    columns = (np.round((np.nan_to_num(part) + 180) * _STEPS).astype(np.int64) for part in (west, latitude))
    width = np.round(8 * np.log2(360 / np.maximum(np.nan_to_num(east - west), 1e-9))).astype(np.int64)
    x, y = columns
    return ((x * 512 + width) * 2**26 + y) * 2 + top
