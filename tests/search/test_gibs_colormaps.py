"""Colours of a layer back to its values."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import numpy as np
import pytest

from ml import images
from search.errors import BadImagery, NoSuchLayer, Unreachable
from search.gibs import colormaps, endpoint, layers
from tests.gibs_documents import KELVIN, colormap, colour
from tests.gibs_downloads import TEMPERATURE
from tests.gibs_server import GibsServer

HEAD = "<ColorMaps><ColorMap units='K'><Entries>"
TAIL = "</Entries></ColorMap></ColorMaps>"


@pytest.fixture
def server() -> Iterator[GibsServer]:
    with GibsServer() as server, endpoint.chosen(server.url):
        yield server


def test_every_colour_becomes_the_middle_of_its_range(server: GibsServer) -> None:
    table = colormaps.load(colormaps.fetch(TEMPERATURE))
    rgb = np.array([[colour(i) for i in range(len(KELVIN))]], np.uint8)
    assert np.array_equal(colormaps.values(rgb, table)[0], [low + 0.5 for low, _ in KELVIN])
    assert (table.units, table.range) == ("K", (180.5, 329.5))


def test_no_data_and_unknown_colours_are_nan(server: GibsServer) -> None:
    table = colormaps.load(colormaps.fetch(TEMPERATURE))
    found = colormaps.values(np.array([[[0, 0, 0], [1, 2, 3]]], np.uint8), table)
    assert found.dtype == np.float32
    assert np.isnan(found).all()


def test_a_tile_of_temperatures_has_numbers_where_it_has_data(server: GibsServer) -> None:
    table = colormaps.load(colormaps.fetch(TEMPERATURE))
    url = f"{server.url}/wmts/epsg4326/best/{TEMPERATURE}/default/2012-07-09/1km/4/4/10.png"
    found = colormaps.values(images.decode(httpx2.get(url).content), table)
    assert found.shape == (512, 512)
    assert 180 < np.nanmin(found) < np.nanmax(found) < 330


@pytest.mark.parametrize(
    ("text", "value"),
    [("[250.0,250.5)", 250.25), ("[5]", 5.0), ("[-INF,0.5)", 0.5), ("[330,+INF)", 330.0), ("(1,3]", 2.0),
     ("cloud", None), ("[1.0e+15,3.0e+15)", 2e15)],
)  # fmt: skip
def test_ranges(text: str, value: float | None) -> None:
    assert colormaps.number(text) == value


def test_classes_beside_the_values_are_no_data() -> None:
    classes = "<ColorMap><Entries><ColorMapEntry rgb='9,9,9' value='[1]'/></Entries></ColorMap></ColorMaps>"
    kept = colormaps.read(colormap().replace("</ColorMaps>", classes).encode(), "x")
    assert len(kept["colours"]) == len(KELVIN)  # type: ignore[arg-type]
    assert [9, 9, 9] in kept["nodata"]  # type: ignore[operator]


def test_a_map_without_values_is_refused() -> None:
    with pytest.raises(BadImagery, match="gives no values"):
        colormaps.read(f"{HEAD}<ColorMapEntry rgb='1,2,3' transparent='true'/>{TAIL}".encode(), "x")


def test_a_name_that_leads_elsewhere_is_refused() -> None:
    with pytest.raises(BadImagery, match="not a colour map's name"):
        colormaps.fetch("../../secret")


def test_a_map_that_the_server_lacks_is_a_sentence(server: GibsServer) -> None:
    with pytest.raises(NoSuchLayer, match="has nothing at"):
        colormaps.fetch("Nothing")


def test_entities_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden")
    text = f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><a>&x;</a>'
    with pytest.raises(Unreachable):
        layers.xml(text.encode(), "The list of layers")


def test_a_page_of_html_is_no_list_of_layers() -> None:
    with pytest.raises(Unreachable, match="Try again later"):
        layers.read(b"<html><body>Sorry<br></body></html>", 4326)
