"""A composite of one date on disk: a COG written window by window, with what it was made of in its tags."""

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.errors import RasterioError
from rasterio.windows import Window

from search.compositing.reading import Canvas
from search.imagery.pool import NEVER_GUESS

BLOCK = 256  # pixels a side
BUDGET = 96 * 2**20  # bytes of values of all days that are in memory at once
LARGEST = 2048  # pixels a side of a window
BEAT = 5.0  # seconds
TAG = "LOOKALIKE_COMPOSITE"
ENVIRONMENT = {**NEVER_GUESS, "GDAL_TIFF_INTERNAL_MASK": "YES", "GDAL_CACHEMAX": 64}  # MB
COG = {"driver": "COG", "compress": "DEFLATE", "predictor": "YES", "blocksize": "512", "bigtiff": "IF_SAFER",
       "overview_resampling": "AVERAGE", "num_threads": "1"}  # fmt: skip
Made = Callable[[Window], tuple[np.ndarray, np.ndarray]]  # (bands, h, w) values, (h, w) what of it is data


def windows(canvas: Canvas, bytes_a_pixel: int) -> Iterator[Window]:
    """Row by row, each of whole blocks, so large that its values fit into BUDGET."""
    fits = int((BUDGET / max(bytes_a_pixel, 1)) ** 0.5) // BLOCK * BLOCK
    side = min(max(fits, BLOCK), LARGEST)
    for top in range(0, canvas.height, side):
        for left in range(0, canvas.width, side):
            yield Window(left, top, min(side, canvas.width - left), min(side, canvas.height - top))


def write(
    path: Path, staging: Path, canvas: Canvas, bands: int, kind: np.dtype, made: Made, *,
    told: Callable[[], dict[str, Any]], windows: list[Window], beat: Callable[[], None],
) -> None:  # fmt: skip
    """The file appears at `path` whole or not at all.

    staging: a folder of our own on the same disk, emptied before and after.  told: what to note in the file, asked
    once all is made.  beat: called every few seconds while the finished pixels are put in order.
    """
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    plain, whole = staging / "plain.tif", staging / "whole.tif"
    nodata = {"nodata": np.nan} if kind.kind == "f" else {}
    profile = {
        "driver": "GTiff", "count": bands, "dtype": kind, "crs": canvas.crs, "transform": canvas.transform,
        "width": canvas.width, "height": canvas.height, "tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK,
        "compress": "DEFLATE", "zlevel": 1, "bigtiff": "IF_SAFER", **nodata,
    }  # fmt: skip
    try:
        with rasterio.Env(**ENVIRONMENT), rasterio.open(plain, "w", **profile) as out:
            for window in windows:
                values, valid = made(window)
                out.write(np.where(valid, values, np.nan if nodata else 0).astype(kind), window=window)
                if not nodata:
                    out.write_mask(valid, window=window)
            out.update_tags(**{TAG: json.dumps(told(), sort_keys=True)})
        beating(lambda: arranged(plain, whole), beat)
        path.parent.mkdir(parents=True, exist_ok=True)
        whole.replace(path)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def arranged(plain: Path, whole: Path) -> None:
    with rasterio.Env(**ENVIRONMENT):
        rasterio.shutil.copy(str(plain), str(whole), **COG)


def beating(work: Callable[[], None], beat: Callable[[], None]) -> None:
    """Do the work in a thread, and beat while it lasts; what beating raises is raised when the work has ended."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(work)
        while not _ended(running, BEAT):
            beat()
        running.result()


def _ended(running: Any, seconds: float) -> bool:
    try:
        running.exception(timeout=seconds)
    except TimeoutError:
        return False
    return True


def told_in(path: Path) -> dict[str, Any] | None:
    """What a finished file was made of; None when there is none, or it cannot be read."""
    if not path.is_file():
        return None
    try:
        with rasterio.Env(**ENVIRONMENT), rasterio.open(path) as source:
            found: dict[str, Any] = json.loads(source.tags().get(TAG, "null"))
    except (RasterioError, ValueError):
        return None
    return found
