"""The collection as KML 2.2 (OGC 07-147r2), for Google Earth: outlines in their answers' colours."""

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from labeling.exporting.collection import COLUMNS, Collection
from labeling.models import Campaign
from search.exporting.geojson import ring
from search.exporting.rows import Row, outlines

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n'
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
NO_LABEL = "#ffffff"


def kml(collection: Collection) -> Iterator[str]:
    """Pictures of a gallery are placemarks without a place."""
    campaign = collection.campaign
    yield f"{HEAD}<name>{text(campaign.question)}</name>\n"
    yield from styles(campaign)
    for row in collection.rows():
        yield placemark(row)
    yield "</Document>\n</kml>\n"


def styles(campaign: Campaign) -> Iterator[str]:
    colours = dict(campaign.answers.values_list("code", "colour"))
    for code, colour in [*colours.items(), ("", NO_LABEL)]:
        red, green, blue = colour[1:3], colour[3:5], colour[5:7]
        line = f"<LineStyle><color>ff{blue}{green}{red}</color><width>2</width></LineStyle>"
        fill = f"<PolyStyle><color>40{blue}{green}{red}</color></PolyStyle>"
        yield f"<Style id={quoteattr(f'label-{code}')}>{line}{fill}</Style>\n"


def placemark(row: Row) -> str:
    score = "" if row["score"] is None else f" {row['score']:.3f}"
    said = {**row, "name": None, "picture": row["name"]}
    values = [(name, said[name]) for name in (*COLUMNS, "picture") if said[name] not in (None, "")]
    data = "".join(f'<Data name="{name}"><value>{text(value)}</value></Data>' for name, value in values)
    when = f"<TimeStamp><when>{row['date']}</when></TimeStamp>" if row["date"] != "static" else ""
    return (
        f'<Placemark id="t{row["key"]}"><name>{text(row["label"] or "no label")}{score}</name>{when}'
        f"<styleUrl>#label-{text(row['label'] or '')}</styleUrl><ExtendedData>{data}</ExtendedData>{geometry(row)}"
        "</Placemark>\n"
    )


def geometry(row: Row) -> str:
    polygons = [polygon(ring(*box)) for box in outlines(row)]
    if len(polygons) < 2:
        return "".join(polygons)
    return f"<MultiGeometry>{''.join(polygons)}</MultiGeometry>"


def polygon(corners: list[list[float]]) -> str:
    places = " ".join(f"{lon!r},{lat!r}" for lon, lat in corners)
    boundary = f"<LinearRing><coordinates>{places}</coordinates></LinearRing>"
    return f"<Polygon><outerBoundaryIs>{boundary}</outerBoundaryIs></Polygon>"


def text(value: object) -> str:
    """Escaped, without what XML cannot hold."""
    return escape(UNWRITABLE.sub("", str(value)))
