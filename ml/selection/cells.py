"""Vectors in cells around centres: k-means on the sphere (Dhillon and Modha 2001), taught on a sample."""

from functools import partial

import numpy as np

from ml.selection.vectors import Floats, Progress, Rows, Vectors, silent, unit
from ml.selection.workers import pieces, side_by_side

SAMPLE = 50_000  # vectors that centres are taught on
_ROUNDS = 10
_ROWS = 4096


def centres(vectors: Vectors, rows: Rows, count: int, rng: np.random.Generator) -> Floats:
    """(count or as many as there are rows, dim) of length 1."""
    some = rows if len(rows) <= SAMPLE else np.sort(rng.choice(rows, SAMPLE, replace=False))
    taught = unit(vectors, some)
    found = taught[rng.choice(len(some), min(count, len(some)), replace=False)]
    blocks = pieces(len(taught), _ROWS)
    for _ in range(_ROUNDS):
        parts = side_by_side(partial(_best, taught, found), blocks)
        which = np.concatenate(list(parts))
        order = np.argsort(which, kind="stable")
        taken, starts = np.unique(which[order], return_index=True)
        sums = np.add.reduceat(taught[order], starts, axis=0)
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        found = found.copy()  # an empty cell keeps its centre
        found[taken] = sums / np.maximum(length, 1e-12)
    return found


def _best(taught: Floats, middles: Floats, some: slice) -> Rows:
    return np.asarray((taught[some] @ middles.T).argmax(axis=1), np.int64)


def nearest(vectors: Vectors, rows: Rows, middles: Floats, on_progress: Progress = silent) -> tuple[Rows, Floats]:
    """Of each row the nearest centre, and its distance: (m,), (m,)."""

    def measured(some: slice) -> tuple[Rows, Floats]:
        likeness = unit(vectors, rows[some]) @ middles.T
        return likeness.argmax(axis=1), np.sqrt(np.maximum(2 - 2 * likeness.max(axis=1), 0))

    which, far = np.empty(len(rows), np.int64), np.empty(len(rows), np.float32)
    blocks = pieces(len(rows), _ROWS)
    for some, (cell, distance) in zip(blocks, side_by_side(measured, blocks), strict=True):
        which[some], far[some] = cell, distance
        on_progress("comparing", some.stop, len(rows))
    return which, far
