"""What can be measured on a tile without a model: brightness, contrast, sharpness, missing pixels."""

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

REC_709 = np.array([0.2126, 0.7152, 0.0722], np.float32)  # weights of red, green, blue in luminance (ITU-R BT.709)
_VALUES = np.arange(256)
T = TypeVar("T", bound=np.generic)


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
    table = np.array([_measure(*pair) for pair in zip(tiles, valid, strict=True)], np.float32).reshape(-1, len(METRICS))
    return {metric.name: np.ascontiguousarray(table[:, i]) for i, metric in enumerate(METRICS)}


def _measure(tile: NDArray[np.uint8], valid: NDArray[np.bool_]) -> list[float]:
    """(h, w, 3), (h, w) -> 9 numbers, as in METRICS. One tile at a time: it stays in the processor's cache."""
    count, size = int(np.count_nonzero(valid)), max(1, valid.size)
    if not count:
        return [np.nan] * (len(METRICS) - 1) + [1.0]
    whole = count == valid.size
    mask = None if whole else Image.fromarray(valid.astype(np.uint8))
    levels = np.reshape(Image.fromarray(tile).histogram(mask), (3, 256))  # how often each value is there: exact
    mean = levels @ _VALUES / count
    deviation = np.sqrt(np.maximum(levels @ _VALUES**2 / count - mean**2, 0))
    grey = tile.astype(np.float32) @ REC_709
    return [*mean, *deviation, mean @ REC_709.astype(np.float64), _sharpness(grey, None if whole else valid),
            1 - count / size]  # fmt: skip


def _sharpness(grey: NDArray[np.float32], valid: NDArray[np.bool_] | None) -> float:
    """Variance of the 4-neighbour Laplacian of (h, w) where it and its neighbours are valid; None: all are."""
    if min(grey.shape) < 3:
        return 0.0
    laplacian = -4 * grey[1:-1, 1:-1]
    for beside in _neighbours(grey):
        laplacian += beside
    if valid is not None:
        laplacian = laplacian[np.logical_and.reduce(_neighbours(valid)) & valid[1:-1, 1:-1]]
    values = laplacian.ravel().astype(np.float64)
    return float(np.einsum("i,i", values, values) / len(values) - values.mean() ** 2) if len(values) else 0.0


def _neighbours(image: NDArray[T]) -> list[NDArray[T]]:
    return [image[:-2, 1:-1], image[2:, 1:-1], image[1:-1, :-2], image[1:-1, 2:]]
