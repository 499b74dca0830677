"""The whole search is in the address bar."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitor, walk

ROUND_TRIP = """async ([address, dataset]) => {
  const { parse, format } = await import("/static/search/js/address.js");
  const known = JSON.parse(document.getElementById("config").textContent).dataset;
  return format(parse(address, known), known);
}"""


def test_reload_keeps_the_search(desk: Visitor) -> None:
    desk.search().act("like", 1)
    expect(desk.liked).to_have_count(2)
    keys = desk.found().keys
    desk.page.reload()
    expect(desk.ready().liked).to_have_count(2)
    assert desk.found().keys == keys


def test_back_and_forward_walk_through_the_searches(desk: Visitor) -> None:
    desk.search().act("unlike", 1)
    expect(desk.unliked).to_have_count(1)
    walk(desk.found().page, -1)
    expect(desk.unliked).to_have_count(0)
    walk(desk.page, 1)
    expect(desk.unliked).to_have_count(1)
    desk.found()


def test_a_shared_link_opens_the_same_search_elsewhere(desk: Visitor, visit: Callable[..., Visitor]) -> None:
    desk.search()
    desk.page.wait_for_timeout(400)  # the view is written a moment later
    other = visit(desk.page.url, viewport={"width": 1100, "height": 700})
    assert other.found().keys == desk.keys
    assert other.address["at"] == desk.address["at"]


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("?dataset=earth&k=30&spread=off&duplicates=hide", "k=30&duplicates=hide&spread=off"),
        ("?dataset=earth&level=5&lock=1&dates=2004-03-01..", "level=5&lock=1&dates=2004-03-01.."),
        ("?dataset=earth&area=170,-20,-170,10", "area=170,-20,-170,10"),
        ("?dataset=earth&m.luminance=10..", "m.luminance=10.."),
        ("?dataset=earth&k=1e9&level=99&area=1,2,3&like=drop%20table&at=95,0,3&min=7", ""),
    ],
)
def test_addresses_are_read_and_written_alike_and_mistakes_ignored(scripts: Page, address: str, kept: str) -> None:
    written = scripts.evaluate(ROUND_TRIP, [address, "earth"])
    assert written == f"?dataset=earth&date=2004-08-01{'&' if kept else ''}{kept}"


def test_an_unknown_tile_in_the_address_is_said(desk: Visitor, complaints: list[str]) -> None:
    desk.go("/?dataset=earth&like=9000000000000000000")
    expect(desk.page.locator("[data-error]")).to_be_visible()
    expect(desk.liked.filter(has_text="Unknown tile")).to_have_count(1)
    complaints.clear()  # the browser logs the refused requests


def test_results_download_as_geojson(desk: Visitor) -> None:
    desk.search().page.get_by_text("Export").click()
    with desk.page.expect_download() as download:
        desk.page.get_by_role("link", name="GeoJSON").click()
    collection = json.loads(download.value.path().read_text())
    assert [feature["type"] for feature in collection["features"]] == ["Feature"] * 50


def test_results_download_as_csv(desk: Visitor) -> None:
    desk.search().page.get_by_text("Export").click()
    with desk.page.expect_download() as download:
        desk.page.get_by_role("link", name="CSV").click()
    assert len(download.value.path().read_text().splitlines()) == 51
