"""STAC items and GeoJSON footprints that go with imagery: they say which files, of which day, and which bands to show.

Links to other documents are never followed; an asset's href is relative to the file that names it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pystac

from search.errors import BadImagery
from search.intake import dating

ENDINGS = frozenset({".json", ".geojson"})
MOST_BYTES = 200 * 2**20
HREFS = ("href", "path", "file", "filename", "location", "url", "image")
DATES = ("datetime", "start_datetime", "date", "acquired", "timestamp")
COLOURS = ("red", "green", "blue")
_RASTERS = ("image/tiff", "image/jp2", "image/vnd.stac.geotiff")


@dataclass(frozen=True)
class Named:
    where: str
    day: date | None
    bands: tuple[int, ...] = ()


def read(path: Path) -> list[Named]:
    """What the document names, in its order; BadImagery when it is neither STAC nor GeoJSON or names no file."""
    if path.stat().st_size > MOST_BYTES:
        raise BadImagery(f"{path.name} has {path.stat().st_size / 2**20:.0f} MB; {MOST_BYTES / 2**20:.0f} MB are read.")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadImagery(f"{path.name} is not JSON ({error}).") from error
    kind = document.get("type") if isinstance(document, dict) else None
    if kind not in ("Feature", "FeatureCollection"):
        raise BadImagery(f"{path.name} is neither a STAC item nor a GeoJSON FeatureCollection of footprints.")
    features = document.get("features", []) if kind == "FeatureCollection" else [document]
    found = [named for feature in features if isinstance(feature, dict) for named in of_feature(path, feature)]
    if not found:
        raise BadImagery(f"{path.name} names no imagery: give each feature an asset, or a property href or path.")
    return found


def of_feature(path: Path, feature: dict[str, Any]) -> Iterator[Named]:
    if "assets" in feature or "stac_version" in feature:
        yield of_item(path, feature)
        return
    properties = feature.get("properties") or {}
    where = next((str(properties[name]) for name in HREFS if properties.get(name)), "")
    if where:
        yield Named(where, day_of(properties))


def of_item(path: Path, feature: dict[str, Any]) -> Named:
    """The item's one picture: its visual asset, or else its only raster."""
    try:
        item = pystac.Item.from_dict(feature, migrate=False, preserve_dict=True)
    except (pystac.STACError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadImagery(f"{path.name} holds a STAC item that is not whole ({error}).") from error
    rasters = {name: asset for name, asset in item.assets.items() if is_raster(asset)}
    shown = [a for name, a in rasters.items() if name == "visual" or "visual" in (a.roles or [])]
    data = [asset for asset in rasters.values() if not {"thumbnail", "overview"} & set(asset.roles or [])]
    chosen = shown[:1] or data
    if len(chosen) != 1:
        raise BadImagery(
            f"The STAC item {item.id} in {path.name} has {len(chosen)} rasters and none of them is called visual: join "
            "its bands in one file (gdalbuildvrt -separate, then gdal_translate), and name that."
        )
    return Named(chosen[0].href, day_of({**item.properties, "datetime": feature["properties"].get("datetime")}),
                 colours(chosen[0]))  # fmt: skip


def is_raster(asset: pystac.Asset) -> bool:
    kind = (asset.media_type or "").lower()
    by_name = not kind and asset.href.lower().split("?")[0].endswith((".tif", ".tiff", ".jp2"))
    return kind.startswith(_RASTERS) or by_name


def colours(asset: pystac.Asset) -> tuple[int, ...]:
    """Which bands (from 1) the asset calls red, green and blue; () when it does not say."""
    said = asset.extra_fields.get("bands") or asset.extra_fields.get("eo:bands") or []
    names = [
        band.get("eo:common_name") or band.get("common_name") or band.get("name")
        for band in said
        if isinstance(band, dict)
    ]
    return tuple(names.index(colour) + 1 for colour in COLOURS) if all(c in names for c in COLOURS) else ()


def day_of(properties: dict[str, Any]) -> date | None:
    return next((found for name in DATES if (found := dating.read(str(properties.get(name) or "")))), None)
