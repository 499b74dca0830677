"""The sample of an archive that rounds score."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ml import acquisition
from ml.active.settings import Keys
from ml.shards import Shard

MOST = 100_000
_CLUSTERS = 128
_LOOKS = 3  # tiles looked at for each one chosen
_STEPS = 4  # of k-means
_START = 2000  # rows among which its first centres are
Allowed = Callable[[Shard], NDArray[np.bool_]]


def choose_pool(
    shards: Sequence[Shard], most: int = MOST, *, rng: np.random.Generator, allowed: Allowed | None = None
) -> Keys:
    """At most `most` keys, ascending: from each shard its share, and inside it as evenly from every look as there are.

    All where there are no more.  allowed: which tiles of a shard (count,) may be chosen; all without it.
    Inside a shard three times as many are drawn, clustered by k-means, and chosen in turns from each cluster: what is
    rare is then in the pool more often than in the archive, which is what a search for rare things needs.
    """
    rows = [np.flatnonzero(allowed(shard)) if allowed else np.arange(shard.count) for shard in shards]
    sizes = np.array([len(some) for some in rows], np.int64)
    total = int(sizes.sum())
    ends = np.cumsum(sizes) * min(most, total) // max(1, total)
    shares = np.diff(np.concatenate([[0], ends]))
    chosen = [
        shard.keys[_diverse(shard, some, int(share), rng)]
        for shard, some, share in zip(shards, rows, shares, strict=True)
    ]
    return np.sort(np.concatenate([np.empty(0, np.int64), *chosen]))


def _diverse(shard: Shard, rows: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """n of these rows."""
    if n >= len(rows):
        return rows
    some = np.sort(rng.choice(rows, min(_LOOKS * n, len(rows)), replace=False))
    cluster = clusters(np.asarray(shard.vectors[some], np.float32), min(_CLUSTERS, n), rng)
    mixed = rng.permutation(len(some))
    order = mixed[np.argsort(cluster[mixed], kind="stable")]
    starts = np.searchsorted(cluster[order], cluster[order], side="left")
    turn = np.arange(len(order)) - starts  # 0 for each cluster's first
    return np.asarray(some[order[np.argsort(turn, kind="stable")][:n]])


def clusters(x: NDArray[np.float32], k: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The number of each row's cluster (n,): a few steps of k-means (Lloyd 1982).

    It begins with k-means++ on some rows, which gives rare looks centres of their own.
    """
    some = x[rng.choice(len(x), min(_START, len(x)), replace=False)]
    centres = some[acquisition.spread(some, k, rng)]
    for step in range(_STEPS):
        nearest = np.concatenate(
            [(block @ centres.T - (centres**2).sum(axis=1) / 2).argmax(axis=1) for block in _blocks(x)]
        )
        if step < _STEPS - 1:
            counts = np.bincount(nearest, minlength=len(centres))
            sums = np.zeros_like(centres)
            np.add.at(sums, nearest, x)
            centres = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)
    return nearest


def _blocks(x: NDArray[np.float32], size: int = 8192) -> list[NDArray[np.float32]]:
    return [x[start : start + size] for start in range(0, len(x), size)]
