"""What can be measured on a tile without a model: brightness, contrast, sharpness, missing pixels."""

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

REC_709 = np.array([0.2126, 0.7152, 0.0722], np.float32)  # weights of red, green, blue in luminance (ITU-R BT.709)
T = TypeVar("T", bound=np.generic)
_BATCH = 64  # tiles measured at once; bounds memory at 64 × (h, w, 3) float32


class Metric(NamedTuple):
    """A column of tiles.parquet and a slider on the page; low and high bound what the slider offers."""

    name: str
    title: str
    unit: str
    low: float
    high: float


METRICS: tuple[Metric, ...] = (
    Metric("mean_red", "Mean red", "0–255", 0, 255),
    Metric("mean_green", "Mean green", "0–255", 0, 255),
    Metric("mean_blue", "Mean blue", "0–255", 0, 255),
    Metric("std_red", "Deviation of red", "0–127.5", 0, 127.5),
    Metric("std_green", "Deviation of green", "0–127.5", 0, 127.5),
    Metric("std_blue", "Deviation of blue", "0–127.5", 0, 127.5),
    Metric("luminance", "Luminance", "0–255", 0, 255),
    Metric("sharpness", "Sharpness (variance of the Laplacian)", "", 0, 5000),
    Metric("nodata_share", "Share without data", "0–1", 0, 1),
)


def compute(tiles: NDArray[np.uint8], valid: NDArray[np.bool_]) -> dict[str, NDArray[np.float32]]:
    """Measure each tile on its valid pixels.

    tiles: (n, h, w, 3) uint8; valid: (n, h, w) bool.  Returns one (n,) float32 column per name in METRICS.
    A tile without any valid pixel has nodata_share 1 and NaN elsewhere; a tile too small or too sparse for a
    Laplacian has sharpness 0.
    """
    if tiles.ndim != 4 or tiles.shape[-1] != 3 or valid.shape != tiles.shape[:3]:
        raise ValueError(f"tiles {tiles.shape} and valid {valid.shape} must be (n, h, w, 3) and (n, h, w)")
    batches = [_measure(tiles[i : i + _BATCH], valid[i : i + _BATCH]) for i in range(0, len(tiles), _BATCH)]
    table = np.concatenate(batches) if batches else np.empty((0, len(METRICS)), np.float32)
    return {metric.name: np.ascontiguousarray(table[:, i]) for i, metric in enumerate(METRICS)}


def _measure(tiles: NDArray[np.uint8], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(n, h, w, 3), (n, h, w) -> (n, 9), columns as in METRICS."""
    pixels = tiles.astype(np.float32)
    count = valid.sum(axis=(1, 2)).astype(np.float32)  # (n,)
    weight = valid[..., None].astype(np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (pixels * weight).sum(axis=(1, 2), dtype=np.float64) / count[:, None]  # (n, 3)
        square = (((pixels - mean[:, None, None].astype(np.float32)) ** 2) * weight).sum(axis=(1, 2), dtype=np.float64)
        deviation = np.sqrt(square / count[:, None])
    luminance = mean @ REC_709.astype(np.float64)
    sharp = np.where(count > 0, _sharpness(pixels @ REC_709, valid), np.nan)
    missing = 1 - count / np.float32(max(1, valid[0].size))
    return np.column_stack([mean, deviation, luminance, sharp, missing]).astype(np.float32)


def _sharpness(grey: NDArray[np.float32], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Variance of the 4-neighbour Laplacian where it and its neighbours are valid: (n, h, w), (n, h, w) -> (n,)."""
    if min(grey.shape[1:]) < 3:
        return np.zeros(len(grey))
    laplacian = _neighbours(grey).sum(axis=0) - 4 * grey[:, 1:-1, 1:-1]
    inside = _neighbours(valid).all(axis=0) & valid[:, 1:-1, 1:-1]
    count = np.maximum(inside.sum(axis=(1, 2)), 1)
    kept = np.where(inside, laplacian, 0)
    mean = kept.sum(axis=(1, 2), dtype=np.float64) / count
    centred = np.where(inside, laplacian - mean[:, None, None], 0)
    return np.asarray((centred**2).sum(axis=(1, 2), dtype=np.float64) / count)


def _neighbours(image: NDArray[T]) -> NDArray[T]:
    return np.stack([image[:, :-2, 1:-1], image[:, 2:, 1:-1], image[:, 1:-1, :-2], image[:, 1:-1, 2:]])
