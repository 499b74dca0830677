"""Features as a classifier sees them: centred, and whitened by what the archive looks like."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ml.classify.config import Config
from ml.errors import BadVectors

Floats = NDArray[np.float32]
_FAINT = 1e-6  # of the strongest axis' variance: what lies below is rounding


@dataclass(frozen=True)
class Space:
    """x -> (x - mean) @ axes; mean (d,), axes (d, r) float64. Make one where many classifiers share a background."""

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]

    @classmethod
    def of(cls, features: NDArray[np.floating], config: Config) -> Self:
        """Learn from features (m, d), best a sample of the archive; raises BadVectors."""
        wide = checked(features).astype(np.float64)
        mean = wide.mean(axis=0)
        wide -= mean
        if not config.whiten:
            deviation = wide.std(axis=0)
            if config.alike:
                deviation[:] = np.sqrt((wide**2).mean())
            return cls(mean, np.diag(1 / np.where(deviation > 0, deviation, 1)))
        variances, axes = _principal(wide, config.components)
        ridge = config.shrinkage * (wide**2).sum() / wide.size
        return cls(mean, axes / np.sqrt(variances + ridge))

    @property
    def dim(self) -> int:
        return len(self.mean)

    def project(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """(n, d) -> (n, r) float64."""
        return np.asarray((checked(features, self.dim) - self.mean) @ self.axes)

    def unfold(self, weights: NDArray[np.float64]) -> tuple[Floats, Floats]:
        """Weights (r, k) in this space -> (d, k) and offsets (k,) on plain features, float32."""
        plain = self.axes @ weights
        return plain.astype(np.float32), (-self.mean @ plain).astype(np.float32)


def _principal(centred: NDArray[np.float64], most: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Variances (r,), strongest first, and unit axes (d, r) of centred (m, d), by its smaller Gram matrix."""
    m, d = centred.shape
    small = m < d
    values, vectors = np.linalg.eigh((centred @ centred.T if small else centred.T @ centred) / max(m, 1))
    keep = np.flatnonzero(values > _FAINT * max(values[-1], 1e-30))[::-1][:most]
    variances, found = values[keep], vectors[:, keep]
    return variances, centred.T @ found / np.sqrt(m * variances) if small else found


def checked(features: NDArray[np.floating], dim: int | None = None) -> NDArray[np.floating]:
    """Raises BadVectors unless features are (n, dim) finite numbers, n at least 1 where dim is not given."""
    if features.ndim != 2 or (dim is None and not features.size) or (dim is not None and features.shape[1] != dim):
        raise BadVectors(f"Features have the shape {features.shape}, expected is (n, {dim or 'd'}).")
    if not np.isfinite(features).all():
        raise BadVectors("A feature is infinite or not a number: check the vectors of this tile's shard.")
    return features
