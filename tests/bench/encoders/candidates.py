"""Vectors of candidates: parts of what networks and colour statistics say, projected, weighted, side by side."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.encoders.base import direction

Floats = NDArray[np.floating]
_SHRINK = 0.05  # of the mean variance kept, added to each before whitening


class Block(NamedTuple):
    """sources: of the bank, side by side; width: 0 for no projection; whitening: 0 principal axes, 1 all of it."""

    sources: tuple[str, ...]
    width: int = 0
    whitening: float = 0.0
    weight: float = 1.0


def fit(vectors: Floats, width: int, whitening: float) -> tuple[Floats, Floats]:
    """Mean (d,) and matrix (d, width): principal axes, each divided by its deviation to the power of `whitening`.

    To the variance is added a twentieth of the mean one (shrinkage), so that faint axes are not blown up.
    """
    mean = vectors.mean(axis=0)
    _, strength, axes = np.linalg.svd(vectors - mean, full_matrices=False)
    variance = strength[:width] ** 2 / len(vectors)
    scale = ((variance + _SHRINK * variance.mean()) / variance[0]) ** (-whitening / 2)
    return mean, axes[:width].T * scale


def candidate(blocks: list[Block], bank: dict[str, Floats], training: dict[str, Floats]) -> NDArray[np.float32]:
    """(n, dim), unit length, of what the bank holds: source -> (n, d)."""
    return direction(np.concatenate([block.weight * _block(block, bank, training) for block in blocks], axis=1))


def _block(block: Block, bank: dict[str, Floats], training: dict[str, Floats]) -> NDArray[np.float32]:
    vectors = side_by_side(block, bank)
    if not block.width:
        return direction(vectors)
    mean, matrix = fit(side_by_side(block, training), block.width, block.whitening)
    return direction((vectors - mean) @ matrix)


def side_by_side(block: Block, bank: dict[str, Floats]) -> Floats:
    return np.concatenate([bank[source] for source in block.sources], axis=1)


def hsv_histogram(images: NDArray[np.uint8]) -> Floats:
    """Square root of a histogram of hue, saturation and root of value, 12 x 6 x 6 bins: (n, 432)."""
    values = images.reshape(len(images), -1, 3) / 255
    high, spread = values.max(axis=2), np.ptp(values, axis=2)
    r, g, b = np.moveaxis(values, 2, 0)
    step = np.where(spread == 0, 1, spread)
    hue = np.where(high == r, ((g - b) / step) % 6, np.where(high == g, (b - r) / step + 2, (r - g) / step + 4)) / 6
    parts = ((hue, 12), (spread / np.where(high == 0, 1, high), 6), (np.sqrt(high), 6))
    h, s, v = (np.minimum((part * bins).astype(int), bins - 1) for part, bins in parts)
    return np.sqrt([np.bincount(one, minlength=432) / len(one) for one in (h * 6 + s) * 6 + v])


def regions(images: NDArray[np.uint8], side: int = 4) -> Floats:
    """Root of the mean colour of 4 x 4 regions: (n, 48); images' sides must be multiples of 4."""
    n, height, width, _ = images.shape
    cells = images.reshape(n, side, height // side, side, width // side, 3).mean(axis=(2, 4)) / 255
    return np.sqrt(cells).reshape(n, -1)
