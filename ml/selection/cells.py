"""Vectors in cells around centres: k-means on the sphere (Dhillon and Modha 2001), taught on a sample."""

import math
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.selection.vectors import Floats, Progress, Rows, Vectors, silent, unit
from ml.selection.workers import pieces, rows_beside, side_by_side

SAMPLE = 50_000  # vectors that centres are taught on
_EACH = 500  # rows in a cell, about
_MOST = 2000  # cells
_ROUNDS = 10
_CROWDED, _PARTINGS = 3, 3  # times the mean size of a cell; how often such are parted
_ROWS = 4096
_TOGETHER, _ENTRIES = 8192, 1 << 19  # members, and pairs, compared at once
_VISITS = 2_000_000  # that are in memory at once, about
_RING = 128  # visitors that share a ring
_AHEAD = 16  # of these in memory
_ROUNDING = 1e-3  # what a distance may be wrong by in float32, near 0
_LOST = 1e-5  # and a product of two vectors of length 1


def centres(vectors: Vectors, rows: Rows, count: int, rng: np.random.Generator) -> Floats:
    """(count or as many as there are rows, dim) of length 1."""
    some = rows if len(rows) <= SAMPLE else np.sort(rng.choice(rows, SAMPLE, replace=False))
    taught = unit(vectors, some)
    found = taught[rng.choice(len(some), min(count, len(some)), replace=False)]
    blocks = pieces(len(taught), _ROWS)
    for _ in range(_ROUNDS if len(found) > 1 else 0):
        which = np.concatenate(list(side_by_side(partial(_best, taught, found), blocks)))
        order = np.argsort(which, kind="stable")
        taken, starts = np.unique(which[order], return_index=True)
        sums = np.add.reduceat(taught[order], starts, axis=0)
        found = found.copy()  # an empty cell keeps its centre
        found[taken] = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return found


def even_centres(vectors: Vectors, rows: Rows, count: int, rng: np.random.Generator) -> Floats:
    """(about count, dim): as `centres` of all the rows, but crowded cells are parted again, so that none is much larger
    than the others."""
    x, found = unit(vectors, rows), centres(vectors, rows, count, rng)
    for _ in range(_PARTINGS):
        own = _best(x, found, slice(None))
        sizes = np.bincount(own, minlength=len(found)) * len(found) / len(rows)
        crowded = np.flatnonzero(sizes > _CROWDED)
        if not len(crowded):
            break
        parts = [centres(vectors, rows[own == cell], math.ceil(sizes[cell]), rng) for cell in crowded]
        found = np.concatenate([np.delete(found, crowded, axis=0), *parts])
    return found


def _best(taught: Floats, middles: Floats, some: slice) -> Rows:
    return np.asarray((taught[some] @ middles.T).argmax(axis=1), np.int64)


def nearest(
    vectors: Vectors, rows: Rows, middles: Floats, on_progress: Progress = silent, stage: str = "comparing"
) -> tuple[Rows, Floats]:
    """Of each row the nearest centre, and its distance: (m,), (m,)."""

    def measured(some: slice) -> tuple[Rows, Floats]:
        likeness = unit(vectors, rows[some]) @ middles.T
        return likeness.argmax(axis=1), np.sqrt(np.maximum(2 - 2 * likeness.max(axis=1), 0))

    which, far = np.empty(len(rows), np.int64), np.empty(len(rows), np.float32)
    blocks = pieces(len(rows), rows_beside(len(middles)))
    for some, (cell, distance) in zip(blocks, side_by_side(measured, blocks), strict=True):
        which[some], far[some] = cell, distance
        on_progress(stage, some.stop, len(rows))
    return which, far


class Hits(NamedTuple):
    """Pairs closer than the distance: places (h,) in what was asked for, positions (h,) of members, cosines (h,)."""

    places: Rows
    members: Rows
    cosines: Floats


class Visits(NamedTuple):
    """Who must look into which cell, by cells, the nearest to its centre first: (v,), (v,), and how far each is."""

    cells: NDArray[np.int32]
    places: NDArray[np.int32]
    far: Floats


