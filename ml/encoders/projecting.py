"""A projection after a network: principal axes, more or less whitened, which make vectors shorter."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from ml.encoders.base import direction
from ml.encoders.entry import Entry
from ml.errors import BadEncoder


class Projection:
    """Callable: (n, d) -> (n, dim) float32, unit((unit(x) - mean) @ matrix); float64 inside, whatever else is there."""

    def __init__(self, mean: NDArray[np.floating], matrix: NDArray[np.floating], path: Path) -> None:
        if matrix.ndim != 2 or mean.shape != matrix.shape[:1] or not matrix.shape[1]:
            raise BadEncoder(
                f"{path} holds a mean of {mean.shape} and a matrix of {matrix.shape}: (d,) and (d, n) fit."
            )
        if not (np.isfinite(mean).all() and np.isfinite(matrix).all()):
            raise BadEncoder(f"{path} holds numbers that are not finite: fit the projection again.")
        self._mean, self.matrix = mean.astype(np.float64), matrix.astype(np.float64)
        self.width, self.dim = (int(side) for side in matrix.shape)

    def __call__(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        return direction((direction(features) - self._mean) @ self.matrix)


def read(entry: Entry) -> Projection | None:
    """The entry's, if it has one; raises BadEncoder for a damaged one."""
    if not entry.has("projection"):
        return None
    path = entry.file("projection")
    try:
        found = load_file(path)
        return Projection(found["mean"], found["matrix"], path)
    except (SafetensorError, KeyError) as error:
        raise BadEncoder(f"{path} does not hold a projection ({error}): copy it again.") from error
