"""The same view in NASA's Worldview, and back."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.conftest import TERRA
from tests.browser.visitor import Visitor


def link(visitor: Visitor) -> dict[str, str]:
    address = str(visitor.page.locator("[data-worldview]").get_attribute("href"))
    assert address.startswith("https://worldview.earthdata.nasa.gov/?")
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.mark.usefixtures("terra")
def test_the_link_names_layer_date_and_box(desk: Visitor) -> None:
    found = link(desk.go("/?dataset=terra&date=2003-08-01&at=25,0,4&opacity=0.5"))
    assert (found["p"], found["l"], found["t"]) == ("geographic", f"{TERRA}(opacity=0.5)", "2003-08-01-T00:00:00Z")
    west, south, east, north = map(float, found["v"].split(","))
    assert (west + east) / 2 == pytest.approx(0, abs=0.01)
    assert (south + north) / 2 == pytest.approx(25, abs=0.01)


@pytest.mark.usefixtures("terra")
def test_an_address_of_worldview_pasted_opens_the_layer_the_date_and_the_box(desk: Visitor) -> None:
    address = f"https://worldview.earthdata.nasa.gov/?v=-5,20,5,28&l=Coastlines(hidden),{TERRA}(opacity=0.6)&t=2003-07-30-T12%3A00%3A00Z"
    desk.page.get_by_role("combobox", name="Go to a place").fill(address)
    with desk.page.expect_navigation():
        desk.page.keyboard.press("Enter")
    desk.ready().expect_address(dataset="terra", date="2003-08-01", opacity=r"0\.6", at=r"24,0,")
    west, south, east, north = map(float, link(desk)["v"].split(","))
    assert west <= -4.9
    assert east >= 4.9
    assert north - south == pytest.approx(8, abs=4)


def test_the_polar_view_goes_there_and_back_in_metres(desk: Visitor, arctic: str) -> None:
    there = link(desk.go(f"/?dataset={arctic}&at=75,-40,2"))
    assert there["p"] == "arctic"
    desk.go(f"/worldview/?p=arctic&v={there['v']}&l={there['l']}&t={there['t']}")
    desk.expect_address(dataset=arctic, at=r"7[45](\.\d+)?,-(39|40)")
