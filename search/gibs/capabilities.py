"""What a tile server has: its layers, and all dates of one."""

from functools import lru_cache
from pathlib import Path

from search.errors import BadQuery, NoSuchLayer
from search.gibs import documents, endpoint, layers
from search.gibs.endpoint import EPSGS
from search.gibs.layers import Layer

EARLIEST, LATEST = "1900-01-01", "2100-01-01"


def all_layers(epsg: int = 4326) -> dict[str, Layer]:
    """id -> layer, from the capabilities, which are fetched once a day. Unreachable without a server or a copy."""
    if epsg not in EPSGS:
        raise BadQuery(f"EPSG:{epsg} is not a projection of GIBS: choose {', '.join(map(str, EPSGS))}.")
    place = endpoint.home() / "capabilities" / f"epsg{epsg}.xml"
    documents.kept(f"/wmts/epsg{epsg}/best/1.0.0/WMTSCapabilities.xml", place)
    return _parsed(place, place.stat().st_mtime_ns, epsg)


@lru_cache(maxsize=8)
def _parsed(place: Path, changed: int, epsg: int) -> dict[str, Layer]:
    return layers.read(place.read_bytes(), epsg)


def layer_named(words: str, epsg: int = 4326) -> Layer:
    """One layer, by its id or words that only it has, with all its dates. NoSuchLayer says what there is instead."""
    found = layers.one(all_layers(epsg), words)
    return with_all_dates(found) if found.is_cut else found


def with_all_dates(layer: Layer) -> Layer:
    """The capabilities list the latest 100 periods of a layer; all are at an address of its own."""
    path = f"/wmts/epsg{layer.epsg}/best/1.0.0/{layer.id}/default/{layer.matrix_set}/all/{EARLIEST}--{LATEST}.xml"
    place = endpoint.home() / "capabilities" / f"epsg{layer.epsg}-{layer.id}.xml"
    try:
        root = layers.xml(documents.kept(path, place), f"The list of dates of {layer.id}")
    except NoSuchLayer:  # a server without such lists
        return layer
    dates = [node.text.strip() for node in root.iter("{*}Domain") if node.text and node.text.strip()]
    return layer.with_dates(dates) if dates else layer
