"""Tiles as GeoJSON (RFC 7946): outlines of tiles; a gallery's pictures have no geometry."""

import json
from collections.abc import Iterator
from typing import Any

from search.exporting.rows import Row, outlines


def geojson(rows: Iterator[Row]) -> Iterator[str]:
    yield '{"type": "FeatureCollection", "features": ['
    for number, row in enumerate(rows):
        yield (",\n" if number else "\n") + json.dumps(feature(row))
    yield "\n]}\n"


def feature(row: Row) -> dict[str, Any]:
    """Keys are strings: JavaScript loses 64-bit numbers. What a row does not have is left out of its properties."""
    boxes, key = outlines(row), str(row["key"])
    properties = {name: value for name, value in {**row, "key": key}.items() if value not in (None, "")}
    box = {"bbox": [boxes[0][0], boxes[0][1], boxes[-1][2], boxes[0][3]]} if boxes else {}
    return {"type": "Feature", "id": key, **box, "geometry": geometry(boxes), "properties": properties}


def geometry(boxes: Any) -> dict[str, Any] | None:
    rings = [[ring(*box)] for box in boxes]
    if len(rings) < 2:
        return {"type": "Polygon", "coordinates": rings[0]} if rings else None
    return {"type": "MultiPolygon", "coordinates": rings}


def ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
    """Counterclockwise and closed, as RFC 7946 and GeoParquet want it."""
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]
