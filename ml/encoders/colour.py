"""Colour statistics: a strong baseline on satellite imagery, and half of the default encoder."""

import numpy as np
from numpy.typing import NDArray

from ml.encoders.base import Encoder

BINS = 8
_SIDE = 64
_ROOT = np.sqrt(np.arange(256, dtype=np.float32) / 255)  # dark tones, most of what satellites see, get more bins


class Colour(Encoder):
    """Square root of a soft RGB histogram (8 × 8 × 8 bins over the root of the intensity), whatever the arrangement.

    The product of two such vectors is the Bhattacharyya coefficient of the histograms.
    """

    size = _SIDE
    dim = BINS**3

    def _features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.sqrt(np.stack([histogram(image) for image in images]))


def histogram(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(h, w, 3) uint8 -> (512,) float32 that sums to 1; a colour counts in the 8 bins around it by nearness."""
    place = _ROOT[image.reshape(-1, 3)] * (BINS - 1)  # (pixels, 3)
    low = np.minimum(place.astype(np.intp), BINS - 2)
    above = place - low
    steps = np.array([BINS * BINS, BINS, 1])
    base = low @ steps
    counts = np.zeros(BINS**3)
    for corner in np.ndindex(2, 2, 2):
        weight = np.where(corner, above, 1 - above).prod(axis=1)
        counts += np.bincount(base + steps @ corner, weight, minlength=BINS**3)
    return (counts / len(base)).astype(np.float32)
