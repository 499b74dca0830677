"""Colour statistics, the baseline that every learned embedding is printed beside."""

import numpy as np
from numpy.typing import NDArray

NAME = "colour statistics"


def colour_statistics(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean and standard deviation of each channel, 0 to 1, compared by plain distance: (n, 6)."""
    values = images.reshape(len(images), -1, 3) / np.float32(255)
    return np.concatenate([values.mean(axis=1), values.std(axis=1)], axis=1)
