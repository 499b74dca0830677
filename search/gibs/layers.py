"""Layers of a tile server, read from its WMTS 1.0.0 capabilities (OGC 07-057r7), and finding one by words."""

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from posixpath import basename

from lxml import etree

from search.errors import BadQuery, NoSuchLayer, Unreachable
from search.gibs import times
from search.gibs.endpoint import EPSGS, EXTENSIONS, Source, host

LATEST = 100  # periods of a layer that the capabilities list at most
COLORMAP = re.compile(r"/colormaps/v1\.\d/([\w.-]+)\.xml$")
XLINK = "{http://www.w3.org/1999/xlink}"


@dataclass(frozen=True)
class Layer:
    """format: of its tiles.  deepest: its finest level.  dates: as the capabilities write them; () for no time.

    colormap: its name, or "".  bounds: west, south, east, north in degrees, or None.
    """

    id: str
    title: str
    epsg: int
    format: str
    matrix_set: str
    deepest: int
    dates: tuple[str, ...] = ()
    newest: str = ""
    colormap: str = ""
    legend: str = ""
    bounds: tuple[float, float, float, float] | None = None

    @cached_property
    def domain(self) -> times.Domain:
        return times.parse(list(self.dates))

    @property
    def is_cut(self) -> bool:
        """Whether the capabilities may have left out its earlier periods."""
        return sum(value.count(",") + 1 for value in self.dates) >= LATEST

    def source(self, time_of_day: str = "", colormap: str = "", units: str = "") -> Source:
        return Source(
            self.id, self.epsg, self.matrix_set, self.format, bool(self.dates), self.deepest, time_of_day, colormap,
            host(), self.title, units,
        )  # fmt: skip

    def describe(self) -> dict[str, object]:
        """For forms and scripts."""
        dated = self.domain if self.dates else None
        return {
            "id": self.id, "title": self.title, "epsg": self.epsg, "format": self.format, "deepest": self.deepest,
            "matrix_set": self.matrix_set, "colormap": self.colormap or None, "legend": self.legend or None,
            "from": dated.first.date().isoformat() if dated else None,
            "to": dated.last.date().isoformat() if dated else None, "subdaily": bool(dated and dated.subdaily),
            "periods": list(self.dates[-20:]),
        }  # fmt: skip

    def with_dates(self, dates: list[str]) -> "Layer":
        return replace(self, dates=tuple(dates))


def xml(content: bytes, what: str) -> etree._Element:
    """The root of a document from a server that may be anyone: no entities, no document types, nothing fetched."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise Unreachable(f"{what} cannot be read ({error}). Try again later.") from error
    if root.getroottree().docinfo.doctype:
        raise Unreachable(f"{what} brings a document type of its own, which is not accepted.")
    return root


def read(content: bytes, epsg: int) -> dict[str, Layer]:
    """Capabilities -> id -> layer; those that are no pictures (vectors) or of other pyramids are left out."""
    root = xml(content, "The list of layers")
    depths = {_text(s, "Identifier"): len(s.findall("{*}TileMatrix")) for s in root.iter("{*}TileMatrixSet")
              if s.find("{*}TileMatrix") is not None}  # fmt: skip
    if not depths:
        raise Unreachable("The list of layers is empty or of another kind. Is this a WMTS server?")
    layers = (_layer(node, epsg, depths) for node in root.iter("{*}Layer"))
    return {layer.id: layer for layer in layers if layer is not None}


def _layer(node: etree._Element, epsg: int, depths: dict[str, int]) -> Layer | None:
    formats = [f.text.strip() for f in node.findall("{*}Format") if f.text]
    known = [form for form in formats if form in EXTENSIONS]
    sets = [s for s in (_text(link, "TileMatrixSet") for link in node.findall("{*}TileMatrixSetLink")) if s in depths]
    if not known or not sets:
        return None
    finest = max(sets, key=depths.__getitem__)
    time = next((d for d in node.findall("{*}Dimension") if _text(d, "Identifier").lower() == "time"), None)
    colormaps = [COLORMAP.search(m.get(f"{XLINK}href", "")) for m in node.findall("{*}Metadata")]
    legends = [basename(m.get(f"{XLINK}href", "")) for m in node.iter("{*}LegendURL")]
    return Layer(
        _text(node, "Identifier"), _text(node, "Title"), epsg, known[0], finest,
        min(depths[finest] - 1, EPSGS[epsg].deepest),
        tuple(v.text.strip() for v in time.findall("{*}Value") if v.text) if time is not None else (),
        _text(time, "Default") if time is not None else "",
        next((match[1] for match in reversed(colormaps) if match), ""), next(iter(legends), ""), _bounds(node),
    )  # fmt: skip


def _bounds(node: etree._Element) -> tuple[float, float, float, float] | None:
    box = node.find("{*}WGS84BoundingBox")
    if box is None:
        return None
    low, high = _text(box, "LowerCorner").split(), _text(box, "UpperCorner").split()
    try:
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])
    except (ValueError, IndexError):
        return None


def _text(node: etree._Element, name: str) -> str:
    return (node.findtext(f"{{*}}{name}") or "").strip()


def words_of(text: str) -> list[str]:
    """MODIS_Terra_CorrectedReflectance_Bands721 -> modis, terra, corrected, reflectance, bands, 721."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d{3})", " ", text)
    return re.findall(r"[a-z0-9]+", apart.lower())


