"""How sure a measure is: what it would be if the places had fallen otherwise (bootstrap, Efron 1979)."""

import numpy as np
from numpy.typing import NDArray

DRAWS = 1000
SHARE = 0.95
_AT_ONCE = 50  # draws


def interval(
    values: NDArray[np.float64], places: NDArray[np.int64], labels: NDArray[np.int64], classes: int, seed: int = 0
) -> tuple[float, float]:
    """The 95 % interval of the mean over classes of their means, places drawn again with replacement 1,000 times.

    values: (n,) of the images; places: (n,) numbers of the places they are of: images of one place say the same thing
    and are drawn together.  NaN, NaN of fewer than two places.
    """
    numbers, places = np.unique(places, return_inverse=True)
    count = len(numbers)
    if count < 2:
        return float("nan"), float("nan")
    cell = places * classes + labels
    sums = np.bincount(cell, values, count * classes).astype(np.float64).reshape(count, classes)
    sizes = np.bincount(cell, minlength=count * classes).reshape(count, classes)
    random = np.random.default_rng(seed)
    known = sums.sum(axis=0) / np.maximum(sizes.sum(axis=0), 1)
    present = sizes.sum(axis=0) > 0
    drawn = [
        _means(random, sums, sizes, known, min(_AT_ONCE, DRAWS - start))[:, present].mean(axis=1)
        for start in range(0, DRAWS, _AT_ONCE)
    ]
    low, high = np.quantile(np.concatenate(drawn), [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return float(low), float(high)


def _means(
    random: np.random.Generator,
    sums: NDArray[np.float64],
    sizes: NDArray[np.integer],
    known: NDArray[np.float64],
    draws: int,
) -> NDArray[np.float64]:
    """(draws, classes).  A class of which no place was drawn keeps its known mean, or the mean would shift."""
    count = len(sums)
    times = np.stack([np.bincount(random.integers(count, size=count), minlength=count) for _ in range(draws)])
    held = times @ sizes  # (draws, classes)
    return np.where(held > 0, (times @ sums) / np.maximum(held, 1), known)
