"""Labelled sets from a map: tiles of a GeoTIFF, labelled by polygons with a property."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.features import rasterize
from rasterio.io import DatasetReader
from rasterio.warp import transform_geom
from rasterio.windows import Window

from ml.errors import BadLabels
from ml.evaluate.labelled import Images, Labelled, from_names

SHARE = 0.5  # of a tile's pixels that one class must cover
_WGS84 = "EPSG:4326"  # what GeoJSON is in (RFC 7946)
_SHAPES = ("Polygon", "MultiPolygon")


def from_polygons(polygons: Path, raster: Path, label: str, side: int = 64) -> Labelled:
    """Tiles of side × side pixels, side by side; each has the class of the polygons that cover most of it.

    polygons: GeoJSON in degrees; label: the property with the class; raster: GeoTIFF of 8 bits, in any projection.
    A tile of which no class covers half is left out.  Places are in the raster's units.  Raises BadLabels.
    """
    shapes = _shapes(polygons, label)
    try:
        with rasterio.open(raster) as file:
            _check(file, raster)
            found, rows, columns = _classes(file, shapes, side)
            if not found:
                raise BadLabels(f"No polygon of {polygons} covers half of a tile of {side} px of {raster}.")
            places = np.array(
                [
                    file.xy(r * side + side / 2 - 0.5, c * side + side / 2 - 0.5)
                    for r, c in zip(rows, columns, strict=True)
                ]
            )
            apart, around = side * max(map(abs, file.res)), 360.0 if file.crs.is_geographic else None
    except RasterioError as error:
        raise BadLabels(f"{raster} is not a GeoTIFF that can be read: {error}.") from error
    labelled = from_names(polygons.stem, found, lambda i: _tile(raster, rows[i], columns[i], side))
    return replace(labelled, places=places, apart=apart, around=around)


def _shapes(path: Path, label: str) -> list[tuple[dict[str, Any], str]]:
    """(geometry, class) of each feature."""
    try:
        features = json.loads(path.read_bytes())["features"]
        shapes = [(one["geometry"], (one["properties"] or {}).get(label)) for one in features]
        kinds = {geometry["type"] for geometry, _ in shapes}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadLabels(f"{path} is not a GeoJSON FeatureCollection ({error!r}).") from error
    if not shapes or not kinds <= set(_SHAPES):
        raise BadLabels(f"{path} must hold polygons; it has {', '.join(sorted(kinds)) or 'nothing'}.")
    if any(name is None for _, name in shapes):
        raise BadLabels(f"{path}: every feature needs the property {label!r}; name another with --label.")
    return [(geometry, str(name)) for geometry, name in shapes]


def _check(file: DatasetReader, path: Path) -> None:
    if file.crs is None:
        raise BadLabels(f"{path} says nothing about where it lies: it has no coordinate reference system.")
    if file.dtypes[0] != "uint8" or file.count not in (1, 3, 4):
        raise BadLabels(f"{path} must have 1, 3 or 4 bands of 8 bits; it has {file.count} of {file.dtypes[0]}.")


def _classes(
    file: DatasetReader, shapes: list[tuple[dict[str, Any], str]], side: int
) -> tuple[list[str], list[int], list[int]]:
    """Class, row and column of each tile that has a class."""
    names = sorted({name for _, name in shapes})
    burnt = [(transform_geom(_WGS84, file.crs, geometry), names.index(name) + 1) for geometry, name in shapes]
    try:
        grid = rasterize(burnt, file.shape, transform=file.transform, dtype="int32")
    except (ValueError, TypeError) as error:
        raise BadLabels(f"A polygon is damaged: {error}.") from error
    found, rows, columns = [], [], []
    for row, column in np.ndindex(file.height // side, file.width // side):
        tile = grid[row * side : (row + 1) * side, column * side : (column + 1) * side]
        counts = np.bincount(tile.ravel(), minlength=len(names) + 1)[1:]
        if counts.max() >= SHARE * side * side:
            found.append(names[counts.argmax()])
            rows.append(row)
            columns.append(column)
    return found, rows, columns


def _tile(raster: Path, row: int, column: int, side: int) -> Images:
    with rasterio.open(raster) as file:
        bands = [1, 2, 3] if file.count > 1 else [1, 1, 1]
        pixels: NDArray[np.uint8] = file.read(bands, window=Window(column * side, row * side, side, side))
    return pixels.transpose(1, 2, 0)