def rank(layer: Layer, wanted: list[str]) -> tuple[int, int, int, str] | None:
    """Lower is better; None when a word is nowhere in id or title.

    Whole words before beginnings of words before parts of words, then the plainer name.
    """
    own, joined = words_of(f"{layer.id} {layer.title}"), f"{layer.id} {layer.title}".lower().replace("_", " ")
    costs = []
    for word in wanted:
        if word in own:
            costs.append(0)
        elif any(w.startswith(word) for w in own):
            costs.append(1)
        elif word in joined or word in joined.replace(" ", ""):
            costs.append(2)
        else:
            return None
    return sum(costs), len(set(own)), len(layer.id), layer.id


def find(layers: dict[str, Layer], words: str) -> list[Layer]:
    """The layers that have every word, best first; all of them for no words; the one of that id alone."""
    if words.strip() in layers:
        return [layers[words.strip()]]
    wanted = words_of(words)
    ranked = [(place, layer) for layer in layers.values() if (place := rank(layer, wanted)) is not None]
    return [layer for _, layer in sorted(ranked, key=lambda pair: pair[0])]


def near(layers: dict[str, Layer], words: str, most: int = 5) -> list[Layer]:
    """What somebody may have meant: layers with most of the words, or words spelt much alike."""
    known = sorted({word for layer in layers.values() for word in words_of(f"{layer.id} {layer.title}")})
    meant = [(get_close_matches(word, known, 1, 0.7) or [""])[0] for word in words_of(words)]

    def hits(layer: Layer) -> int:
        own = set(words_of(f"{layer.id} {layer.title}"))
        return sum(word in own for word in meant if word)

    best = sorted(layers.values(), key=lambda layer: (-hits(layer), len(layer.id)))
    return [layer for layer in best[:most] if hits(layer)]


def one(layers: dict[str, Layer], words: str) -> Layer:
    """The layer of that id, or the only one that the words can mean; NoSuchLayer tells what there is instead."""
    if not words.strip():
        raise BadQuery("Which layer? Give its id, or words that are in its name, such as: modis terra true color.")
    found = find(layers, words)
    if len(found) == 1 or (found and found[0].id.lower() == words.strip().lower()):
        return found[0]
    if found:
        raise NoSuchLayer(f"{len(found)} layers fit {words!r}; write the id of one of them: {_listed(found)}")
    close = near(layers, words)
    hint = f"Did you mean {_listed(close)}" if close else "--list-layers lists all of them."
    raise NoSuchLayer(f"No layer has all the words {words!r} in its name. {hint}")


def _listed(layers: list[Layer], most: int = 6) -> str:
    more = f", and {len(layers) - most} more" if len(layers) > most else ""
    return ", ".join(layer.id for layer in layers[:most]) + more + "."
