"""Vectors that lie as embeddings do, in any number: for benchmarks and load tests of archives nobody has yet."""

from dataclasses import dataclass

import numpy as np

from ml.index.interface import Vectors

_BLOCK = 5000  # rows drawn from one stream of random numbers


@dataclass(frozen=True)
class Clusters:
    """Normal clusters of uneven size and width, which overlap, in a space of `intrinsic` dimensions; turned into `dim`
    with a little noise in every direction, and scaled to length 1.

    The estimate of E. Levina and P. Bickel (2004) from the 50 nearest of a million of them is 22 dimensions.
    """

    dim: int = 512
    intrinsic: int = 30
    clusters: int = 1000
    noise: float = 0.05
    seed: int = 0

    def rows(self, start: int, end: int) -> Vectors:
        """Rows start to end of an endless sample: (end - start, dim) float16, the same whatever else is asked for."""
        blocks = range(start // _BLOCK, -(-end // _BLOCK))
        found = [self._block(block)[max(0, start - block * _BLOCK) : end - block * _BLOCK] for block in blocks]
        return np.concatenate(found) if found else np.empty((0, self.dim), np.float16)

    def _block(self, stream: int) -> Vectors:
        """(_BLOCK, dim)."""
        shared = np.random.default_rng(self.seed)
        centres = shared.normal(size=(self.clusters, self.intrinsic)).astype(np.float32)
        width = shared.uniform(0.5, 1.5, self.clusters).astype(np.float32)
        weight = shared.gamma(1.0, size=self.clusters)
        axes = (shared.normal(size=(self.intrinsic, self.dim)) / self.dim**0.5).astype(np.float32)
        random = np.random.default_rng((self.seed, stream))
        cluster = random.choice(self.clusters, _BLOCK, p=weight / weight.sum())
        points = centres[cluster] + width[cluster, None] * random.standard_normal((_BLOCK, self.intrinsic), np.float32)
        wide = points @ axes + self.noise * random.standard_normal((_BLOCK, self.dim), np.float32)
        return (wide / np.linalg.norm(wide, axis=1, keepdims=True)).astype(np.float16)
