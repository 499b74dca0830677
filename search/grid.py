"""Tile pyramids: NASA GIBS' four tile matrix sets, as arithmetic and for morecantile.

Levels, rows and columns are GIBS' own TileMatrix, TileRow and TileCol (GIBS API documentation, "Available services";
OGC Two Dimensional Tile Matrix Set, 17-083r4). Rows are counted from the top, columns from the left. A dataset lives
on one pyramid; its boxes are in that pyramid's own units: degrees for EPSG:4326, metres for the others.

A tile of the half-tile offset grid (offset=1) lies half a tile to the right of and below the tile of the same row and
column; there is one less of them in each direction.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from morecantile import TileMatrixSet
from pyproj import Transformer

from search.errors import BadQuery, NoSuchTile

METRES_PER_DEGREE = 111319.49079327357
ALONG = 45  # points along each side of a box whose outline is carried into another projection
Bounds = tuple[float, float, float, float]  # west, south, east, north (left, bottom, right, top)


@dataclass(frozen=True)
class Block:
    """A rectangle of tiles: rows [top, bottom), columns [left, right)."""

    grid: "Grid"
    level: int
    top: int
    bottom: int
    left: int
    right: int
    offset: int = 0

    @property
    def count(self) -> int:
        return max(0, self.bottom - self.top) * max(0, self.right - self.left)

    @property
    def bounds(self) -> Bounds:
        left, _, _, top = self.grid.box(self.level, self.top, self.left, self.offset)
        size = self.grid.span(self.level)
        return left, top - (self.bottom - self.top) * size, left + (self.right - self.left) * size, top

    def addresses(self) -> tuple[np.ndarray, np.ndarray]:
        """(n,) rows and (n,) columns, row by row."""
        tile_rows, tile_cols = np.mgrid[self.top : self.bottom, self.left : self.right]
        return tile_rows.ravel(), tile_cols.ravel()


@dataclass(frozen=True)
class Grid:
    """One pyramid. Tiles of level z are span0 / 2^z units wide, the first one's corner is at the extent's top left.

    extent: of the world in this projection; tiles at its right and lower rim may run past it.  metres: in one unit.
    wraps: whether the right rim is the left one again.
    """

    id: str
    title: str
    epsg: int
    extent: Bounds
    span0: float
    tile_size: int  # pixels
    deepest: int  # what a tile key's row and column bits can hold
    metres: float
    wraps: bool
    proj4: str

    @property
    def crs(self) -> str:
        return f"EPSG:{self.epsg}"

    @property
    def origin(self) -> tuple[float, float]:
        return self.extent[0], self.extent[3]

    @property
    def is_geographic(self) -> bool:
        return self.epsg == 4326

    def span(self, level: int) -> float:
        """Width and height of a level's tiles."""
        return self.span0 / 2**level

    def degrees(self, level: int) -> float:
        """As `span`, in degrees of latitude where the projection is true."""
        return self.span(level) * self.metres / METRES_PER_DEGREE

    def resolution(self, level: int) -> float:
        """Units per pixel."""
        return self.span(level) / self.tile_size

    def columns(self, level: int) -> int:
        return math.ceil((self.extent[2] - self.extent[0]) / self.span(level) - 1e-9)

    def rows(self, level: int) -> int:
        return math.ceil((self.extent[3] - self.extent[1]) / self.span(level) - 1e-9)

    def kilometres(self, level: int) -> int:
        """A tile's width where the projection is true, as people say it: 1000, 500, 250, 125 …"""
        exact = self.span(level) * self.metres / 1000
        return round(exact) if exact < 100 else round(exact / 5) * 5 if exact < 400 else round(exact / 100) * 100

    def check_level(self, level: int) -> None:
        if not 0 <= level <= self.deepest:
            raise NoSuchTile(f"There is no level {level}: levels go from 0 (the whole Earth) to {self.deepest}.")

    def check(self, level: int, row: int, col: int, offset: int = 0) -> None:
        """Refuse a tile that does not exist."""
        self.check_level(level)
        rows, columns = self.rows(level) - offset, self.columns(level) - offset
        if not (0 <= row < rows and 0 <= col < columns):
            raise NoSuchTile(
                f"There is no tile in row {row}, column {col} of level {level}: "
                f"it has rows 0 to {rows - 1} and columns 0 to {columns - 1}."
            )

    def box(self, level: int, row: int, col: int, offset: int = 0) -> Bounds:
        """As `bounds`, of tiles that may lie outside the world."""
        size, (left, top), shift = self.span(level), self.origin, offset / 2
        return (
            left + (col + shift) * size, top - (row + 1 + shift) * size,
            left + (col + 1 + shift) * size, top - (row + shift) * size,
        )  # fmt: skip

    def bounds(self, level: int, row: int, col: int, offset: int = 0) -> Bounds:
        self.check(level, row, col, offset)
        return self.box(level, row, col, offset)

    def bounds_of_many(
        self, level: int | np.ndarray, rows: np.ndarray, cols: np.ndarray, offset: int | np.ndarray = 0
    ) -> np.ndarray:
        """(n,) rows and columns -> (n, 4) left, bottom, right, top. Level and offset may be (n,) too."""
        size, (left, top), shift = self.span0 / 2.0**level, self.origin, offset / 2
        west, north = left + (cols + shift) * size, top - (rows + shift) * size
        return np.stack([west, north - size, west + size, north], axis=1)

    def tile_at(self, lon: float, lat: float, level: int) -> tuple[int, int]:
        """(row, column) of the tile that holds a place; NoSuchTile where the projection does not reach.

        Longitudes wrap; what lies on the lower or right rim is in the last row or column.
        """
        self.check_level(level)
        if not (math.isfinite(lon) and math.isfinite(lat)):
            raise BadQuery("Longitude and latitude must be numbers.")
        if not -90 <= lat <= 90:
            raise BadQuery(f"Latitude {lat:g} is not on Earth: write a number from -90 to 90.")
        x, y = self.from_lonlat((lon + 180) % 360 - 180, lat)
        left, bottom, right, top = self.extent
        hair = (right - left) * 1e-9
        if not (left - hair <= x <= right + hair and bottom - hair <= y <= top + hair):
            raise NoSuchTile(f"{lat:g}, {lon:g} lies outside this map ({self.title}).")
        row, col = math.floor((top - y) / self.span(level)), math.floor((x - left) / self.span(level))
        return min(max(row, 0), self.rows(level) - 1), min(max(col, 0), self.columns(level) - 1)

    def covering(self, area: Bounds, level: int, offset: int = 0) -> Block:
        """The tiles that an area (left <= right) touches by more than its rim; none outside the world."""
        self.check_level(level)
        size, hair, shift = self.span(level), 1e-6, offset / 2
        (x, y), (west, south, east, north) = self.origin, area
        return Block(
            self,
            level,
            top=max(0, math.floor((y - north) / size - shift + hair)),
            bottom=min(self.rows(level) - offset, math.ceil((y - south) / size - shift - hair)),
            left=max(0, math.floor((west - x) / size - shift + hair)),
            right=min(self.columns(level) - offset, math.ceil((east - x) / size - shift - hair)),
            offset=offset,
        )

    def from_lonlat(self, lon: float, lat: float) -> tuple[float, float]:
        """Degrees -> this pyramid's units; infinite where the projection does not reach."""
        return (lon, lat) if self.is_geographic else transformer(4326, self.epsg).transform(lon, lat)

    def to_lonlat(self, x: float, y: float) -> tuple[float, float]:
        return (x, y) if self.is_geographic else transformer(self.epsg, 4326).transform(x, y)

    def centres(
        self, level: int | np.ndarray, rows: np.ndarray, cols: np.ndarray, offset: int | np.ndarray = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """(n,) longitudes and (n,) latitudes of the middles of tiles."""
        boxes = self.bounds_of_many(level, rows, cols, offset)
        x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
        return (x, y) if self.is_geographic else transformer(self.epsg, 4326).transform(x, y)

    def to_geographic(self, box: Bounds) -> Bounds:
        """The box of longitudes and latitudes around a box; its east is beyond 180 where it crosses the date line."""
        if self.is_geographic:
            return box
        lon, lat = transformer(self.epsg, 4326).transform(*outline(box))
        if self._holds_pole(box):
            south, north = (float(lat.min()), 90.0) if lat.mean() > 0 else (-90.0, float(lat.max()))
            return -180.0, south, 180.0, north
        middle, _ = self.to_lonlat((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        around = middle + (lon - middle + 180) % 360 - 180
        west, east = float(around.min()), float(around.max())
        turns = 360 * math.floor((west + 180) / 360)
        return west - turns, float(lat.min()), east - turns, float(lat.max())

    def _holds_pole(self, box: Bounds) -> bool:
        return self.wraps is False and box[0] <= 0 <= box[2] and box[1] <= 0 <= box[3]

    def from_geographic(self, box: Bounds) -> Bounds:
        """The smallest box of this pyramid around one of longitudes and latitudes, cut to the world."""
        if self.is_geographic:
            return box
        x, y = transformer(4326, self.epsg).transform(*outline(box, along=360))
        known = np.isfinite(x) & np.isfinite(y)
        left, bottom, right, top = self.extent
        if not known.any():
            return left, bottom, left, bottom
        x, y = np.clip(x[known], left, right), np.clip(y[known], bottom, top)
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())

    def tile_matrix_set(self) -> TileMatrixSet:
        """The pyramid as morecantile and rio-tiler take it (OGC 17-083r4)."""
        return _tile_matrix_set(self)

    def describe(self) -> dict[str, object]:
        """The pyramid as the map page takes it; `span` in its own units."""
        levels = [
            {
                "level": level, "span": self.span(level), "degrees": self.degrees(level),
                "kilometres": self.kilometres(level), "resolution": self.resolution(level),
                "columns": self.columns(level), "rows": self.rows(level),
            }
            for level in range(self.deepest + 1)
        ]  # fmt: skip
        return {
            "id": self.id, "title": self.title, "crs": self.crs, "proj4": self.proj4, "origin": list(self.origin),
            "extent": list(self.extent), "wraps": self.wraps, "tile_size": self.tile_size, "levels": levels,
        }  # fmt: skip


def overlaps(a: Bounds, b: Bounds) -> bool:
    """By more than their rims."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@cache
def transformer(source: int, target: int) -> Transformer:
    """Longitude or x first."""
    return Transformer.from_crs(source, target, always_xy=True)


def outline(box: Bounds, along: int = ALONG) -> tuple[np.ndarray, np.ndarray]:
    """(n,) x and (n,) y of points along a box's four sides, corners included."""
    west, south, east, north = box
    x, y = np.linspace(west, east, along + 1), np.linspace(south, north, along + 1)
    xs = np.concatenate([x, x, np.full_like(y, west), np.full_like(y, east)])
    ys = np.concatenate([np.full_like(x, south), np.full_like(x, north), y, y])
    return xs, ys


HALF_EARTH = 20037508.342789244  # metres: EPSG:3857's square reaches 85.05° north and south
POLAR = 4194304.0
GEOGRAPHIC = Grid(
    "GIBS_EPSG4326", "whole Earth, longitude and latitude", 4326, (-180.0, -90.0, 180.0, 90.0), 288.0, 512, 13,
    METRES_PER_DEGREE, wraps=True, proj4="+proj=longlat +datum=WGS84 +no_defs",
)  # fmt: skip
MERCATOR = Grid(
    "WebMercatorQuad", "whole Earth, Web Mercator", 3857, (-HALF_EARTH, -HALF_EARTH, HALF_EARTH, HALF_EARTH),
    2 * HALF_EARTH, 256, 13, 1.0, wraps=True,
    proj4="+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +no_defs",
)  # fmt: skip
ARCTIC = Grid(
    "GIBS_EPSG3413", "Arctic", 3413, (-POLAR, -POLAR, POLAR, POLAR), POLAR, 512, 12, 1.0, wraps=False,
    proj4="+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs",
)  # fmt: skip
ANTARCTIC = Grid(
    "GIBS_EPSG3031", "Antarctic", 3031, (-POLAR, -POLAR, POLAR, POLAR), POLAR, 512, 12, 1.0, wraps=False,
    proj4="+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs",
)  # fmt: skip
GRIDS = {grid.id: grid for grid in (GEOGRAPHIC, MERCATOR, ARCTIC, ANTARCTIC)}
CHOICES = [(grid.id, grid.title) for grid in GRIDS.values()]


@cache
def _tile_matrix_set(grid: Grid) -> TileMatrixSet:
    x, y = grid.origin
    return TileMatrixSet(
        id=grid.id,
        title=f"NASA GIBS, {grid.title}",
        crs=f"http://www.opengis.net/def/crs/EPSG/0/{grid.epsg}",
        orderedAxes=["Lat", "Lon"] if grid.is_geographic else ["X", "Y"],
        tileMatrices=[
            {
                "id": str(level), "scaleDenominator": grid.resolution(level) * grid.metres / 0.00028,
                "cellSize": grid.resolution(level), "pointOfOrigin": [y, x] if grid.is_geographic else [x, y],
                "tileWidth": grid.tile_size, "tileHeight": grid.tile_size,
                "matrixWidth": grid.columns(level), "matrixHeight": grid.rows(level),
            }
            for level in range(grid.deepest + 1)
        ],
    )  # fmt: skip
