"""Areas of filters: boxes and GeoJSON polygons in degrees. A tile lies in one when its centre does."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from shapely import geometry
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from ml.shards import Shard as Columns
from search import grid, keys
from search.errors import BadQuery
from search.gibs import region
from search.models import Shard

MOST_POINTS = 20_000  # of a polygon; a coast at full detail has more than anyone can see
KINDS = ("Polygon", "MultiPolygon")


def shape_of(polygon: Mapping[str, Any]) -> BaseGeometry:
    """What a GeoJSON Polygon or MultiPolygon covers, from -180 to 180, cut at the date line; BadQuery.

    Sides longer than 180 degrees go the short way round the Earth, as in search/gibs/region.py.
    """
    if not isinstance(polygon, Mapping) or polygon.get("type") not in KINDS:
        raise BadQuery('The polygon must be GeoJSON: {"type": "Polygon", "coordinates": [[[lon, lat], …]]}.')
    try:
        return _shape_of(json.dumps(dict(polygon), sort_keys=True, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise BadQuery("The polygon has coordinates that are not numbers: write longitude, then latitude.") from error


@lru_cache(maxsize=64)
def _shape_of(text: str) -> BaseGeometry:
    given = json.loads(text)
    try:
        drawn = shapely.force_2d(geometry.shape(given))
    except (ShapelyError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise BadQuery(f"The polygon cannot be read: {error}. A ring has at least four points, the last the first.") \
            from error  # fmt: skip
    if drawn.is_empty:
        raise BadQuery("The polygon is empty: draw one, or leave it out.")
    if shapely.get_num_coordinates(drawn) > MOST_POINTS:
        raise BadQuery(
            f"The polygon has {shapely.get_num_coordinates(drawn):,} points; simplify it to {MOST_POINTS:,}."
        )
    for part in getattr(drawn, "geoms", [drawn]):  # parts that overlap are as good as one
        if not part.is_valid:
            raise BadQuery(f"The polygon cannot be used: {explain_validity(part)}. Draw it without crossing itself.")
    found = region.of_geojson(given)
    shapely.prepare(found)
    return found


def inside(columns: Columns, area: grid.Bounds, pyramid: grid.Grid) -> np.ndarray:
    """(count,) bool: whether each tile's centre lies in the area."""
    west, south, east, north = area
    lon, lat = centres(columns, pyramid)
    across = (lon >= west) & (lon <= east) if west < east else (lon >= west) | (lon <= east)
    found: np.ndarray = across & (lat >= south) & (lat <= north)
    return found


def inside_shape(columns: Columns, shape: BaseGeometry, pyramid: grid.Grid) -> np.ndarray:
    """(count,) bool: whether each tile's centre lies in what `shape_of` gave, or on its rim."""
    found: np.ndarray = shapely.intersects_xy(shape, *centres(columns, pyramid))
    return found


def centres(columns: Columns, pyramid: grid.Grid) -> tuple[np.ndarray, np.ndarray]:
    """(count,) longitudes and latitudes; near a pole the middle of a box of degrees is not the tile's."""
    if pyramid.is_geographic:
        lon = (columns.column("west") + columns.column("east") + 360) / 2 % 360 - 180
        return lon, (columns.column("south") + columns.column("north")) / 2
    level, row, col, offset = (keys.part_of_many(columns.keys, part) for part in ("level", "row", "col", "offset"))
    return pyramid.centres(level, row, col, offset)


def reaches(shard: Shard, area: grid.Bounds | None, pyramid: grid.Grid) -> bool:
    """Whether a tile of the shard may have its centre in the area; else it need not be opened."""
    if area is None or shard.scene.bounds is None:
        return True
    half = pyramid.span(shard.level)  # so far may the centre of a tile, also of an offset one, lie outside the imagery
    west, south, east, north = shard.scene.bounds
    imagery_box = west - half, south - half, east + half, north + half
    parts = [area] if area[0] < area[2] else [(area[0], area[1], 180.0, area[3]), (-180.0, *area[1:])]
    return any(grid.overlaps(imagery_box, pyramid.from_geographic(part)) for part in parts)


def around(polygon: Mapping[str, Any]) -> grid.Bounds:
    """The box around it; west > east where it lies on both sides of the date line."""
    return region.around(shape_of(polygon))
