"""Search results as files: GeoJSON (RFC 7946) and CSV (RFC 4180)."""

import csv
import io

COLUMNS = ["rank", "score", "key", "dataset", "product", "date", "level", "row", "col", "west", "south", "east",
           "north", "lon", "lat", "name", "label", "image"]  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def row(rank: int, result: dict, site: str) -> dict[str, object]:
    """One result, flat, in the order of COLUMNS; place columns are empty for galleries."""
    tile = result["tile"]
    west, south, east, north = tile["bbox"] or [None] * 4
    lon, lat = tile["center"] or [None] * 2
    flat = {name: tile[name] for name in ("key", "dataset", "product", "date", "level", "row", "col", "name", "label")}
    place = {"west": west, "south": south, "east": east, "north": north, "lon": lon, "lat": lat}
    values = {"rank": rank, "score": result["score"], **flat, **place, "image": site + tile["image"]}
    return {name: values[name] for name in COLUMNS}


def geojson(results: list[dict], site: str) -> dict[str, object]:
    """A FeatureCollection of the tiles' outlines; a tile of a gallery has no geometry."""
    return {"type": "FeatureCollection", "features": [feature(i, r, site) for i, r in enumerate(results, 1)]}


def feature(rank: int, result: dict, site: str) -> dict[str, object]:
    values = row(rank, result, site)
    box = result["tile"]["bbox"]
    ring = [[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]], [box[0], box[1]]] if box else None
    return {
        "type": "Feature",
        "id": values["key"],
        "bbox": box,
        "geometry": {"type": "Polygon", "coordinates": [ring]} if ring else None,
        "properties": {name: value for name, value in values.items() if value is not None},
    }


def as_csv(results: list[dict], site: str) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for rank, result in enumerate(results, 1):
        writer.writerow({name: defused(value) for name, value in row(rank, result, site).items()})
    return out.getvalue()


def defused(value: object) -> object:
    """File names come from strangers: none may start a formula in a spreadsheet (OWASP, "CSV Injection")."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
