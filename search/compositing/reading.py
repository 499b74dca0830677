"""Native values of scenes on one canvas of pixels: what sensors and colour maps say, before any stretch."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.windows import Window
from rio_tiler.errors import RioTilerError

from search import grid, imagery
from search.errors import BadImagery, BadQuery
from search.gibs import colormaps
from search.imagery.raster import RasterReader, box_of, broken, rasters
from search.imagery.tileset import TilesetReader
from search.models import Scene


@dataclass(frozen=True)
class Canvas:
    """Pixels of the dataset's grid: left top corner and size of a pixel in its units."""

    crs: str
    left: float
    top: float
    pixel: float
    width: int
    height: int

    def box(self, window: Window) -> grid.Bounds:
        west, north = self.left + window.col_off * self.pixel, self.top - window.row_off * self.pixel
        return west, north - window.height * self.pixel, west + window.width * self.pixel, north

    @property
    def transform(self) -> rasterio.Affine:
        return rasterio.Affine(self.pixel, 0, self.left, 0, -self.pixel, self.top)


def canvas_around(scenes: list[Scene]) -> Canvas:
    """All that the scenes cover, in their finest pixels; downloaded tiles keep theirs. BadQuery without any data."""
    placed = [scene for scene in scenes if scene.bounds and scene.resolution]
    if not placed:
        raise BadQuery("There is no data on any of these dates.")
    pyramid = placed[0].product.dataset.grid
    west, south, east, north = zip(*(scene.bounds for scene in placed if scene.bounds), strict=True)
    pixel = min(scene.resolution for scene in placed if scene.resolution)
    x, y = pyramid.origin if any(scene.folder for scene in placed) else (min(west), max(north))
    hair = 1e-6  # pixels
    left, top = math.floor((min(west) - x) / pixel + hair), math.floor((y - max(north)) / pixel + hair)
    right, bottom = math.ceil((max(east) - x) / pixel - hair), math.ceil((y - min(south)) / pixel - hair)
    return Canvas(pyramid.crs, x + left * pixel, y - top * pixel, pixel, right - left, bottom - top)


def kind_of(scenes: list[Scene]) -> tuple[int, np.dtype]:
    """How many bands the scenes have, and the type that holds the values of all. BadImagery when they do not fit."""
    kinds = {_kind(scene) for scene in scenes}
    counts = {bands for bands, _ in kinds}
    if len(counts) != 1:
        raise BadImagery(f"{scenes[0].product} has scenes with {' and '.join(map(str, sorted(counts)))} bands: "
                         "they cannot be put together.")  # fmt: skip
    return counts.pop(), np.result_type(*(kind for _, kind in kinds))


def _kind(scene: Scene) -> tuple[int, np.dtype]:
    with imagery.opened(scene) as reader:
        if isinstance(reader, TilesetReader):
            return (1, np.dtype(np.float32)) if reader.values else (3, np.dtype(np.uint8))
        if not isinstance(reader, RasterReader) or not reader.files:
            raise BadQuery(f"{scene} has no georeferenced imagery.")
        try:
            with rasters.lent(reader.files[0].path) as raster:
                info: Any = raster.dataset
                return len(scene.stretch["bands"]), np.dtype(info.dtypes[0])
        except RasterioError as error:
            raise broken(reader.files[0].path, error) from error


def read(scene: Scene, canvas: Canvas, window: Window, kind: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """(bands, h, w) values and (h, w) what of it is data; pixels are taken as they are, never mixed."""
    box, width, height = canvas.box(window), int(window.width), int(window.height)
    with imagery.opened(scene, box) as reader:
        if isinstance(reader, TilesetReader):
            rgb, valid = reader.area(box, width, height, resampling="nearest")
            if reader.values is None:
                return np.moveaxis(rgb, -1, 0), valid
            values = colormaps.values(rgb, reader.values.colormap)[None]
            return np.nan_to_num(values, nan=0), valid & np.isfinite(values[0])
        if not isinstance(reader, RasterReader):
            raise BadQuery(f"{scene} has no georeferenced imagery.")
        return painted(reader, box, width, height, kind)


def painted(
    reader: RasterReader, box: grid.Bounds, width: int, height: int, kind: np.dtype
) -> tuple[np.ndarray, np.ndarray]:
    """File by file until nothing is missing, as the map shows them."""
    values = np.zeros((len(reader.scene.stretch["bands"]), height, width), kind)
    valid = np.zeros((height, width), bool)
    for file in reader.files:
        if grid.overlaps(box_of(file), box) and not valid.all():
            found, known = native(reader, file.path, box, width, height)
            fresh = known & ~valid
            np.copyto(values, found, where=fresh, casting="unsafe")  # `kind` holds the values of all scenes
            valid |= known
    return values, valid


def native(reader: RasterReader, path: str, box: grid.Bounds, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    stretch, crs = reader.scene.stretch, reader.grid.crs
    try:
        with rasters.lent(path) as raster:
            part = raster.part(
                box, bounds_crs=crs, dst_crs=crs, width=width, height=height, resampling_method="nearest",
                indexes=stretch["bands"],
            )  # fmt: skip
    except (RasterioError, RioTilerError) as error:
        raise broken(path, error) from error
    data = np.ma.getdata(part.array)
    known = (part.mask > 0) & np.isfinite(data).all(axis=0)
    if stretch.get("nodata") is not None:
        known &= (data != stretch["nodata"]).all(axis=0)
    return np.nan_to_num(data) if data.dtype.kind == "f" else data, known
