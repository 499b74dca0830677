"""The tile pyramid: NASA GIBS' EPSG:4326 tile matrix set, as arithmetic and for morecantile.

512-pixel tiles, origin (-180, 90), each 288 / 2^level degrees wide (GIBS API documentation, "Geographic
projection"; widths and heights are rounded up, so the east and south tiles of levels 0 to 2 run past the world).
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from morecantile import TileMatrixSet

from search.errors import BadQuery, NoSuchTile

TILE_SIZE = 512  # pixels
DEEPEST = 13  # what a tile key's row and column bits can hold; 7.6 m per pixel
LEVEL0 = 288.0  # degrees
KILOMETRES_PER_DEGREE = 40075.017 / 360  # at the equator
METRES_PER_DEGREE = 111319.49079327357
Bounds = tuple[float, float, float, float]  # west, south, east, north in degrees


def span(level: int) -> float:
    """Width and height of a level's tiles, in degrees."""
    return LEVEL0 / 2**level


def resolution(level: int) -> float:
    """Degrees per pixel."""
    return span(level) / TILE_SIZE


def columns(level: int) -> int:
    return math.ceil(360 / span(level))


def rows(level: int) -> int:
    return math.ceil(180 / span(level))


def kilometres(level: int) -> int:
    """A tile's width at the equator as people say it: 1000, 500, 250, 125 …"""
    exact = span(level) * KILOMETRES_PER_DEGREE
    return round(exact) if exact < 100 else round(exact / 5) * 5 if exact < 400 else round(exact / 100) * 100


def check_level(level: int) -> None:
    if not 0 <= level <= DEEPEST:
        raise NoSuchTile(f"There is no level {level}: levels go from 0 (the whole Earth) to {DEEPEST}.")


def check(level: int, row: int, col: int) -> None:
    """Refuse a tile that does not exist."""
    check_level(level)
    if not (0 <= row < rows(level) and 0 <= col < columns(level)):
        raise NoSuchTile(
            f"There is no tile in row {row}, column {col} of level {level}: "
            f"it has rows 0 to {rows(level) - 1} and columns 0 to {columns(level) - 1}."
        )


def bounds(level: int, row: int, col: int) -> Bounds:
    check(level, row, col)
    size = span(level)
    return col * size - 180, 90 - (row + 1) * size, (col + 1) * size - 180, 90 - row * size


def bounds_of_many(level: int, tile_rows: np.ndarray, tile_cols: np.ndarray) -> np.ndarray:
    """(n,) rows and columns -> (n, 4) west, south, east, north."""
    size = span(level)
    west, north = tile_cols * size - 180, 90 - tile_rows * size
    return np.stack([west, north - size, west + size, north], axis=1)


def tile_at(lon: float, lat: float, level: int) -> tuple[int, int]:
    """(row, column) of the tile that holds a place. Longitudes wrap; the south pole is in the last row."""
    check_level(level)
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise BadQuery("Longitude and latitude must be numbers.")
    if not -90 <= lat <= 90:
        raise BadQuery(f"Latitude {lat:g} is not on Earth: write a number from -90 to 90.")
    size = span(level)
    col = int(((lon + 180) % 360) // size)
    row = int((90 - lat) // size)
    return min(row, rows(level) - 1), min(col, columns(level) - 1)


@dataclass(frozen=True)
class Block:
    """A rectangle of tiles: rows [top, bottom), columns [left, right)."""

    level: int
    top: int
    bottom: int
    left: int
    right: int

    @property
    def count(self) -> int:
        return (self.bottom - self.top) * (self.right - self.left)

    @property
    def bounds(self) -> Bounds:
        size = span(self.level)
        return self.left * size - 180, 90 - self.bottom * size, self.right * size - 180, 90 - self.top * size

    def addresses(self) -> tuple[np.ndarray, np.ndarray]:
        """(n,) rows and (n,) columns, row by row."""
        tile_rows, tile_cols = np.mgrid[self.top : self.bottom, self.left : self.right]
        return tile_rows.ravel(), tile_cols.ravel()


def covering(area: Bounds, level: int) -> Block:
    """The tiles that an area (west <= east) touches by more than its rim."""
    check_level(level)
    west, south, east, north = area
    size, hair = span(level), span(level) * 1e-6
    return Block(
        level,
        top=max(0, math.floor((90 - north + hair) / size)),
        bottom=min(rows(level), math.ceil((90 - south - hair) / size)),
        left=max(0, math.floor((west + 180 + hair) / size)),
        right=min(columns(level), math.ceil((east + 180 - hair) / size)),
    )


@cache
def tile_matrix_set() -> TileMatrixSet:
    """The pyramid as morecantile and rio-tiler take it (OGC Two Dimensional Tile Matrix Set, 17-083r4)."""
    return TileMatrixSet(
        id="GIBS_EPSG4326",
        title="NASA GIBS geographic pyramid",
        crs="http://www.opengis.net/def/crs/EPSG/0/4326",
        orderedAxes=["Lat", "Lon"],
        tileMatrices=[_matrix(level) for level in range(DEEPEST + 1)],
    )


def _matrix(level: int) -> dict[str, object]:
    return {
        "id": str(level),
        "scaleDenominator": resolution(level) * METRES_PER_DEGREE / 0.00028,
        "cellSize": resolution(level),
        "pointOfOrigin": [90, -180],
        "tileWidth": TILE_SIZE,
        "tileHeight": TILE_SIZE,
        "matrixWidth": columns(level),
        "matrixHeight": rows(level),
    }


def describe() -> dict[str, object]:
    """The pyramid as the map page takes it."""
    levels = [
        {
            "level": level,
            "degrees": span(level),
            "kilometres": kilometres(level),
            "resolution": resolution(level),
            "columns": columns(level),
            "rows": rows(level),
        }
        for level in range(DEEPEST + 1)
    ]
    return {"crs": "EPSG:4326", "origin": [-180, 90], "tile_size": TILE_SIZE, "levels": levels}
