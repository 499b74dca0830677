"""Which tiles a step looks at: everyone once an epoch, or clusters equally often; and each one's partner."""

import numpy as np
from numpy.typing import NDArray

from ml.train.cache import Cache
from ml.train.config import Config

Rows = NDArray[np.int64]
_AROUND = np.array([(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0)])
_WIDE = 1 << 24  # more columns than a level has
SHARE = 0.5  # of tiles that get a partner other than themselves, where they have one


class Drawer:
    """What is drawn follows from the seed and the step alone: a training that goes on draws what it would have."""

    def __init__(self, cache: Cache, config: Config, clusters: Rows | None = None) -> None:
        self.n, self.seed, self.clusters = len(cache), config.seed, clusters
        self.by_date = Groups(cache.places) if "dates" in config.pairs else None
        self.cells = cache.cells.astype(np.int64) if "neighbours" in config.pairs else None
        self.by_cell = Groups(cell_numbers(self.cells)) if self.cells is not None else None

    def epoch(self, number: int) -> Rows:
        """(n,) rows in the order of this epoch."""
        random = np.random.default_rng([self.seed, 1, number])
        if self.clusters is None:
            return random.permutation(self.n)
        groups = Groups(self.clusters)
        return groups.one_of(random.choice(np.unique(self.clusters), self.n), random, np.full(self.n, -1))

    def partners(self, rows: Rows, step: int) -> Rows:
        """(m,) another date or a neighbour of each, or itself."""
        random = np.random.default_rng([self.seed, 2, step])
        found = rows.copy()
        if self.by_date is not None:
            wanted = random.random(len(rows)) < SHARE
            other = self.by_date.another(rows, random)
            found = np.where(wanted, other, found)
        if self.by_cell is not None and self.cells is not None:
            wanted = random.random(len(rows)) < SHARE
            beside = self.cells[rows] + np.insert(_AROUND[random.integers(len(_AROUND), size=len(rows))], 0, 0, axis=1)
            numbers = np.where(self.cells[rows, 0] < 0, -1, cell_numbers(beside))
            found = np.where(wanted, self.by_cell.one_of(numbers, random, found), found)
        return found


class Groups:
    """Rows by number; negative numbers are no group."""

    def __init__(self, numbers: Rows) -> None:
        self.numbers = numbers
        self.order = np.argsort(numbers, kind="stable")
        self.known, self.starts, self.counts = np.unique(numbers[self.order], return_index=True, return_counts=True)

    def one_of(self, wanted: Rows, random: np.random.Generator, otherwise: Rows) -> Rows:
        """A row of each wanted group; `otherwise` where there is none."""
        if not len(self.known):
            return otherwise
        at = np.searchsorted(self.known, wanted).clip(max=len(self.known) - 1)
        there = (self.known[at] == wanted) & (wanted >= 0)
        picked = self.order[self.starts[at] + random.integers(0, self.counts[at])]
        return np.where(there, picked, otherwise)

    def another(self, rows: Rows, random: np.random.Generator) -> Rows:
        """Another row of each one's group, itself where it is alone."""
        at = np.searchsorted(self.known, self.numbers[rows])
        rank = np.empty(len(self.order), np.int64)
        rank[self.order] = np.arange(len(self.order))
        own = rank[rows] - self.starts[at]
        step = random.integers(1, np.maximum(self.counts[at], 2))
        other = self.order[self.starts[at] + (own + step) % self.counts[at]]
        return np.where((self.counts[at] > 1) & (self.numbers[rows] >= 0), other, rows)


def cell_numbers(cells: Rows) -> Rows:
    """(m, 3) level, row, column -> (m,); -1 for those outside every grid."""
    inside = (cells >= 0).all(axis=1)
    return np.where(inside, (cells[:, 0] * _WIDE + cells[:, 1]) * _WIDE + cells[:, 2], -1)


def clustered(vectors: NDArray[np.floating], count: int, seed: int) -> Rows:
    """(n, d) -> (n,) the number of each one's cluster, by k-means on mini-batches (Sculley 2010)."""
    from sklearn.cluster import MiniBatchKMeans

    means = MiniBatchKMeans(min(count, len(vectors)), random_state=seed, n_init=3, batch_size=2048)
    return np.asarray(means.fit_predict(np.asarray(vectors, np.float32)), np.int64)
