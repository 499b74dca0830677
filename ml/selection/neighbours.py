"""The nearest neighbours of every row."""

import numpy as np

from ml.selection.vectors import Floats, Progress, Rows, Vectors, silent, unit
from ml.selection.workers import pieces, side_by_side

EXACT = 20_000  # rows beyond which neighbours are looked for in a sample
_ROWS = 512  # rows in a block
_GROUP = 16  # columns of which the largest is looked at first


def mean_distance(
    vectors: Vectors, rows: Rows, neighbours: int, rng: np.random.Generator, on_progress: Progress = silent
) -> tuple[Floats, str]:
    """Of each row the mean distance to its nearest neighbours: (m,); and what was not done exactly, or "".

    Beyond EXACT rows neighbours are looked for among as many, drawn at random; fewer of them then, in proportion, so
    that they reach as far as the asked number does among all.
    """
    several = min(neighbours, len(rows) - 1)
    if several < 1:
        return np.zeros(len(rows), np.float32), ""
    among, said = np.arange(len(rows)), ""
    if len(rows) > EXACT:
        among = np.sort(rng.choice(len(rows), EXACT, replace=False))
        several = max(1, round(several * EXACT / len(rows)))
        said = (
            f"Typicality is sampled: the {several} nearest among {EXACT:,} of {len(rows):,} tiles, "
            f"not the {neighbours} nearest of all."
        )
    others = unit(vectors, rows[among])
    found = np.empty(len(rows), np.float32)

    def measured(some: slice) -> Floats:
        likeness = unit(vectors, rows[some]) @ others.T  # (block, among)
        first, end = np.searchsorted(among, (some.start, some.stop))
        likeness[among[first:end] - some.start, np.arange(first, end)] = -np.inf  # nobody is its own neighbour
        return np.asarray(np.sqrt(np.maximum(2 - 2 * largest(likeness, several), 0)).mean(axis=1))

    blocks = pieces(len(rows), _ROWS)
    for some, one in zip(blocks, side_by_side(measured, blocks), strict=True):
        found[some] = one
        on_progress("neighbours", some.stop, len(rows))
    return found, said


def largest(values: Floats, k: int) -> Floats:
    """(b, m) -> the k largest of each row: (b, k), in no order.

    The k largest lie in the k groups of columns whose largest are the largest: only these are looked into.
    """
    rows, columns = values.shape
    wide = columns // _GROUP  # group j: columns j, j + wide, j + 2 wide, …
    if wide <= 2 * k:
        return np.partition(values, columns - k, axis=1)[:, columns - k :]
    grouped = values[:, : wide * _GROUP].reshape(rows, _GROUP, wide)
    groups = np.argpartition(grouped.max(axis=1), wide - k, axis=1)[:, wide - k :]  # (b, k)
    inside = np.take_along_axis(grouped, groups[:, None, :], axis=2).reshape(rows, _GROUP * k)
    some = np.concatenate([inside, values[:, wide * _GROUP :]], axis=1)
    return np.partition(some, some.shape[1] - k, axis=1)[:, some.shape[1] - k :]
