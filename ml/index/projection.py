"""Vectors in their strongest directions: an index of 64 numbers a vector finds what one of 512 would."""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ml.errors import MLError
from ml.index.arithmetic import widened
from ml.index.interface import Vectors

FILE = "projection.npy"
WIDTHS = (64, 96, 128)
ENOUGH = 0.95  # share of the vectors' energy that a width should keep
_SAMPLE = 20_000


class Projection:
    """Onto the leading eigenvectors of the second moments of a sample: principal components without taking the mean
    away, so that products keep their meaning (K. Pearson, 1901; uncentred).

    axes: (dim, width) float32, orthonormal.  kept: the share of the sample's energy, 0 to 1.
    """

    def __init__(self, axes: NDArray[np.float32], kept: float) -> None:
        self.axes, self.kept = axes, kept

    @classmethod
    def fit(cls, vectors: Vectors) -> Self:
        """vectors: (n, dim). The narrowest of WIDTHS that keeps ENOUGH, else the widest; never more than dim."""
        sample = widened(np.ascontiguousarray(vectors[:: max(1, len(vectors) // _SAMPLE)])).astype(np.float64)
        strength, axes = np.linalg.eigh(sample.T @ sample)  # ascending
        kept = np.cumsum(strength[::-1]) / strength.sum()
        widths = [min(width, len(axes)) for width in WIDTHS]
        width = next((width for width in widths if kept[width - 1] >= ENOUGH), widths[-1])
        return cls(_fixed_sign(axes[:, ::-1][:, :width]), float(kept[width - 1]))

    @property
    def width(self) -> int:
        return self.axes.shape[1]

    def __call__(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(…, dim) -> (…, width)."""
        return np.einsum("...d,dw->...w", vectors, self.axes) if vectors.ndim == 1 else vectors @ self.axes

    def save(self, folder: Path) -> None:
        np.save(folder / FILE, self.axes)

    @classmethod
    def open(cls, folder: Path, dim: int) -> Self:
        """Raises MLError when there is none for vectors of dim numbers."""
        try:
            axes = np.load(folder / FILE, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise MLError(f"{folder / FILE} cannot be read: {error}") from error
        if axes.dtype != np.float32 or axes.ndim != 2 or len(axes) != dim:
            raise MLError(f"{folder / FILE} holds {axes.dtype} {axes.shape}, not axes of {dim} dimensions")
        return cls(axes, float("nan"))


def _fixed_sign(axes: NDArray[np.float64]) -> NDArray[np.float32]:
    """Each axis turned so that its largest number is positive: eigenvectors come with either sign."""
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0)
    return np.ascontiguousarray(axes * np.sign(largest), np.float32)
