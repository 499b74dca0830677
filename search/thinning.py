"""Leaving out of a ranked list what says nothing new: near-identical tiles, and neighbours of better results."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from search import grid, keys
from search.query import DUPLICATE, SPREAD_TILES

if TYPE_CHECKING:
    from search.similarity import Vectors

BLOCK = 512  # rows compared at a time


def unrepeated(vectors: "np.ndarray | Vectors", rows: np.ndarray, most: int) -> np.ndarray:
    """Greedily, best first: at most `most` rows none of which is near-identical to an earlier one.

    vectors: (n, dim) unit length; rows: (m,) positions in it.  Two rows repeat at a cosine likeness of DUPLICATE.
    """

    def likeness(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        close: np.ndarray = vectors[a].astype(np.float32) @ vectors[b].astype(np.float32).T >= DUPLICATE
        return close

    return greedy(likeness, rows, most)


def spread_out(packed: np.ndarray, rows: np.ndarray, most: int, taken: np.ndarray) -> np.ndarray:
    """Greedily, best first: at most `most` rows none of which touches an earlier one, or one of the keys `taken`.

    packed: (n,) keys; rows: (m,) positions in it; taken: (t,) keys.  Dates and products do not count: the same place
    on another date touches.  Tiles that share a corner touch, also across the date line.
    """
    centres, spans = places(np.concatenate([packed, taken]))

    def touching(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        reach = (SPREAD_TILES - 0.5) * (spans[a][:, None] + spans[b]) / 2 + 1e-9
        lon, lat = (np.abs(centres[a][:, None, axis] - centres[b][:, axis]) for axis in (0, 1))
        close: np.ndarray = (np.minimum(lon, 360 - lon) <= reach) & (lat <= reach)
        return close

    first = np.arange(len(packed), len(packed) + len(taken))
    return greedy(touching, rows, most, first)


def greedy(
    conflict: Callable[[np.ndarray, np.ndarray], np.ndarray],
    rows: np.ndarray,
    most: int,
    taken: np.ndarray | None = None,
) -> np.ndarray:
    """Keep each row that conflicts with none kept before.  conflict((a,), (b,)) -> (a, b) bool."""
    kept = np.empty(0, np.int64) if taken is None else taken
    before = len(kept)
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        block = block[~conflict(block, kept).any(axis=1)] if len(kept) else block
        among = conflict(block, block)
        chosen: list[int] = []
        for i in range(len(block)):
            if not among[i, chosen].any():
                chosen.append(i)
        kept = np.concatenate([kept, block[chosen]])
        if len(kept) - before >= most:
            break
    return kept[before : before + most]


def places(packed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) keys -> centres (n, 2) lon, lat and widths (n,) in degrees."""
    level, row, col = (keys.part_of_many(packed, name) for name in ("level", "row", "col"))
    span = grid.LEVEL0 / 2.0**level
    return np.stack([(col + 0.5) * span - 180, 90 - (row + 0.5) * span], axis=1), span
