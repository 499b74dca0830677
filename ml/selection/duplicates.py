"""Near-duplicates: tiles closer to each other than a distance.

A distance is no equivalence (the first may be near the second and the second near the third), so "one of each group
stays" means: tiles are gone through in an order, and one goes when it is closer than the distance to one that stays. No
two that stay are then closer, and each that goes is near one that stays.

All is exact, by the cells of cells.py, and memory is bounded however many copies there are.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ml.errors import BadSelection
from ml.selection.cells import Cells
from ml.selection.vectors import Flags, Floats, Progress, Rows, Vectors, silent, usable
from ml.selection.workers import one_thread_each

DISTANCE = 0.15  # for the demo's encoder: docs/benchmarks/selection.md
MOST = 1_000_000  # pairs that are kept
_CURVE = 60_000  # tiles of which a curve is made; of more a part
_FIRST, _BLOCK = 1024, 32_768  # rows gone through at once: at first, and at most
_FEW = 1024  # rows that are always gone through at once
_CROWD = 4_000_000  # pairs among them


class Pairs(NamedTuple):
    """Rows a < b (m,) and their distances (m,), the nearest first.  total: how many there are."""

    a: Rows
    b: Rows
    distances: Floats
    total: int


class Curve(NamedTuple):
    """For each distance how many tiles would go.  considered: of how many.  sampled: estimated from a part of them."""

    distances: list[float]
    removed: list[int]
    considered: int
    sampled: bool


def near_duplicates(
    vectors: Vectors, distance: float, *, allowed: Flags | None = None, most: int = MOST, on_progress: Progress = silent
) -> Pairs:
    """All pairs closer than the distance; where there are more than `most`, those that are the farthest apart, each
    tile in one pair rather than in several: to be looked at."""
    _check(distance)
    with one_thread_each():
        rows = np.flatnonzero(usable(vectors, allowed, on_progress))
        found, total = _farthest(Cells(vectors, rows, on_progress=on_progress), len(rows), distance, most, on_progress)
    a, b, far = found
    kept = np.argsort(-far, kind="stable")
    if len(kept) > most:
        kept = _different(a, b, kept)[:most]
    kept = kept[np.argsort(far[kept], kind="stable")]
    return Pairs(rows[a[kept]], rows[b[kept]], far[kept], total)


def groups(pairs: Pairs, count: int) -> list[Rows]:
    """Rows of count that these pairs join, in chains: each group ascending, the largest first."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs.a), bool), (pairs.a, pairs.b)), (count, count))
    _, labels = connected_components(graph, directed=False)
    rows = np.unique(np.concatenate([pairs.a, pairs.b]))
    by_group = rows[np.argsort(labels[rows], kind="stable")]
    cuts = np.flatnonzero(np.diff(labels[by_group])) + 1
    found = np.split(by_group, cuts) if len(rows) else []
    return sorted(found, key=lambda one: (-len(one), one[0]))


def duplicate_curve(
    vectors: Vectors,
    distances: Sequence[float],
    *,
    allowed: Flags | None = None,
    seed: int = 0,
    on_progress: Progress = silent,
) -> Curve:
    """How many tiles near-duplicate removal would take away at each distance. Of more than 60,000 tiles those of some
    cells, drawn at random, are gone through, and the others reckoned from them."""
    for one in distances:
        _check(one)
    with one_thread_each():
        rows = np.flatnonzero(usable(vectors, allowed, on_progress))
        some, weights = rows, np.ones(len(rows))
        if len(rows) > _CURVE:
            some, weights = _some_cells(vectors, rows, np.random.default_rng(seed), on_progress)
        everyone = np.random.default_rng(seed).permutation(len(some))
        cells = Cells(vectors, some)
        gone = [_gone(cells, everyone, one, np.zeros(len(some), bool), on_progress) for one in distances]
    removed = [round(float(weights[one].sum())) for one in gone]
    return Curve([float(one) for one in distances], removed, len(rows), len(some) < len(rows))


def copies(
    vectors: Vectors, rows: Rows, distance: float, order: Rows, before: Rows, on_progress: Progress = silent
) -> Flags:
    """Which of rows (c,) go: (c,). order: positions in rows, who stays rather first; before: rows that stay anyway."""
    _check(distance)
    everyone = np.concatenate([rows, before])
    stay = np.arange(len(everyone)) >= len(rows)
    cells = Cells(vectors, everyone, on_progress=on_progress)
    return _gone(cells, np.concatenate([np.flatnonzero(stay), order]), distance, stay, on_progress)[: len(rows)]


def _check(distance: float) -> None:
    if not 0 < distance <= 2:
        raise BadSelection(f"The distance of duplicates must be above 0 and up to 2, not {distance:g}.")


