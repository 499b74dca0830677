"""How the pixels of several days become one. Plain NumPy: (n, bands, h, w) values, (n, h, w) what of them is data."""

from collections.abc import Sequence

import numpy as np

STRIP = 4_000_000  # values sorted at a time


def median(values: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each band's median over the days with data -> (bands, h, w) of the same type, (h, w) where any day had some.

    Of an even number of days the mean of the middle two; whole numbers are rounded half up.
    """
    days, bands, height, width = values.shape
    out = np.zeros((bands, height, width), values.dtype)
    rows = max(1, STRIP // (days * bands * width))
    for top in range(0, height, rows):
        cut = np.s_[top : top + rows]
        out[:, cut] = _median(values[:, :, cut], valid[:, cut])
    return out, np.asarray(valid.any(axis=0))


def _median(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Missing values are sorted to the end, so the middle of the known ones is counted from the front."""
    whole = values.dtype.kind in "iu"
    last = np.iinfo(values.dtype).max if whole else np.inf
    ordered = np.sort(np.where(valid[:, None], values, last).astype(values.dtype), axis=0)
    count = valid.sum(axis=0)[None, None]
    low, high = (
        np.take_along_axis(ordered, np.broadcast_to(at, (1, *ordered.shape[1:])), axis=0)[0]
        for at in (np.maximum(count - 1, 0) // 2, np.minimum(count // 2, np.maximum(count - 1, 0)))
    )
    middle = (low.astype(np.int64) + high.astype(np.int64) + 1) // 2 if whole else low / 2 + high / 2
    found: np.ndarray = np.where(count[0] > 0, middle, 0).astype(values.dtype)
    return found


def least_cloudy(
    values: np.ndarray, valid: np.ndarray, low: Sequence[float], high: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Which day to take each pixel from -> (h, w) index, -1 where no day has data, and that day's score, (h, w).

    low, high: each band's values drawn black and white.

    Of colours: the day that is least grey-white, which is the one whose darkest channel is darkest. A cloud lifts all
    channels, a clear surface leaves at least one dark: the "dark channel" of He, Sun and Tang, Single Image Haze
    Removal Using Dark Channel Prior, CVPR 2009; it is brightness times what lacks to full saturation (V · (1 - S) of
    HSV). The darkest of many days is often a cloud's shadow, so of 5 days with data or more the second, of 10 or more
    the third is taken (as the third-lowest-value composites of Cabral et al., Int. J. Remote Sensing 24, 2003).

    Of one band, such as a temperature: the highest, for clouds are cold. The score is -value then.
    """
    if values.shape[1] == 1:
        score = -values[:, 0].astype(np.float32)
        rank = np.zeros(valid.shape[1:], np.int64)
    else:
        floor, ceiling = (np.asarray(limit, np.float32)[None, :, None, None] for limit in (low, high))
        scaled = (values.astype(np.float32) - floor) / np.maximum(ceiling - floor, 1e-12)
        score = np.clip(scaled, 0, 1).min(axis=1)
        rank = np.minimum(valid.sum(axis=0) // 5, 2)
    score = np.where(valid, score, np.inf)
    order = np.argsort(score, axis=0, kind="stable")  # of equal days the earliest
    taken = np.take_along_axis(order, rank[None], axis=0)[0]
    best = np.take_along_axis(score, taken[None], axis=0)[0]
    return np.where(valid.any(axis=0), taken, -1), best


def fill_gaps(valid: np.ndarray, offsets: Sequence[int]) -> np.ndarray:
    """Which day to take each pixel from -> (h, w) index, -1 where no day has data.

    offsets: each day's distance from the day that is filled. The day itself, then the nearest with data; of two
    equally near the earlier.
    """
    taken = np.full(valid.shape[1:], -1)
    for index in sorted(range(len(offsets)), key=lambda i: (abs(offsets[i]), offsets[i])):
        taken[(taken < 0) & valid[index]] = index
    return taken


def taken_from(values: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """(h, w) indexes of days -> (bands, h, w) values; 0 where the index is -1."""
    picked = np.take_along_axis(values, np.maximum(taken, 0)[None, None], axis=0)[0]
    found: np.ndarray = np.where(taken >= 0, picked, 0).astype(values.dtype)
    return found
