"""Rasters copied into the data folder as Cloud Optimized GeoTIFFs, block by block, and cut at the date line."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio import Affine, DatasetReader
from rasterio.enums import MaskFlags
from rasterio.errors import RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from search import grid
from search.errors import BadImagery, TooLarge
from search.imagery.pool import NEVER_GUESS
from search.intake import staging

SPARE = 2**29  # bytes of disk that stay free
BLOCK = 512
COG = {"driver": "COG", "compress": "DEFLATE", "predictor": "YES", "blocksize": str(BLOCK), "bigtiff": "IF_SAFER",
       "overview_resampling": "AVERAGE", "num_threads": "1"}  # fmt: skip
STEP = 2048  # pixels a side, copied at a time


def cog(source: DatasetReader, target: Path) -> Path:
    """The raster as a COG at `target`, which appears whole or not at all; one that is there already stays."""
    if not target.is_file():
        with quiet(target, source) as part:
            rasterio.shutil.copy(source, str(part), **COG)
    return target


def halves(source: DatasetReader, box: grid.Bounds, folder: Path, stem: str) -> list[Path]:
    """A raster that crosses the date line as two COGs in EPSG:4326, one on either side.

    box: west, south, east, north in degrees, east beyond 180.
    """
    west, south, east, north = box
    parts = [("west", (west, south, 180.0, north), 0.0), ("east", (-180.0, south, east - 360, north), 360.0)]
    paths = []
    for side, part, shift in parts:
        target = folder / f"{stem}-{side}.tif"
        if not target.is_file():
            with quiet(target, source) as unfinished:
                cut(source, part, shift, (east - west) / source.width, unfinished)
        paths.append(target)
    return paths


@contextmanager
def quiet(target: Path, source: DatasetReader) -> Iterator[Path]:
    """A file beside the target, which takes its name when all went well."""
    check_room(source, target)
    folder = staging.beside(target)
    folder.mkdir(parents=True)
    try:
        with rasterio.Env(**NEVER_GUESS, CPL_TMPDIR=str(folder)):
            yield folder / "whole.tif"
        check_plain(folder / "whole.tif")
        (folder / "whole.tif").replace(target)
    except RasterioError as error:
        raise BadImagery(f"{Path(source.name).name} could not be copied ({error}).") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_room(source: DatasetReader, target: Path) -> None:
    needed = source.width * source.height * sum(np.dtype(kind).itemsize for kind in source.dtypes) * 4 // 3
    home = next(folder for folder in target.parents if folder.is_dir())
    free = shutil.disk_usage(home).free
    if needed // 4 + SPARE > free:  # imagery packs to less than a quarter seldom, and to more of it often
        raise TooLarge(f"{Path(source.name).name} takes up to {needed / 2**30:.1f} GB as a copy, and the disk has "
                       f"{free / 2**30:.1f} GB left.")  # fmt: skip


def check_plain(path: Path) -> None:
    """Metadata travels along: none of it may make GDAL take the copy for a document that names other files."""
    with path.open("rb") as file:
        if b"<VRTDataset" in file.read(4096):
            path.unlink()
            raise BadImagery("The file's metadata holds a VRT, which names other files. It was left alone.")


def cut(source: DatasetReader, box: grid.Bounds, shift: float, pixel: float, target: Path) -> None:
    """The part of a raster inside a box of degrees, copied step by step.  shift: what the source's own longitudes run
    ahead of the box, where it counts beyond 180."""
    west, south, east, north = box
    width, height = max(1, round((east - west) / pixel)), max(1, round((north - south) / pixel))
    to = Affine((east - west) / width, 0, west, 0, -(north - south) / height, north)
    bands = [i for i, flags in enumerate(source.mask_flag_enums, 1) if source.colorinterp[i - 1].name != "alpha"]
    profile = {"driver": "GTiff", "count": len(bands), "dtype": source.dtypes[0], "crs": "EPSG:4326", "transform": to,
               "width": width, "height": height, "tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK,
               "compress": "DEFLATE", "nodata": source.nodata, "bigtiff": "IF_SAFER"}  # fmt: skip
    plain = target.with_name("plain.tif")
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        with warped(source, to, shift, width, height) as view, rasterio.open(plain, "w", **profile) as out:
            for window in windows(width, height):
                out.write(view.read(bands, window=window), window=window)
                if source.nodata is None:
                    out.write_mask(view.read(view.count, window=window), window=window)
        with rasterio.open(plain) as whole:
            rasterio.shutil.copy(whole, str(target), **COG)
    plain.unlink()


def warped(source: DatasetReader, to: Affine, shift: float, width: int, height: int) -> WarpedVRT:
    """The source on a grid of degrees; its last band says what is data, unless it has a no-data value."""
    same = source.crs.is_geographic
    place = Affine.translation(shift, 0) * to if same and source.bounds.right > 180 else to
    flags = source.mask_flag_enums[0]
    alpha = source.nodata is None and MaskFlags.alpha not in flags
    return WarpedVRT(
        source, crs=source.crs if same else "EPSG:4326", transform=place, width=width, height=height,
        add_alpha=alpha, warp_mem_limit=64,
    )  # fmt: skip


def windows(width: int, height: int) -> Iterator[Window]:
    for top in range(0, height, STEP):
        for left in range(0, width, STEP):
            yield Window(left, top, min(STEP, width - left), min(STEP, height - top))


def crossing(source: DatasetReader) -> grid.Bounds | None:
    """West, south, east, north in degrees with east beyond 180, when the raster crosses the date line; else None."""
    west, south, east, north = transform_bounds(source.crs, "EPSG:4326", *source.bounds, densify_pts=21)
    if west > east:
        return west, south, east + 360, north
    return (west, south, east, north) if -180 <= west < 180 < east - 1e-6 <= 540 else None
