"""Tiles as GeoParquet 1.1 (https://geoparquet.org/releases/v1.1.0/): outlines as WKB in longitude and
latitude (OGC:CRS84), each row's box in a column `bbox` of its own, by which readers skip what they don't want."""

import json
import struct
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import CRS

from search.exporting.geojson import ring
from search.exporting.rows import LINKS, Box, Row, outlines
from search.exporting.streaming import Drain

GROUP = 10_000  # rows of a row group
SIDES = ("xmin", "ymin", "xmax", "ymax")
POLYGON, MULTIPOLYGON = 3, 6  # OGC 06-103r4, table 7
Field = tuple[str, pa.DataType]
PLACED: tuple[Field, ...] = (
    ("key", pa.int64()), ("dataset", pa.string()), ("product", pa.string()), ("date", pa.string()),
    ("level", pa.int16()), ("row", pa.int32()), ("col", pa.int32()), ("west", pa.float64()),
    ("south", pa.float64()), ("east", pa.float64()), ("north", pa.float64()), ("lon", pa.float64()),
    ("lat", pa.float64()), ("name", pa.string()),
)  # fmt: skip
LINKED: tuple[Field, ...] = tuple((name, pa.string()) for name in LINKS)
SHAPE: tuple[Field, ...] = (("bbox", pa.struct([(side, pa.float64()) for side in SIDES])), ("geometry", pa.binary()))


def geoparquet(rows: Iterator[Row], known: Sequence[Field]) -> Iterator[bytes]:
    """A row group at a time; the file's own box is known, and written, at its end.

    known: the columns besides what every tile has: its place and its links.
    """
    drain, extent, schema = Drain(), Extent(), pa.schema([*PLACED, *known, *LINKED, *SHAPE])
    with pq.ParquetWriter(drain, schema, compression="zstd") as writer:
        while some := list(islice(rows, GROUP)):
            boxes = [outlines(row) for row in some]
            extent.add(boxes)
            writer.write_table(table(some, boxes, schema))
            yield drain.taken()
        writer.add_key_value_metadata({"geo": json.dumps(extent.metadata())})
    yield drain.taken()


def table(rows: Sequence[Row], boxes: Sequence[Sequence[Box]], schema: pa.Schema) -> pa.Table:
    columns = {name: [row[name] for row in rows] for name in schema.names if name not in ("bbox", "geometry")}
    columns["bbox"] = [around(some) for some in boxes]
    columns["geometry"] = [wkb(some) for some in boxes]
    return pa.table(columns, schema=schema)


def around(boxes: Sequence[Box]) -> dict[str, float] | None:
    """xmin > xmax across the date line, as the specification has it."""
    if not boxes:
        return None
    return dict(zip(SIDES, (boxes[0][0], boxes[0][1], boxes[-1][2], boxes[0][3]), strict=True))


def wkb(boxes: Sequence[Box]) -> bytes | None:
    """Well-known binary, little-endian (OGC 06-103r4, 8.2)."""
    polygons = [polygon(box) for box in boxes]
    if len(polygons) < 2:
        return polygons[0] if polygons else None
    return struct.pack("<BII", 1, MULTIPOLYGON, len(polygons)) + b"".join(polygons)


def polygon(box: Box) -> bytes:
    corners = [value for corner in ring(*box) for value in corner]
    return struct.pack("<BIII10d", 1, POLYGON, 1, 5, *corners)


class Extent:
    """What the whole file is said to hold."""

    def __init__(self) -> None:
        self.sides: list[float] = []
        self.kinds: set[str] = set()

    def add(self, many: Sequence[Sequence[Box]]) -> None:
        placed = [box for boxes in many for box in boxes]
        if not placed:
            return
        west, south, east, north = zip(*placed, strict=True)
        now = [min(west), min(south), max(east), max(north)]
        ends = (min, min, max, max)
        self.sides = [f(a, b) for f, a, b in zip(ends, self.sides or now, now, strict=True)]
        self.kinds |= {"MultiPolygon" if len(boxes) > 1 else "Polygon" for boxes in many if boxes}

    def metadata(self) -> dict[str, Any]:
        column = {
            "encoding": "WKB", "geometry_types": sorted(self.kinds), "crs": CRS("OGC:CRS84").to_json_dict(),
            "edges": "planar", "orientation": "counterclockwise",
            "covering": {"bbox": {side: ["bbox", side] for side in SIDES}},
            **({"bbox": self.sides} if self.sides else {}),
        }  # fmt: skip
        return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
