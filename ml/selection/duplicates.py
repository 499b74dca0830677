"""Near-duplicates: tiles closer to each other than a distance.

A distance is no equivalence (the first may be near the second and the second near the third), so "one of each group
stays" means: tiles are gone through in an order, and one goes when it is closer than the distance to one that stays. No
two that stay are then closer, and each that goes is near one that stays.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadSelection
from ml.selection.vectors import Flags, Floats, Progress, Rows, Vectors, silent, unit, usable
from ml.selection.workers import one_thread_each

MOST = 1_000_000  # pairs
_ROWS = 2048


class Pairs(NamedTuple):
    """a < b (m,) rows and their distances (m,), the nearest first.  total: how many there are.
    approximations: what was left out, in sentences."""

    a: Rows
    b: Rows
    distances: Floats
    total: int
    approximations: list[str]


class Curve(NamedTuple):
    """For each distance how many tiles would go.  considered: of how many.  sampled: estimated from a part of them."""

    distances: list[float]
    removed: list[int]
    considered: int
    sampled: bool


def near_duplicates(
    vectors: Vectors, distance: float, *, allowed: Flags | None = None, most: int = MOST, on_progress: Progress = silent
) -> Pairs:
    """All pairs closer than the distance; where there are more than `most`, the farthest of them, to be looked at."""
    _check(distance)
    with one_thread_each():
        rows = np.flatnonzero(usable(vectors, allowed, on_progress))
        a, b, distances = _pairs(vectors, rows, distance, on_progress)
    order = np.argsort(distances, kind="stable")[-most:] if most else np.empty(0, np.int64)
    told = [f"The {most:,} farthest of {len(a):,} pairs."] if len(a) > most else []
    return Pairs(rows[a[order]], rows[b[order]], distances[order], len(a), told)


def groups(pairs: Pairs, count: int) -> list[Rows]:
    """Rows that belong together by these pairs, in chains: each group ascending, the largest first."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs.a), bool), (pairs.a, pairs.b)), (count, count))
    _, labels = connected_components(graph, directed=False)
    rows = np.unique(np.concatenate([pairs.a, pairs.b]))
    by_group = rows[np.argsort(labels[rows], kind="stable")]
    cuts = np.flatnonzero(np.diff(labels[by_group])) + 1
    found = [np.sort(one) for one in np.split(by_group, cuts)] if len(rows) else []
    return sorted(found, key=lambda one: (-len(one), one[0]))


def duplicate_curve(
    vectors: Vectors, distances: Sequence[float], *, allowed: Flags | None = None, on_progress: Progress = silent
) -> Curve:
    """How many tiles near-duplicate removal would take away at each distance."""
    for one in distances:
        _check(one)
    with one_thread_each():
        rows = np.flatnonzero(usable(vectors, allowed, on_progress))
        a, b, found = _pairs(vectors, rows, max(distances, default=0.0), on_progress)
    removed = [int(_gone(len(rows), a[found < one], b[found < one], np.arange(len(rows))).sum()) for one in distances]
    return Curve([float(one) for one in distances], removed, len(rows), sampled=False)


def copies(
    vectors: Vectors, rows: Rows, distance: float, order: Rows, before: Rows, on_progress: Progress = silent
) -> Flags:
    """Which of rows (c,) go: (c,). order: positions in rows, who stays rather first; before: rows that stay anyway."""
    everyone = np.concatenate([before, rows])
    a, b, _ = _pairs(vectors, everyone, distance, on_progress)
    first = np.concatenate([np.arange(len(before)), order + len(before)])
    return _gone(len(everyone), a, b, first, len(before))[len(before) :]


def _check(distance: float) -> None:
    if not 0 < distance <= 2:
        raise BadSelection(f"The distance of duplicates must be above 0 and up to 2, not {distance:g}.")


def _pairs(vectors: Vectors, rows: Rows, distance: float, on_progress: Progress) -> tuple[Rows, Rows, Floats]:
    """Positions among rows, a before b, and distances."""
    least = 1 - distance**2 / 2
    found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))]
    for start in range(0, len(rows), _ROWS):
        one = unit(vectors, rows[start : start + _ROWS])
        for other in range(start, len(rows), _ROWS):
            two = unit(vectors, rows[other : other + _ROWS])
            cosine = one @ two.T
            a, b = np.nonzero(cosine > least)
            keep = a + start < b + other
            a, b = a[keep], b[keep]
            found.append((a + start, b + other, np.sqrt(np.maximum(2 - 2 * cosine[a, b], 0))))
        on_progress("duplicates", min(start + _ROWS, len(rows)), len(rows))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))  # type: ignore[return-value]


def _gone(count: int, a: Rows, b: Rows, order: Rows, stay: int = 0) -> NDArray[np.bool_]:
    """Who goes: (count,). order: who stays rather, first; the first `stay` stay anyway."""
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    early, late = np.where(rank[a] < rank[b], a, b), np.where(rank[a] < rank[b], b, a)
    by_rank = np.argsort(rank[early], kind="stable")
    early, late = early[by_rank], late[by_rank]
    gone = np.zeros(count, bool)
    cuts = np.flatnonzero(np.diff(early)) + 1
    for start, end in zip([0, *cuts], [*cuts, len(early)], strict=True):
        if start < end and not gone[early[start]]:
            gone[late[start:end]] = True
    gone[:stay] = False
    return gone
