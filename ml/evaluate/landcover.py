"""The yardstick: tiles of the Blue Marble, with the land cover that other instruments saw there.

64-px crops (2.86 degrees) of the August image, one every 32 px, in eleven classes of 100 tiles each:

    ocean          no land in the tile, by the land polygons; at least 99 % water, by MCD12C1 (ice shelves are not)
    island         islands (land polygons under 100,000 km²) cover 0.5 to 60 % of it; no larger land 0.5 % or more
    coast          larger land covers 20 to 80 % of it
    eight classes  at least 95 % land, less than 10 % lakes, and one land cover (groups of IGBP classes, MCD12C1 of
                   2019) over at least 80 % of it: evergreen broadleaf forest, other forest, shrubland, savanna,
                   grassland, cropland, snow and ice, barren

Tiles that touch or overlap are neighbours on the map.
"""

import warnings
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import ShapeSkipWarning
from rasterio.features import rasterize
from rasterio.transform import from_bounds

from ml.errors import BadLabels
from ml.evaluate import naturalearth
from ml.evaluate.labelled import Images, Labelled, balanced

SIDE, STEP = 64, 32
EACH = 100  # tiles of a class
PURE = 0.8
COLUMN = 128  # px: the map's columns, of which the even ones are for choosing and the odd ones for reporting
_SMALL = 100_000  # km²
_IGBP = {
    "evergreen broadleaf forest": [2],
    "other forest": [1, 3, 4, 5],
    "shrubland": [6, 7],
    "savanna": [8, 9],
    "grassland": [10],
    "cropland": [12, 14],
    "snow and ice": [15],
    "barren": [16],
}
CLASSES = ["ocean", "island", "coast", *_IGBP]
FILES = ("bluemarble_2004-08-01.tif", "MCD12C1_2019_IGBP_7200x3600.tif", "land-10m.json", "ne_10m_lakes.shp")
Shares = NDArray[np.float64]


def land_cover(data: Path, columns: str = "all", each: int | None = EACH) -> Labelled:
    """The yardstick from a folder with FILES; columns: "all", "even" or "odd" of the map, 5.7 degrees each.

    each: at most so many tiles of a class; None: all that have one (24,341, of which two thirds are ocean).

    Raises BadLabels when a file is missing.
    """
    if missing := [name for name in FILES if not (data / name).is_file()]:
        raise BadLabels(f"{data} lacks {', '.join(missing)}; see docs/benchmarks/encoders.md for where they come from.")
    image = _image(data / FILES[0])
    labels = _labels(data, *image.shape[:2]).ravel()
    middles = _middles(*image.shape[:2])
    wanted = (middles[:, 0] // COLUMN) % 2 == ("even", "odd").index(columns) if columns != "all" else True
    candidates = np.flatnonzero((labels >= 0) & wanted)
    chosen = candidates if each is None else candidates[balanced(labels[candidates], each)]
    corners = (middles[chosen] - SIDE / 2).astype(int)
    wide = np.concatenate([image, image[:, :STEP]], axis=1)  # the last column of tiles crosses 180 degrees

    def read(i: int) -> Images:
        x, y = corners[i]
        return wide[y : y + SIDE, x : x + SIDE]

    degrees = 360 / image.shape[1]
    places = middles[chosen] * [degrees, -degrees] + [-180, 90]
    name = "land cover" if columns == "all" else f"land cover, {columns} columns"
    return Labelled(name, CLASSES, labels[chosen], read, places, SIDE * degrees, 360.0)


def _image(path: Path) -> Images:
    with rasterio.open(path) as file:
        pixels: Images = file.read([1, 2, 3])
    return pixels.transpose(1, 2, 0)


def _middles(height: int, width: int) -> NDArray[np.float64]:
    """x and y of every tile's middle, in pixels, row by row: (tiles, 2)."""
    rows, columns = np.mgrid[: height // STEP - 1, : width // STEP]
    return np.stack([columns.ravel(), rows.ravel()], axis=1) * STEP + SIDE / 2


def _labels(data: Path, height: int, width: int) -> NDArray[np.int64]:
    """Of every tile the class, or -1: (rows, columns)."""
    land, islands, lakes = _polygons(data, height, width)
    continents = land - islands
    cover = _cover(data / FILES[1], height, width)
    labels = np.full(land.shape, -1)
    inland = (land > 0.95) & (lakes < 0.1)
    rules = [
        (land == 0) & (cover[..., 0] >= 0.99),
        (islands >= 0.005) & (continents < 0.005) & (land < 0.6),
        (continents > 0.15) & (land > 0.2) & (land < 0.8),
        *(inland & (cover[..., classes].sum(axis=-1) >= PURE) for classes in _IGBP.values()),
    ]
    for number, rule in reversed(list(enumerate(rules))):
        labels[rule] = number
    return labels


def _polygons(data: Path, height: int, width: int) -> tuple[Shares, Shares, Shares]:
    """Shares of land, of islands and of lakes per tile."""
    land = naturalearth.topology(data / FILES[2])
    big = [i for i, polygon in enumerate(land) if naturalearth.area(polygon) >= _SMALL]
    burnt = _burn(land, height, width)
    burnt_big = _burn([land[i] for i in big], height, width)
    share = _shares(burnt)
    return share, share - _shares(burnt_big), _shares(_burn(naturalearth.shapefile(data / FILES[3]), height, width))


def _burn(polygons: list[naturalearth.Polygon], height: int, width: int) -> NDArray[np.uint8]:
    shapes = [{"type": "Polygon", "coordinates": polygon} for polygon in polygons]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShapeSkipWarning)  # islands that are one point at this scale
        return rasterize(
            shapes, (height, width), transform=from_bounds(-180, -90, 180, 90, width, height), dtype="uint8"
        )


def _cover(path: Path, height: int, width: int) -> Shares:
    """Share of each of the 17 IGBP classes per tile: (rows, columns, 17)."""
    with rasterio.open(path) as file:
        grid = file.read(1)
    rows = ((np.arange(height) + 0.5) * grid.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * grid.shape[1] / width).astype(int)
    here = grid[rows][:, columns]
    return np.stack([_shares(here == igbp) for igbp in range(17)], axis=-1)


def _shares(mask: NDArray[np.generic]) -> Shares:
    """(height, width) of 0 and 1 -> the mean over every tile: (rows, columns)."""
    height, width = mask.shape
    cells = mask.astype(np.float64).reshape(height // STEP, STEP, width // STEP, STEP).mean(axis=(1, 3))
    wide = np.concatenate([cells, cells[:, :1]], axis=1)
    return (wide[:-1, :-1] + wide[1:, :-1] + wide[:-1, 1:] + wide[1:, 1:]) / 4
