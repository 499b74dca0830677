"""A georeferenced raster looked at before it is taken in: where it lies, how fine it is, whether it is whole."""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TypedDict

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.warp import transform_bounds

from search.digests import file_digest
from search.errors import BadImagery
from search.imagery.pool import NEVER_GUESS

LOOKED_AT = 1024  # pixels a side of the reduced picture from which the stretch is taken
STRETCH = (2, 98)  # percentiles drawn black and white when the values are not 8-bit colours


class Stretch(TypedDict):
    """Which bands are shown (from 1), and each one's values drawn as 0 and 255."""

    bands: list[int]
    low: list[float]
    high: list[float]


@dataclass(frozen=True)
class Inspected:
    path: Path
    size: int
    digest: str
    west: float
    south: float
    east: float
    north: float
    resolution: float  # degrees per pixel
    date: date | None
    stretch: Stretch

    def box(self) -> dict[str, float]:
        return {"west": self.west, "south": self.south, "east": self.east, "north": self.north}


@contextmanager
def opened(path: Path) -> Iterator[rasterio.DatasetReader]:
    """The file alone, without what lies beside it; whether it has a place is the caller's question, not a warning."""
    with warnings.catch_warnings(), rasterio.Env(**NEVER_GUESS):
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path) as source:
            yield source


def is_georeferenced(path: Path) -> bool:
    try:
        with opened(path) as source:
            return source.crs is not None
    except RasterioError:
        return False


def inspect(path: Path) -> Inspected:
    """Look at a file; BadImagery when it is no raster, has no place on Earth, is cut short or holds no data."""
    try:
        with opened(path) as source:
            if source.crs is None:
                raise BadImagery(
                    f"{path.name} has no georeference, so it has no place on a map. "
                    "Give it one (gdal_translate -a_srs … -a_ullr …), or import it as a gallery (--kind gallery)."
                )
            check_whole(path, source)
            west, south, east, north = bounds(path, source)
            return Inspected(
                path, path.stat().st_size, file_digest(path), west, south, east, north,
                resolution=min((east - west) / source.width, (north - south) / source.height),
                date=tagged_date(source), stretch=stretch(path, source),
            )  # fmt: skip
    except RasterioError as error:
        raise BadImagery(f"{path.name} is not an image that can be read ({error}).") from error


def bounds(path: Path, source: rasterio.DatasetReader) -> tuple[float, float, float, float]:
    west, south, east, north = transform_bounds(source.crs, "EPSG:4326", *source.bounds, densify_pts=21)
    if not all(map(np.isfinite, (west, south, east, north))) or south < -90.01 or north > 90.01:
        raise BadImagery(f"{path.name} lies outside the Earth ({west:g}, {south:g}, {east:g}, {north:g}).")
    if west > east:
        raise BadImagery(f"{path.name} crosses the date line: split it there in two files and import both.")
    return max(west, -180.0), max(south, -90.0), min(east, 180.0), min(north, 90.0)


def check_whole(path: Path, source: rasterio.DatasetReader) -> None:
    """Every block that the TIFF's index promises must lie inside the file (TIFF 6.0, TileOffsets and StripOffsets)."""
    if source.driver != "GTiff":
        return
    size = path.stat().st_size
    for overview in [None, *range(len(source.overviews(1)))]:
        for row, col in corners(source, overview):
            offset, length = (
                source.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", bidx=1, ovr=overview)
                for what in ("OFFSET", "SIZE")
            )
            if offset and length and int(offset) + int(length) > size:
                raise BadImagery(f"{path.name} is cut short: it should go on after its {size:,} bytes. Fetch it again.")


def corners(source: rasterio.DatasetReader, overview: int | None) -> list[tuple[int, int]]:
    """(block row, block column) of the first and the last block of each block row."""
    factor = 1 if overview is None else source.overviews(1)[overview]
    height, width = source.block_shapes[0]
    rows = math.ceil(math.ceil(source.height / factor) / height)
    cols = math.ceil(math.ceil(source.width / factor) / width)
    return [(row, col) for row in range(rows) for col in {0, cols - 1}]


def stretch(path: Path, source: rasterio.DatasetReader) -> Stretch:
    """Which bands are shown and which values are drawn black and white; BadImagery when there are none."""
    bands = [1, 2, 3] if source.count >= 3 else [1]
    factor = max(1, max(source.height, source.width) // LOOKED_AT)
    shape = (len(bands), max(1, source.height // factor), max(1, source.width // factor))
    data = source.read(bands, out_shape=shape, masked=True)
    values = np.ma.masked_invalid(data.astype(np.float64)) if data.dtype.kind == "f" else data
    if values.count() == 0:
        raise BadImagery(f"{path.name} holds no data: every pixel is empty or not a number.")
    if data.dtype == np.uint8:
        low, high = [0.0] * len(bands), [255.0] * len(bands)
    else:
        limits = [np.percentile(band.compressed(), STRETCH) if band.count() else (0, 1) for band in values]
        low, high = [float(limit[0]) for limit in limits], [float(limit[1]) for limit in limits]
    return {"bands": bands, "low": low, "high": high}


def tagged_date(source: rasterio.DatasetReader) -> date | None:
    """TIFFTAG_DATETIME is "YYYY:MM:DD HH:MM:SS" (TIFF 6.0)."""
    try:
        return datetime.strptime(source.tags().get("TIFFTAG_DATETIME", "")[:10], "%Y:%m:%d").date()
    except ValueError:
        return None
