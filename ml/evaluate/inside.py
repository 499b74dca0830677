"""Ground truth from polygons: which boxes hold one, or are touched by one."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadLabels
from ml.evaluate import naturalearth
from ml.evaluate.naturalearth import Polygon


def polygons(path: Path) -> list[Polygon]:
    """Those of a shapefile, a TopoJSON or a GeoJSON file, in degrees; raises BadLabels."""
    try:
        if path.suffix.lower() == ".shp":
            return naturalearth.shapefile(path)
        content = json.loads(path.read_bytes())
        if content["type"] == "Topology":
            return naturalearth.topology(path)
        return [polygon for feature in content["features"] for polygon in _parts(feature["geometry"])]
    except FileNotFoundError as error:
        raise BadLabels(f"{path} does not exist: name a shapefile, a TopoJSON or a GeoJSON file.") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise BadLabels(f"{path} is not a shapefile (.shp), TopoJSON (object land) or GeoJSON: {error!r}.") from error


def _parts(geometry: dict[str, Any] | None) -> list[Polygon]:
    if geometry is None or geometry["type"] not in ("Polygon", "MultiPolygon"):
        return []
    several = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [[[(float(x), float(y)) for x, y, *_ in ring] for ring in polygon] for polygon in several]


def larger(found: Sequence[Polygon], km2: float) -> list[Polygon]:
    """Those of more than this area on the sphere."""
    return [polygon for polygon in found if naturalearth.area(polygon) > km2]


def holding(boxes: NDArray[np.float64], found: Sequence[Polygon]) -> NDArray[np.bool_]:
    """(n, 4) west, south, east, north -> (n,): whether at least one polygon lies wholly inside the box."""
    outlines = (np.array(polygon[0]) for polygon in found)
    extents = np.array([[*ring.min(axis=0), *ring.max(axis=0)] for ring in outlines]).reshape(-1, 4)
    answer = np.zeros(len(boxes), bool)
    for west, south, east, north in extents:
        answer |= (boxes[:, 0] <= west) & (boxes[:, 1] <= south) & (boxes[:, 2] >= east) & (boxes[:, 3] >= north)
    return answer


def touched(boxes: NDArray[np.float64], found: Sequence[Polygon]) -> NDArray[np.bool_]:
    """(n, 4) -> (n,): whether at least one polygon shares a point with the box."""
    import shapely

    areas = shapely.make_valid([shapely.Polygon(polygon[0], polygon[1:]) for polygon in found if len(polygon[0]) > 3])
    answer = np.zeros(len(boxes), bool)
    answer[np.unique(shapely.STRtree(areas).query(shapely.box(*boxes.T), predicate="intersects")[0])] = True
    return answer
