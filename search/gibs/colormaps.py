"""From the colours of a layer back to its values, by GIBS' colour maps (version 1.3).

A colour map is kept as JSON: {"name", "title", "units", "colours": [[r, g, b, value], …], "nodata": [[r, g, b], …],
"classes": {"value": label}}. The value of a colour is the middle of the range it stands for, or the finite end of an
open one.
"""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from lxml import etree

from search.errors import BadImagery
from search.gibs import documents, endpoint, layers

RANGE = re.compile(r"[\[(]\s*([^,\])]+?)\s*(?:,\s*([^,\])]+?)\s*)?[\])]")
EXACT = re.compile(r"[\w.-]+")


@dataclass(frozen=True, eq=False)
class Colormap:
    """codes: (n,) int32 colours as r·65536 + g·256 + b, ascending.  numbers: (n,) float32, NaN where no data."""

    name: str
    units: str
    codes: np.ndarray
    numbers: np.ndarray
    title: str = ""

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return float(np.nanmin(self.numbers)), float(np.nanmax(self.numbers))


def values(rgb: np.ndarray, colormap: Colormap) -> np.ndarray:
    """(h, w, 3) uint8 -> (h, w) float32; NaN for no data and for colours that are not in the map."""
    wide = rgb.astype(np.int32)
    codes = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    at = np.minimum(np.searchsorted(colormap.codes, codes), len(colormap.codes) - 1)
    found: np.ndarray = np.where(colormap.codes[at] == codes, colormap.numbers[at], np.float32(np.nan))
    return found


def fetch(name: str) -> str:
    """Have a layer's colour map on disk: its JSON's place below the data folder. Errors as documents.fetched."""
    if not EXACT.fullmatch(name):
        raise BadImagery(f"{name[:60]!r} is not a colour map's name.")
    folder = endpoint.home() / "colormaps"
    source, place = folder / f"{name}.xml", folder / f"{name}.json"
    content = documents.kept(f"/colormaps/v1.3/{name}.xml", source)
    if not place.is_file() or place.stat().st_mtime < source.stat().st_mtime:
        documents.store(place, json.dumps(read(content, name)).encode())
    return str(place.relative_to(settings.DATA_DIR))


def load(place: str) -> Colormap:
    """From its JSON, as Product.source["gibs"]["colormap"] names it, below the data folder. BadImagery without it."""
    path = Path(settings.DATA_DIR) / place
    try:
        return _loaded(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError) as error:
        raise BadImagery(f"The colour map {path.name} is gone or damaged ({error}): repeat the import.") from error


@lru_cache(maxsize=32)
def _loaded(path: Path, changed: int) -> Colormap:
    kept = json.loads(path.read_bytes())
    table = {(r << 16 | g << 8 | b): value for r, g, b, value in kept["colours"]}
    table |= {(r << 16 | g << 8 | b): np.nan for r, g, b in kept["nodata"]}
    codes = np.array(sorted(table), np.int32)
    return Colormap(
        kept["name"], kept["units"], codes, np.array([table[c] for c in codes.tolist()], np.float32), kept["title"]
    )


def read(content: bytes, name: str) -> dict[str, object]:
    """A colour map's XML -> what is kept of it; BadImagery when no colour of it has a value.

    Of several maps in one document (values, then classes such as "cloud") the one with most values counts; the
    others' colours are no data.
    """
    maps = [_one(node) for node in layers.xml(content, f"The colour map {name}").iter("{*}ColorMap")]
    best = max(maps, key=lambda found: len(found["colours"]), default=None)
    if best is None or not best["colours"]:
        raise BadImagery(f"The colour map {name} gives no values: the layer's colours can be looked at, not measured.")
    others = [[r, g, b] for other in maps if other is not best for r, g, b, _ in other["colours"]]
    nodata = [colour for found in maps for colour in found["nodata"]]
    taken = {tuple(entry[:3]) for entry in best["colours"]}
    return {"name": name, **best, "nodata": [c for c in nodata + others if tuple(c) not in taken]}


def _one(node: etree._Element) -> dict[str, Any]:
    colours, nodata = [], []
    for entry in node.iter("{*}ColorMapEntry"):
        colour = [int(part) for part in entry.get("rgb", "0,0,0").split(",")]
        value = number(entry.get("value") or entry.get("sourceValue") or "")
        if entry.get("nodata") == "true" or entry.get("transparent") == "true" or value is None:
            nodata.append(colour)
        else:
            colours.append([*colour, value])
    return {"title": node.get("title", ""), "units": node.get("units", ""), "colours": colours, "nodata": nodata}


def number(text: str) -> float | None:
    """[250.0,250.5) -> 250.25; [5] -> 5.0; [-INF,0.0) -> 0.0; None without a number."""
    match = RANGE.search(text)
    ends = [_finite(end) for end in match.groups() if end is not None] if match else []
    known = [end for end in ends if end is not None]
    return sum(known) / len(known) if known else None


def _finite(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if np.isfinite(found) else None
