"""Natural Earth's polygons, from TopoJSON and from a shapefile, in degrees."""

import json
import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ring = list[tuple[float, float]]
Polygon = list[Ring]  # the outline, then holes
_EARTH = 6371.0  # km
_POLYGON = 5  # the shapefile's number for polygons


def topology(path: Path) -> list[Polygon]:
    """The polygons of the object "land" of a TopoJSON file, whose arcs are quantised steps."""
    content = json.loads(path.read_bytes())
    scale, translate = (np.array(content["transform"][key]) for key in ("scale", "translate"))
    arcs = [np.cumsum(arc, axis=0) * scale + translate for arc in content["arcs"]]
    geometries = content["objects"]["land"]["geometries"]
    return [[_ring(ring, arcs) for ring in polygon] for geometry in geometries for polygon in geometry["arcs"]]


def _ring(numbers: list[int], arcs: list[NDArray[np.float64]]) -> Ring:
    """Arcs joined end to end; ~number is the arc backwards."""
    points: Ring = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points.extend((float(x), float(y)) for x, y in arc[bool(points) :])
    return points


def shapefile(path: Path) -> list[Polygon]:
    """The polygons of a .shp file; all rings of a record make one polygon (holes by the even-odd rule)."""
    content = path.read_bytes()
    found, start = [], 100
    while start < len(content):
        length = 2 * struct.unpack_from(">i", content, start + 4)[0]
        record = content[start + 8 : start + 8 + length]
        if struct.unpack_from("<i", record)[0] == _POLYGON:
            found.append(_record(record))
        start += 8 + length
    return found


def _record(record: bytes) -> Polygon:
    parts, points = struct.unpack_from("<2i", record, 36)
    starts = [*struct.unpack_from(f"<{parts}i", record, 44), points]
    places = np.frombuffer(record, "<f8", 2 * points, 44 + 4 * parts).reshape(-1, 2)
    rings = [places[start:end] for start, end in pairwise(starts)]
    return [[(float(x), float(y)) for x, y in ring] for ring in rings]


def area(polygon: Polygon) -> float:
    """km² on the sphere, holes taken away."""
    outline, *holes = (_ring_area(ring) for ring in polygon)
    return outline - sum(holes)


def _ring_area(ring: Ring) -> float:
    lon, lat = np.radians(np.array(ring)).T
    return float(abs(np.sum(np.diff(lon) * (np.sin(lat[1:]) + np.sin(lat[:-1]))) / 2) * _EARTH**2)
