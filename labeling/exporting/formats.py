"""Which files a collection can become, by their names."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from labeling.errors import BadSweep
from labeling.exporting.coco import coco
from labeling.exporting.collection import COLUMNS, Collection
from labeling.exporting.geojson import geojson
from labeling.exporting.geoparquet import geoparquet
from labeling.exporting.kml import kml
from labeling.exporting.pictures import image_zip, webdataset
from labeling.exporting.streaming import table


class Format(NamedTuple):
    """ending: by which files of it are known.  kind: its media type."""

    ending: str
    kind: str
    write: Callable[[Collection], Iterator[str] | Iterator[bytes]]


def collection_csv(collection: Collection) -> Iterator[str]:
    return table(COLUMNS, collection.rows())


FORMATS = {
    "tiles.geojson": Format(".geojson", "application/geo+json", geojson),
    "tiles.parquet": Format(".parquet", "application/vnd.apache.parquet", geoparquet),
    "tiles.csv": Format(".csv", "text/csv; charset=utf-8", collection_csv),
    "tiles.kml": Format(".kml", "application/vnd.google-earth.kml+xml", kml),
    "coco.json": Format(".json", "application/json", coco),
    "tiles.tar": Format(".tar", "application/x-tar", webdataset),
    "images.zip": Format(".zip", "application/zip", image_zip),
}


def format_of(name: str) -> Format:
    """By the file's name; BadSweep for an ending that none has."""
    found = next((form for form in FORMATS.values() if name.lower().endswith(form.ending)), None)
    if found is None:
        known = ", ".join(form.ending for form in FORMATS.values())
        raise BadSweep(f"{name!r} does not say which format it shall have. Let it end with one of {known}.")
    return found