def _gone(cells: Cells, order: Rows, distance: float, stay: Flags, on_progress: Progress) -> Flags:
    """Who goes, of all. Blocks of the order are small at first: who has many copies is then found early."""
    gone = np.zeros(len(order), bool)
    kept: list[Rows] = [np.empty(0, np.int64)] * len(cells.middles)
    blocks = list(_blocks(order))[::-1]
    done = 0
    while blocks:
        here = blocks.pop()
        left = _without(cells, here, kept, distance, stay)
        lost = _lost(cells, left, distance, stay)
        if lost is None:  # too many pairs: in halves
            blocks += [left[len(left) // 2 :], left[: len(left) // 2]]
            gone[np.setdiff1d(here, left)] = True
            done += len(here) - len(left)
            continue
        stays = left[~lost]
        gone[np.setdiff1d(here, stays)] = True
        kept = [np.concatenate(both) for both in zip(kept, cells.members(stays), strict=True)]
        done += len(here)
        on_progress("duplicates", done, len(order))
    return gone


def _blocks(order: Rows) -> Iterator[Rows]:
    start, size = 0, _FIRST
    while start < len(order):
        yield order[start : start + size]
        start, size = start + size, min(2 * size, _BLOCK)


def _without(cells: Cells, here: Rows, kept: list[Rows], distance: float, stay: Flags) -> Rows:
    """Those of here, in order, that are near none that is kept."""
    near = np.zeros(len(here), bool)
    for hits in cells.near(here, kept, distance):
        near[hits.places] = True
    return here[~near | stay[here]]


def _lost(cells: Cells, here: Rows, distance: float, stay: Flags) -> Flags | None:
    """Who of here goes because of an earlier one of here: (m,). None when there are too many pairs to tell at once."""
    rank = np.empty(len(cells.own), np.int64)
    rank[here] = np.arange(len(here))
    early, late, total = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
    for hits in cells.near(here, cells.members(here), distance):
        first, second = hits.places, rank[hits.members]
        once = first < second
        early.append(first[once])
        late.append(second[once])
        total += int(once.sum())
        if total > _CROWD and len(here) > _FEW:
            return None
    return _in_order(np.concatenate(early), np.concatenate(late), stay[here])


def _in_order(early: Rows, late: Rows, stay: Flags) -> Flags:
    order = np.argsort(early, kind="stable")
    early, late = early[order], late[order]
    gone = np.zeros(len(stay), bool)
    firsts, starts = np.unique(early, return_index=True)
    for first, some in zip(firsts, np.split(late, starts[1:]), strict=False):
        if not gone[first]:
            gone[some] = ~stay[some]
    return gone


def _farthest(
    cells: Cells, count: int, distance: float, most: int, on_progress: Progress
) -> tuple[tuple[Rows, Rows, Floats], int]:
    """The farthest pairs of positions, more than `most` if there are, and how many there are in all."""
    everyone = np.arange(count)
    enough = max(2 * most, 100_000)
    kept = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))
    total = 0
    for start in range(0, count, _BLOCK):
        for hits in cells.near(everyone[start : start + _BLOCK], cells.members(everyone[start:]), distance):
            a = hits.places + start
            once = a < hits.members
            total += int(once.sum())
            far = np.sqrt(np.maximum(2 - 2 * hits.cosines[once], 0))
            kept = _trimmed(kept, (a[once], hits.members[once], far), enough)
        on_progress("duplicates", min(start + _BLOCK, count), count)
    return kept, total


def _trimmed(kept: tuple[Rows, Rows, Floats], more: tuple[Rows, Rows, Floats], most: int) -> tuple[Rows, Rows, Floats]:
    a, b = np.concatenate([kept[0], more[0]]), np.concatenate([kept[1], more[1]])
    far = np.concatenate([kept[2], more[2]])
    if len(far) > 2 * most:
        best = np.argpartition(-far, most)[:most]
        a, b, far = a[best], b[best], far[best]
    return a, b, far


def _different(a: Rows, b: Rows, order: Rows) -> Rows:
    """The same order, but pairs of a tile that has come already come last."""
    seen: set[int] = set()
    first: list[int] = []
    again: list[int] = []
    for i, one, other in zip(order.tolist(), a[order].tolist(), b[order].tolist(), strict=True):
        known = one in seen or other in seen
        (again if known else first).append(i)
        seen.update((one, other))
    return np.array([*first, *again], np.int64)


def _some_cells(
    vectors: Vectors, rows: Rows, rng: np.random.Generator, on_progress: Progress
) -> tuple[Rows, np.ndarray]:
    """Rows of some cells, ascending, and how many rows of all each stands for. Crowded cells are always among them."""
    cells = Cells(vectors, rows, on_progress=on_progress)
    sizes = np.bincount(cells.own, minlength=len(cells.middles))
    crowded = sizes > 10 * len(rows) / len(sizes)
    others = rng.permutation(np.flatnonzero(~crowded & (sizes > 0)))
    drawn = others[: max(1, int(np.searchsorted(np.cumsum(sizes[others]), _CURVE)))]
    weight = crowded.astype(np.float64)
    weight[drawn] = sizes[others].sum() / sizes[drawn].sum()
    some = np.flatnonzero(weight[cells.own] > 0)
    return rows[some], weight[cells.own[some]]
