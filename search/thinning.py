"""Leaving out of a ranked list what says nothing new: near-identical tiles, and neighbours of better results."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from search import grid, keys
from search.query import DUPLICATE, SPREAD_TILES

if TYPE_CHECKING:
    from search.asking import Vectors

BLOCK = 512  # rows compared at a time


def unrepeated(vectors: "np.ndarray | Vectors", rows: np.ndarray, most: int) -> np.ndarray:
    """Greedily, best first: at most `most` rows none of which is near-identical to an earlier one.

    vectors: (n, dim) unit length; rows: (m,) positions in it.  Two rows repeat at a cosine likeness of DUPLICATE.
    """

    def likeness(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        close: np.ndarray = vectors[a].astype(np.float32) @ vectors[b].astype(np.float32).T >= DUPLICATE
        return close

    return greedy(likeness, rows, most)


def spread_out(
    packed: np.ndarray, rows: np.ndarray, most: int, taken: np.ndarray, pyramid: grid.Grid = grid.GEOGRAPHIC
) -> np.ndarray:
    """Greedily, best first: at most `most` rows none of which touches an earlier one, or one of the keys `taken`.

    packed: (n,) keys; rows: (m,) positions in it; taken: (t,) keys.  Dates and products do not count: the same place
    on another date touches.  Tiles that share a corner touch, also across the date line.
    """
    centres, spans = places(np.concatenate([packed, taken]), pyramid)
    around = pyramid.extent[2] - pyramid.extent[0] if pyramid.wraps else np.inf

    def touching(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        reach = (SPREAD_TILES - 0.5) * (spans[a][:, None] + spans[b]) / 2 * (1 + 1e-9)
        across, down = (np.abs(centres[a][:, None, axis] - centres[b][:, axis]) for axis in (0, 1))
        close: np.ndarray = (np.minimum(across, around - across) <= reach) & (down <= reach)
        return close

    first = np.arange(len(packed), len(packed) + len(taken))
    return greedy(touching, rows, most, first)


def merged_places(packed: np.ndarray, rows: np.ndarray, taken: np.ndarray) -> tuple[np.ndarray, dict[int, list[int]]]:
    """Greedily, best first: the rows that are places of their own, and for each of them the rows merged into it.

    packed: (n,) keys; rows: (m,) positions in it; taken: (t,) keys that are places already, such as the query's.
    Two tiles are one place when they are of one scene (product and date) and one's square holds the other's. A row
    joins the best earlier place that it holds or lies in; one that nests with a `taken` key is left out. Squares are
    compared by their addresses, so tiles that only touch, also across the date line, stay two places, and so do two
    small tiles inside a large one that was merged into the better of them. Tiles of one level never merge.
    """
    everything = np.concatenate([taken, packed[rows]])
    levels = np.unique(keys.part_of_many(everything, "level")).tolist()
    around = np.stack([keys.ancestors_of_many(everything, level) for level in levels], axis=1) if levels else everything
    tiles = list(zip(everything.tolist(), around.tolist(), strict=True))
    places = Places()
    for key, larger in tiles[: len(taken)]:
        places.add(key, larger, -1)
    kept: list[int] = []
    merged: dict[int, list[int]] = {}
    for row, (key, larger) in zip(rows.tolist(), tiles[len(taken) :], strict=True):
        place = places.find(key, larger)
        if place is None:
            places.add(key, larger, len(kept))
            kept.append(row)
        elif place >= 0:
            merged.setdefault(kept[place], []).append(row)
    return np.array(kept, np.int64), merged


class Places:
    """Tiles by their own key and by those of the larger tiles around them; the first to claim a key has it.

    larger: the keys of the tiles around one, and its own, 0 for none.
    """

    def __init__(self) -> None:
        self._tiles: dict[int, int] = {}
        self._around: dict[int, int] = {}

    def add(self, key: int, larger: list[int], place: int) -> None:
        """place: its rank among the places; later ones have higher numbers."""
        self._tiles.setdefault(key, place)
        for around in larger:
            self._around.setdefault(around, place)

    def find(self, key: int, larger: list[int]) -> int | None:
        """The earliest place that lies in this tile, holds it or is it."""
        holding = [self._tiles[around] for around in larger if around in self._tiles]
        inside = [self._around[key]] if key in self._around else []
        return min(holding + inside, default=None)


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


def places(packed: np.ndarray, pyramid: grid.Grid) -> tuple[np.ndarray, np.ndarray]:
    """(n,) keys -> centres (n, 2) x, y and widths (n,) in the pyramid's units."""
    level, row, col, offset = (keys.part_of_many(packed, name) for name in ("level", "row", "col", "offset"))
    span, (left, top), middle = pyramid.span0 / 2.0**level, pyramid.origin, (offset + 1) / 2
    return np.stack([left + (col + middle) * span, top - (row + middle) * span], axis=1), span
