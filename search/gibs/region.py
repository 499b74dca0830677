"""Places -> tiles: boxes and GeoJSON polygons in degrees, also across the date line and around a pole.

Sides of a GeoJSON polygon are straight lines of longitude and latitude (RFC 7946, 3.1.1); one that is longer than 180
degrees is taken the short way round the Earth, as most drawing tools mean it.
"""

import math
from typing import Any

import antimeridian
import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import Polygon, box, shape
from shapely.geometry.base import BaseGeometry

from search.errors import BadQuery, TooManyTiles
from search.grid import Grid, transformer

MOST = 4_000_000  # tiles of one date that are looked at
FINE = 1.0  # degrees between the points of an outline that is carried into another projection
MERCATOR = 85.0511287798066  # degrees: where Web Mercator ends
HAIR = 1e-6  # of a tile: what only touches its rim is not in it
POLYGONS = ("Polygon", "MultiPolygon")


def of_box(bbox: Any) -> BaseGeometry:
    """[west, south, east, north] -> its shape; west greater than east crosses the date line."""
    try:
        west, south, east, north = (float(number) for number in bbox)
    except (TypeError, ValueError) as error:
        raise BadQuery("A box is four numbers: west, south, east and north, in degrees.") from error
    if not all(map(math.isfinite, (west, south, east, north))):
        raise BadQuery("The box's west, south, east and north must be numbers.")
    if not -90 <= south <= north <= 90:
        raise BadQuery(f"The box goes from latitude {south:g} to {north:g}: its south must be below its north, "
                       "both from -90 to 90.")  # fmt: skip
    if not (-180 <= west <= 180 and -180 <= east <= 360) or east - west > 360:
        raise BadQuery(f"The box goes from longitude {west:g} to {east:g}: write numbers from -180 to 180. "
                       "West greater than east crosses the date line.")  # fmt: skip
    if east - west >= 360:
        west, east = -180.0, 180.0
    elif east > 180:
        east -= 360
    if west <= east:
        return box(west, south, east, north)
    return shapely.union_all([box(west, south, 180, north), box(-180, south, east, north)])


def of_geojson(value: Any) -> BaseGeometry:
    """A Polygon, MultiPolygon, Feature, FeatureCollection or GeometryCollection of them -> its shape."""
    polygons = [fixed(polygon) for polygon in _polygons(value, depth=0)]
    if not polygons:
        raise BadQuery("The GeoJSON has no polygon: draw an area, not a point or a line.")
    whole = shapely.union_all(polygons)
    if whole.is_empty or not whole.area:
        raise BadQuery("The GeoJSON's polygon has no area.")
    return whole


