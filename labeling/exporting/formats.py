"""Which files a collection can become, by their names."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pyarrow as pa

from labeling.errors import BadSweep
from labeling.exporting.coco import coco
from labeling.exporting.collection import COLUMNS, Collection
from labeling.exporting.kml import kml
from labeling.exporting.pictures import image_zip, webdataset
from search.exporting.geojson import geojson
from search.exporting.geoparquet import Field, geoparquet
from search.exporting.streaming import table


class Format(NamedTuple):
    """ending: by which files of it are known.  kind: its media type."""

    ending: str
    kind: str
    write: Callable[[Collection], Iterator[str] | Iterator[bytes]]


KNOWN: tuple[Field, ...] = (
    ("score", pa.float32()), ("label", pa.string()), ("label_from", pa.string()), ("votes", pa.int32()),
    ("share", pa.float32()), ("encoder", pa.string()), ("classifier", pa.string()),
)  # fmt: skip


def collection_geojson(collection: Collection) -> Iterator[str]:
    return geojson(collection.rows())


def collection_geoparquet(collection: Collection) -> Iterator[bytes]:
    return geoparquet(collection.rows(), KNOWN)


def collection_csv(collection: Collection) -> Iterator[str]:
    return table(COLUMNS, collection.rows())


FORMATS = {
    "tiles.geojson": Format(".geojson", "application/geo+json", collection_geojson),
    "tiles.parquet": Format(".parquet", "application/vnd.apache.parquet", collection_geoparquet),
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
