"""What can be measured on a tile without a model. docs/metrics.md has equations, sources, and what fools them."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

VERSION = 2  # of the list below and of what its names mean; shards of an earlier one are measured again
REC_709 = np.array([0.2126, 0.7152, 0.0722], np.float32)  # weights of red, green, blue in luminance (ITU-R BT.709)
CLOUD_DARKEST, CLOUD_SATURATION = 160, 0.2  # a cloud's darkest colour is at least, its saturation at most
QUANTISED = 1 / math.sqrt(12)  # deviation of the rounding to whole numbers: the least noise that can be told
IMMERKAER = math.sqrt(math.pi / 2) / 6  # Computer Vision and Image Understanding 64(2), 1996, eq. 4
_VALUES = np.arange(256)
Grey = NDArray[np.float32]
Known = NDArray[np.bool_] | None  # which pixels are data; None: all


class Metric(NamedTuple):
    """A column of tiles.parquet and a slider on the page; low and high bound what the slider offers."""

    name: str
    title: str
    unit: str
    low: float
    high: float


PIXELS: tuple[Metric, ...] = (
    Metric("mean_red", "Mean red", "0–255", 0, 255),
    Metric("mean_green", "Mean green", "0–255", 0, 255),
    Metric("mean_blue", "Mean blue", "0–255", 0, 255),
    Metric("std_red", "Deviation of red", "0–127.5", 0, 127.5),
    Metric("std_green", "Deviation of green", "0–127.5", 0, 127.5),
    Metric("std_blue", "Deviation of blue", "0–127.5", 0, 127.5),
    Metric("luminance", "Luminance", "0–255", 0, 255),
    Metric("contrast", "Contrast (deviation of luminance)", "0–127.5", 0, 127.5),
    Metric("saturation", "Saturation", "0–1", 0, 1),
    Metric("sharpness", "Sharpness (variance of the Laplacian)", "", 0, 5000),
    Metric("snr", "Signal to noise", "dB", 0, 60),
    Metric("entropy", "Entropy of luminance", "bits", 0, 8),
    Metric("cloud_share", "Share that looks like cloud", "0–1", 0, 1),
    Metric("nodata_share", "Share without data", "0–1", 0, 1),
)
METRICS: tuple[Metric, ...] = (*PIXELS, Metric("file_bytes", "Size of the file", "bytes", 0, 5_000_000))


def compute(tiles: NDArray[np.uint8], valid: NDArray[np.bool_]) -> dict[str, NDArray[np.float32]]:
    """Measure each tile on its valid pixels.

    tiles: (n, h, w, 3) uint8; valid: (n, h, w) bool.  Returns one (n,) float32 column per name in PIXELS.
    A tile without any valid pixel has nodata_share 1 and NaN elsewhere; a tile too small or too sparse for a
    Laplacian has sharpness 0 and no snr (NaN).
    """
    if tiles.ndim != 4 or tiles.shape[-1] != 3 or valid.shape != tiles.shape[:3]:
        raise ValueError(f"tiles {tiles.shape} and valid {valid.shape} must be (n, h, w, 3) and (n, h, w)")
    table = np.array([_measure(*pair) for pair in zip(tiles, valid, strict=True)], np.float32).reshape(-1, len(PIXELS))
    return {metric.name: np.ascontiguousarray(table[:, i]) for i, metric in enumerate(PIXELS)}


def _measure(tile: NDArray[np.uint8], valid: NDArray[np.bool_]) -> list[float]:
    """(h, w, 3), (h, w) -> 14 numbers, as in PIXELS. One tile at a time: it stays in the processor's cache."""
    count, size = int(np.count_nonzero(valid)), max(1, valid.size)
    if not count:
        return [np.nan] * (len(PIXELS) - 1) + [1.0]
    known = None if count == valid.size else valid
    bands = np.ascontiguousarray(tile.reshape(-1, 3).T)  # (3, h * w)
    apart = bands.astype(np.float32)
    _forget(apart, known)
    mean = apart.sum(axis=1) / count
    apart -= mean[:, None]  # first, so that the squares are small, and exact enough as float32
    _forget(apart, known)
    deviation = np.sqrt([band @ band / count for band in apart])
    luminance, grey = float(mean @ REC_709), REC_709 @ apart  # (h * w), from its mean
    sharpness, noise = _detail(grey.reshape(valid.shape), known)
    contrast = math.sqrt(float(grey @ grey) / count)
    saturation, cloud = _colour(bands, known, count)
    entropy = _entropy(grey.reshape(valid.shape) + np.float32(luminance), known, count)
    return [*mean, *deviation, luminance, contrast, saturation, sharpness, _decibels(luminance, noise), entropy, cloud,
            1 - count / size]  # fmt: skip


