"""Vectors in cells around centres: k-means on the sphere (Dhillon and Modha 2001), taught on a sample."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from ml.selection.vectors import Floats, Progress, Rows, Vectors, silent, unit
from ml.selection.workers import pieces, rows_beside, side_by_side

SAMPLE = 50_000  # vectors that centres are taught on
_EACH = 500  # rows in a cell, about
_MOST = 2000  # cells
_ROUNDS = 10
_ROWS = 4096
_TOGETHER, _ENTRIES = 8192, 1 << 20  # members, and pairs, compared at once
_AHEAD = 32  # of these in memory
_ROUNDING = 1e-3  # what a distance may be wrong by in float32, near 0


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


class Cells:
    """Rows by the nearest of some centres, so that all within a distance are found without comparing all.

    x, with the nearest centre a, and y, nearest to b, closer than D: |xb| <= |yb| + D <= |ya| + D <= |xa| + 2 D. Only
    the cells b with |xb| <= |xa| + 2 D need be looked into. Positions count rows.
    """

    def __init__(self, vectors: Vectors, rows: Rows, seed: int = 0, on_progress: Progress = silent) -> None:
        self._vectors, self._rows = vectors, rows
        count = min(_MOST, max(1, len(rows) // _EACH))
        self.middles = centres(vectors, rows, count, np.random.default_rng(seed))
        self.own, _ = nearest(vectors, rows, self.middles, on_progress, "duplicates")

    def members(self, positions: Rows) -> list[Rows]:
        """Those of each cell."""
        order = positions[np.argsort(self.own[positions], kind="stable")]
        return np.split(order, np.searchsorted(self.own[order], np.arange(1, len(self.middles))))

    def near(self, here: Rows, members: list[Rows], distance: float) -> Iterator[tuple[Rows, Rows, Floats]]:
        """Cell by cell: places in `here`, positions of members, and the cosines between (v, k), of all that may be
        closer than the distance."""
        vectors = unit(self._vectors, self._rows[here])
        cells, places = self._visits(vectors, distance)
        cuts = np.searchsorted(cells, np.arange(len(self.middles) + 1))
        work = [
            (places[cuts[c] : cuts[c + 1]][some], members[c][others])
            for c in range(len(self.middles))
            for others in pieces(len(members[c]), _TOGETHER)
            for some in pieces(int(cuts[c + 1] - cuts[c]), _ENTRIES // (others.stop - others.start))
        ]

        def compared(one: tuple[Rows, Rows]) -> tuple[Rows, Rows, Floats]:
            some, others = one
            return some, others, vectors[some] @ unit(self._vectors, self._rows[others]).T

        for start in range(0, len(work), _AHEAD):
            yield from side_by_side(compared, work[start : start + _AHEAD])

    def _visits(self, vectors: Floats, distance: float) -> tuple[Rows, Rows]:
        """Cells, ascending, and who must look into each: (visits,), (visits,)."""
        parts = [(np.empty(0, np.int64), np.empty(0, np.int64))]
        for some in pieces(len(vectors), _ROWS):
            far = np.sqrt(np.maximum(2 - 2 * (vectors[some] @ self.middles.T), 0))
            place, cell = np.nonzero(far <= far.min(axis=1, keepdims=True) + 2 * distance + _ROUNDING)
            parts.append((cell, place + some.start))
        cells, places = (np.concatenate(one) for one in zip(*parts, strict=True))
        order = np.argsort(cells, kind="stable")
        return cells[order], places[order]