def _polygons(value: Any, depth: int) -> list[Polygon]:
    kind = value.get("type") if isinstance(value, dict) else None
    if depth > 8 or kind is None:
        raise BadQuery("This is not GeoJSON: give a Polygon, MultiPolygon, Feature or FeatureCollection.")
    if kind == "Feature":
        return _polygons(value.get("geometry"), depth + 1) if value.get("geometry") else []
    if kind in ("FeatureCollection", "GeometryCollection"):
        inside = value.get("features" if kind == "FeatureCollection" else "geometries") or []
        return [polygon for part in inside for polygon in _polygons(part, depth + 1)]
    if kind not in POLYGONS:
        return []
    try:
        read = shapely.force_2d(shape(value))
    except (ShapelyError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise BadQuery(f"The GeoJSON's {kind} cannot be read: {error}") from error
    return [part for part in getattr(read, "geoms", [read]) if not part.is_empty]


def fixed(polygon: Polygon) -> BaseGeometry:
    """Cut at the date line, closed around the pole that it goes around, without knots."""
    points = shapely.get_coordinates(polygon)
    if not np.isfinite(points).all() or np.abs(points[:, 1]).max() > 90 or np.abs(points[:, 0]).max() > 360:
        raise BadQuery("The GeoJSON has points that are not on Earth: write longitude, then latitude, in degrees.")
    if np.ptp(points[:, 0]) < 180 and np.abs(points[:, 0]).max() <= 180:
        return shapely.make_valid(polygon)
    north = bool(points[:, 1].mean() > 0)
    try:
        whole = antimeridian.fix_polygon(polygon, fix_winding=True, great_circle=False)
        reached = shapely.get_coordinates(whole)[:, 1]
        wrong = reached.min() == -90 if north else reached.max() == 90
        if wrong and np.abs(points[:, 1]).max() < 90:  # it goes around the other pole, wound the other way
            whole = antimeridian.fix_polygon(shapely.reverse(polygon), fix_winding=False, great_circle=False)
    except ValueError as error:
        raise BadQuery(f"The GeoJSON's polygon cannot be placed on Earth: {error}") from error
    return shapely.make_valid(whole)


def around(area: BaseGeometry) -> tuple[float, float, float, float]:
    """The box around a shape; its west is greater than its east where the shape lies on both sides of the date line."""
    west, south, east, north = area.bounds
    parts = [part.bounds for part in getattr(area, "geoms", [area])]
    right, left = [b[0] for b in parts if b[2] == 180 and b[0] > 0], [b[2] for b in parts if b[0] == -180 and b[2] < 0]
    if right and left and len(right) + len(left) == len(parts):
        return min(right), south, max(left), north
    return west, south, east, north


def projected(area: BaseGeometry, grid: Grid) -> BaseGeometry:
    """Degrees -> a pyramid's own units, cut to what its projection shows; BadQuery when nothing is left."""
    left, bottom, right, top = grid.extent
    if grid.is_geographic:
        return area
    if grid.wraps:
        near = area.intersection(box(-180, -MERCATOR, 180, MERCATOR))
    else:
        near = area.intersection(box(-180, 0, 180, 90) if grid.epsg == 3413 else box(-180, -90, 180, 0))
    quarters = [near.intersection(box(west, -90, west + 90, 90)) for west in range(-180, 180, 90)]
    parts = [_carried(part, grid) for part in quarters if part.area or (near.area == 0 and not part.is_empty)]
    found = shapely.union_all(parts).intersection(box(left, bottom, right, top)) if parts else shapely.Point()
    if found.is_empty:
        raise BadQuery(f"The region lies outside what EPSG:{grid.epsg} shows ({grid.title}).")
    return found


def _carried(part: BaseGeometry, grid: Grid) -> BaseGeometry:
    """A piece at most a quarter of the Earth wide, its outline made fine enough to bend."""
    carry = transformer(4326, grid.epsg)

    def points(flat: np.ndarray) -> np.ndarray:
        return np.column_stack(carry.transform(flat[:, 0], flat[:, 1]))

    return shapely.make_valid(shapely.transform(shapely.segmentize(part, FINE), points))


def tiles_of(grid: Grid, area: BaseGeometry, levels: list[int]) -> dict[int, np.ndarray]:
    """area: in the pyramid's units.  Returns level -> (n, 2) int32 rows and columns that it touches, in order.

    Goes down the pyramid from its top, so that it costs what the answer costs. TooManyTiles beyond MOST.
    """
    shapely.prepare(area)
    tiles = np.array([(r, c) for r in range(grid.rows(0)) for c in range(grid.columns(0))], np.int32)
    found = {}
    for level in range(max(levels) + 1):
        if level:
            tiles = children(tiles, grid, level)
        tiles = tiles[touching(area, grid.bounds_of_many(level, tiles[:, 0], tiles[:, 1]))]
        if len(tiles) > MOST:
            raise TooManyTiles(f"The region has more than {MOST:,} tiles of level {level} alone. "
                               "Choose a smaller region or a coarser level.")  # fmt: skip
        if level in levels:
            found[level] = tiles[np.lexsort((tiles[:, 1], tiles[:, 0]))]
    return found


def children(tiles: np.ndarray, grid: Grid, level: int) -> np.ndarray:
    """The next finer tiles inside some, without those outside the world."""
    four = np.array([(0, 0), (0, 1), (1, 0), (1, 1)], np.int32)
    finer = (tiles[:, None] * 2 + four).reshape(-1, 2)
    inside: np.ndarray = finer[(finer[:, 0] < grid.rows(level)) & (finer[:, 1] < grid.columns(level))]
    return inside


def touching(area: BaseGeometry, boxes: np.ndarray) -> np.ndarray:
    """(n, 4) -> (n,) bool: by more than the rim."""
    rim = (boxes[:, 2] - boxes[:, 0]) * HAIR
    hit: np.ndarray = shapely.intersects(
        area, shapely.box(boxes[:, 0] + rim, boxes[:, 1] + rim, boxes[:, 2] - rim, boxes[:, 3] - rim)
    )
    return hit