def _forget(values: NDArray[np.float32], known: Known) -> None:
    """Zeros in (…, h * w) where nothing is known."""
    if known is not None:
        values *= known.ravel()


def _entropy(grey: Grey, known: Known, count: int) -> float:
    """Shannon's, in bits, of (h, w) luminance rounded to 256 levels."""
    mask = None if known is None else Image.fromarray(known.astype(np.uint8))
    found = np.array(Image.fromarray((grey + np.float32(0.5)).astype(np.uint8)).histogram(mask))
    shares = found[found > 0] / count
    return float(abs(shares @ np.log2(shares)))


def _colour(bands: NDArray[np.uint8], known: Known, count: int) -> tuple[float, float]:
    """(3, h * w) -> mean saturation of HSV, and the share of what looks like cloud: bright, and hardly coloured."""
    bright = np.maximum(np.maximum(bands[0], bands[1]), bands[2])
    dark = np.minimum(np.minimum(bands[0], bands[1]), bands[2])
    saturation = (bright - dark).astype(np.float32) / np.maximum(bright, 1).astype(np.float32)
    _forget(saturation, known)
    cloud = (dark >= CLOUD_DARKEST) & (saturation <= np.float32(CLOUD_SATURATION))
    if known is not None:
        cloud &= known.ravel()
    return float(saturation.sum()) / count, int(np.count_nonzero(cloud)) / count


def _decibels(signal: float, noise: float) -> float:
    """20 log10(signal / noise), neither below what rounding hides; NaN where the noise is not known."""
    return 20 * math.log10(max(signal, QUANTISED) / max(noise, QUANTISED)) if math.isfinite(noise) else math.nan


def _detail(grey: Grey, known: Known) -> tuple[float, float]:
    """Of (h, w) luminance: variance of its 4-neighbour Laplacian, and Immerkær's deviation of the noise.

    Where a pixel and those around it that are looked at are known.  Both are made of second differences: the Laplacian
    is that down plus that to the right, Immerkær's mask that down of that to the right.
    """
    if min(grey.shape) < 3:
        return 0.0, math.nan
    down = grey[:-2] + grey[2:]
    down -= 2 * grey[1:-1]
    laplacian = grey[1:-1, :-2] + grey[1:-1, 2:]
    laplacian -= 2 * grey[1:-1, 1:-1]
    laplacian += down[:, 1:-1]
    both = down[:, :-2] + down[:, 2:]
    both -= 2 * down[:, 1:-1]
    np.abs(both, out=both)
    if known is None:
        return _variance(laplacian, laplacian.size), IMMERKAER * float(both.mean())
    rows = known[:-2] & known[1:-1] & known[2:]
    cross = rows[:, 1:-1] & known[1:-1, :-2] & known[1:-1, 2:]
    square = cross & rows[:, :-2] & rows[:, 2:]
    laplacian *= cross
    both *= square
    crosses, squares = int(np.count_nonzero(cross)), int(np.count_nonzero(square))
    return _variance(laplacian, crosses), IMMERKAER * float(both.sum()) / squares if squares else math.nan


def _variance(values: Grey, count: int) -> float:
    """Of `count` of the values; the others are 0."""
    return float(np.vdot(values, values)) / count - (float(values.sum()) / count) ** 2 if count else 0.0