class Cells:
    """Rows by the nearest of some centres, so that all within a distance are found without comparing all.

    x, with the nearest centre a, and y, nearest to b, closer than D. As y is on b's side, and by Cauchy and Schwarz,

        xa - xb = (x - y)(a - b) + y(a - b) <= D |a - b|        and        |xb| - D <= |yb| <= |xb| + D,

    so that few cells are looked into (the first: cosines), and of a cell only a ring (Chavez et al. 2001, "Searching in
    metric spaces", section 5: the hyperplane and the covering radius). Positions count rows.
    """

    def __init__(self, vectors: Vectors, rows: Rows, seed: int = 0, on_progress: Progress = silent) -> None:
        self._vectors, self._rows = vectors, rows
        count = min(_MOST, max(1, len(rows) // _EACH))
        self.middles = centres(vectors, rows, count, np.random.default_rng(seed))
        self.own, self._far = nearest(vectors, rows, self.middles, on_progress, "duplicates")
        exactly = self.middles.astype(np.float64)
        squares = np.einsum("ij,ij->i", exactly, exactly)
        self._apart = np.sqrt(np.maximum(squares[:, None] + squares - 2 * exactly @ exactly.T, 0)).astype(np.float32)

    def members(self, positions: Rows) -> list[Rows]:
        """Those of each cell."""
        order = positions[np.argsort(self.own[positions], kind="stable")]
        return np.split(order, np.searchsorted(self.own[order], np.arange(1, len(self.middles))))

    def near(self, here: Rows, members: list[Rows], distance: float) -> Iterator[Hits]:
        """Cell by cell all members that are closer than the distance to one of `here`, itself included."""
        vectors = unit(self._vectors, self._rows[here])
        inwards = [one[np.argsort(self._far[one], kind="stable")] for one in members]
        for visits in self._visits(vectors, distance):
            yield from self._visited(vectors, visits, inwards, distance)

    def _visited(self, vectors: Floats, visits: Visits, inwards: list[Rows], distance: float) -> Iterator[Hits]:
        cuts = np.searchsorted(visits.cells, np.arange(len(self.middles) + 1))
        work = [
            (slice(cuts[c] + some.start, cuts[c] + some.stop), inwards[c][others])
            for c in range(len(self.middles))
            for others in pieces(len(inwards[c]), _TOGETHER)
            for some in pieces(int(cuts[c + 1] - cuts[c]), _ENTRIES // (others.stop - others.start))
        ]

        def compared(one: tuple[slice, Rows]) -> Hits:
            some, others = one
            return self._compared(vectors, visits.places[some], visits.far[some], others, distance)

        for start in range(0, len(work), _AHEAD):
            yield from side_by_side(compared, work[start : start + _AHEAD])

    def _compared(self, vectors: Floats, places: NDArray[np.int32], far: Floats, others: Rows, distance: float) -> Hits:
        """Of some visitors of one cell, and some of its members; both the nearest to its centre first."""
        found = [Hits(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))]
        radius, reach, least = self._far[others], distance + _ROUNDING, 1 - distance**2 / 2
        first, end = np.searchsorted(radius, (far[0] - reach, far[-1] + reach))
        if first == end:
            return found[0]
        others, radius = others[first:end], radius[first:end]
        block = unit(self._vectors, self._rows[others])
        for some in pieces(len(places), _RING):
            inner, outer = np.searchsorted(radius, (far[some][0] - reach, far[some][-1] + reach))
            cosines = vectors[places[some]] @ block[inner:outer].T
            v, k = np.nonzero(cosines > least)
            found.append(Hits(places[some][v].astype(np.int64), others[inner:outer][k], cosines[v, k]))
        return Hits(*(np.concatenate(column) for column in zip(*found, strict=True)))

    def _visits(self, vectors: Floats, distance: float) -> Iterator[Visits]:
        """As many together as memory is meant for: with crowded cells everybody looks into many."""
        parts: list[Visits] = []
        for some in pieces(len(vectors), _ROWS // 2):
            cosines = vectors[some] @ self.middles.T
            own = cosines.argmax(axis=1)
            short = cosines[np.arange(len(own)), own][:, None] - cosines
            place, cell = np.nonzero(short <= (distance + _ROUNDING) * self._apart[own] + _LOST)
            far = np.sqrt(np.maximum(2 - 2 * cosines[place, cell], 0))
            parts.append(Visits(cell.astype(np.int32), (place + some.start).astype(np.int32), far))
            if some.stop == len(vectors) or sum(len(one.cells) for one in parts) > _VISITS:
                cells, places, away = (np.concatenate(one) for one in zip(*parts, strict=True))
                order = np.lexsort((away, cells))
                yield Visits(cells[order], places[order], away[order])
                parts = []
