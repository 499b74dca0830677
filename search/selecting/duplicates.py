"""Near-duplicates before they are removed: pairs at a distance, and how many tiles would go at which.

Of each tile that is looked at the nearest other ones are found once, exactly, and kept on disk: moving the slider costs
nothing then. Of many tiles some are looked at, drawn at random, each compared with all; the numbers are then estimates.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from search import filters
from search.frames import Frame
from search.layouts import pca
from search.layouts.cache import cached
from search.selecting.columns import Person

OPERATIONS = 6e10  # multiplications at most, about 2 s on two cores
LEAST = 200  # tiles that are looked at whatever it takes
NEIGHBOURS = 10  # of each
BATCH = 1024  # tiles looked at together
AMONG = 100  # pairs that one to be shown is chosen among
TOLERANCE = 0.01  # so far may a pair lie from the distance that it is shown for
STEPS = np.round(np.geomspace(0.002, 1.0, 40), 5)  # distances of the curve


class Preview(NamedTuple):
    """pairs: (row, row, distance).  removed: tiles that would go.  tiles: that the filter keeps."""

    pairs: list[tuple[int, int, float]]
    curve: list[dict[str, float]]
    removed: int
    tiles: int
    looked_at: int


class Nearest(NamedTuple):
    """Of the tiles looked at: their rows (q,), the k nearest other rows of each and how far they are, (q, k)."""

    rows: np.ndarray
    near: np.ndarray
    distances: np.ndarray


def preview(frame: Frame, distance: float, asked: Mapping[str, Any], most: int, user: Person) -> Preview:
    """BadQuery as filters.read; the pairs are those nearest to the distance, closer ones first."""
    kept = filters.compiled(frame.dataset, filters.read(asked), user).of(frame)
    tiles = int(kept.sum())
    if tiles < 2:
        return Preview([], [{"distance": float(step), "removed": 0} for step in STEPS], 0, tiles, tiles)
    found = nearest(frame, kept)
    return Preview(
        pairs_at(frame, found, distance, most),
        [{"distance": float(step), "removed": gone(found, float(step), tiles)} for step in STEPS],
        gone(found, distance, tiles), tiles, len(found.rows),
    )  # fmt: skip


def nearest(frame: Frame, kept: np.ndarray) -> Nearest:
    digest = "all" if kept.all() else hashlib.sha256(np.packbits(kept).tobytes()).hexdigest()[:16]
    stored = cached(frame, f"nearest-{digest}", lambda: looked_for(frame, np.flatnonzero(kept)))
    k = stored.shape[1] // 2
    return Nearest(stored[:, 0].astype(np.int64), stored[:, 1 : k + 1].astype(np.int64), stored[:, k + 1 :])


def looked_for(frame: Frame, rows: np.ndarray) -> np.ndarray:
    """(q, 1 + 2k) float64: a Nearest as one array.  rows: those that may be looked at, and found, ascending."""
    count, k = max(LEAST, int(OPERATIONS / (len(rows) * frame.dim))), min(NEIGHBOURS, len(rows) - 1)
    chosen = rows[pca.sample_of(len(rows), count)]
    near = np.concatenate([nearest_of(frame, chosen[at : at + BATCH], rows, k) for at in range(0, len(chosen), BATCH)])
    found = np.empty((len(chosen), 1 + 2 * k))
    found[:, 0], found[:, 1 : k + 1] = chosen, near
    for at in range(k):
        found[:, 1 + k + at] = apart(frame, chosen, near[:, at])
    return found


def nearest_of(frame: Frame, looked_at: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    """(q,) rows -> (q, k) the most alike other rows among `rows`, the nearest first."""
    wanted = unit(frame.vectors(looked_at))
    best, near = np.full((len(looked_at), k), -np.inf, np.float32), np.full((len(looked_at), k), -1, np.int64)
    for where, block in frame.blocks(rows, most=8 * BATCH):
        likeness, here = wanted @ unit(block).T, rows[where]
        own = np.minimum(np.searchsorted(here, looked_at), len(here) - 1)
        mine = np.flatnonzero(here[own] == looked_at)
        likeness[mine, own[mine]] = -np.inf
        some = np.flatnonzero(likeness.max(axis=1) > best[:, -1])  # soon only few have a nearer one in a block
        best[some], near[some] = merged(best[some], near[some], likeness[some], here)
    return near


def merged(best: np.ndarray, near: np.ndarray, likeness: np.ndarray, here: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The k best of (m, k) so far and (m, b) of the rows `here`, best first."""
    k = best.shape[1]
    top = np.argpartition(-likeness, min(k, len(here)) - 1, axis=1)[:, :k]
    values = np.hstack([best, np.take_along_axis(likeness, top, 1)])
    order = np.argsort(-values, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(values, order, 1), np.take_along_axis(np.hstack([near, here[top]]), order, 1)


def apart(frame: Frame, some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(q,) exact distances of rows from others, pair by pair."""
    ascending, back = np.unique(others, return_inverse=True)
    found: np.ndarray = np.linalg.norm(unit(frame.vectors(some)) - unit(frame.vectors(ascending))[back], axis=1)
    return found


def unit(vectors: np.ndarray) -> np.ndarray:
    """(m, dim) float32 of length 1."""
    found = vectors.astype(np.float32)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12))


def pairs_at(frame: Frame, found: Nearest, distance: float, most: int) -> list[tuple[int, int, float]]:
    """Of each pair once those that lie near the distance, on either side, the closest first; of many kinds."""
    some = np.repeat(found.rows, found.near.shape[1])
    low, high = np.minimum(some, found.near.ravel()), np.maximum(some, found.near.ravel())
    distances = found.distances.ravel()
    order = np.argsort(np.abs(distances - distance), kind="stable")[: AMONG * most]
    _, first = np.unique(np.stack([low[order], high[order]]), axis=1, return_index=True)  # each comes twice at most
    order = order[np.sort(first)]
    order = of_every_kind(order, np.asarray(pca.clusters(frame)[low[order]]), np.abs(distances[order] - distance), most)
    order = order[np.argsort(distances[order], kind="stable")]
    return [(int(low[at]), int(high[at]), float(distances[at])) for at in order]


def of_every_kind(order: np.ndarray, kinds: np.ndarray, off: np.ndarray, most: int) -> np.ndarray:
    """The first of each kind, then the second of each, and so on, as long as they are not too far off: (m,) of order.

    off: ascending, how far each is from what was asked for.
    """
    turns = np.empty(len(order), np.int64)
    for kind in np.unique(kinds):
        mine = np.flatnonzero(kinds == kind)
        turns[mine] = np.arange(len(mine))
    fit = np.flatnonzero(off <= max(TOLERANCE, float(off[min(most, len(off)) - 1])))
    return order[fit[np.argsort(turns[fit], kind="stable")][:most]]


def gone(found: Nearest, distance: float, tiles: int) -> int:
    """About how many tiles would go: one with c others within the distance is in a group of c + 1, of which c go."""
    others = (found.distances < distance).sum(axis=1)
    return round(float((others / (others + 1)).mean()) * tiles)
