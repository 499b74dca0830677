"""Filters narrow the search, and are kept in the address."""

import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Complaints
from tests.browser.visitor import Visitor, walk


@pytest.fixture
def filtering(desk: Visitor) -> Visitor:
    return desk.search().filters()


def test_number_of_results(filtering: Visitor) -> None:
    filtering.page.get_by_label("Number of results").fill("7")
    expect(filtering.results).to_have_count(7)
    filtering.expect_address(k="7")


def test_an_impossible_number_of_results_is_refused_in_words(filtering: Visitor) -> None:
    filtering.page.get_by_label("Number of results").fill("0")
    expect(filtering.page.get_by_text("Between 1 and 1,000.")).to_be_visible()
    assert "k" not in filtering.address


def test_only_the_date_shown(filtering: Visitor) -> None:
    filtering.page.get_by_label("Dates searched").select_option("shown")
    expect(filtering.results.filter(has_text="1 Mar 2004")).to_have_count(0)
    filtering.expect_address(dates="shown")


def test_a_range_of_dates(filtering: Visitor) -> None:
    filtering.page.get_by_label("Dates searched").select_option("range")
    filtering.page.get_by_label("To", exact=True).fill("2004-04-01")
    expect(filtering.results.filter(has_text="1 Aug 2004")).to_have_count(0)
    filtering.expect_address(dates=r"2004-03-01\.\.2004-04-01")


def test_an_area_drawn_on_the_map(filtering: Visitor) -> None:
    x, y = filtering.middle()
    filtering.page.get_by_role("button", name="Draw it").click()
    filtering.page.mouse.move(x - 200, y - 100)
    filtering.page.mouse.down()
    filtering.page.mouse.move(x + 200, y + 100, steps=5)
    filtering.page.mouse.up()
    filtering.expect_address(area=r"\d+")
    expect(filtering.page.get_by_label("West", exact=True)).not_to_have_value("")


def test_drawing_an_area_is_not_a_click_on_a_tile(filtering: Visitor) -> None:
    like = filtering.address["like"]
    test_an_area_drawn_on_the_map(filtering)
    assert filtering.address["like"] == like


def test_an_area_typed(filtering: Visitor) -> None:
    for edge, value in {"West": "170", "South": "-50", "East": "-170", "North": "50"}.items():
        filtering.page.get_by_label(edge, exact=True).fill(value)
    filtering.expect_address(area="170,-50,-170,50")


@pytest.fixture
def measures(filtering: Visitor) -> Visitor:
    """With the histograms in sight, and what passes counted."""
    filtering.page.get_by_text("More filters").click()
    expect(passing(filtering)).to_have_text(re.compile(r"All 1,600 tiles pass|of 1,600 tiles pass"))
    return filtering


def passing(visitor: Visitor) -> Locator:
    return visitor.page.locator("[data-filter-count]")


def lower(visitor: Visitor) -> Locator:
    return visitor.page.get_by_label("Luminance: lower end", exact=True)


def test_a_metric(measures: Visitor) -> None:
    measures.page.get_by_label("Luminance, at least", exact=True).fill("250")
    measures.expect_address(**{"m.luminance": r"250\.\."})


def test_the_histogram_shows_all_tiles_and_those_that_pass(measures: Visitor) -> None:
    bars = measures.page.locator('[data-column="luminance"] path')
    expect(bars.first).to_have_attribute("d", re.compile("M"))
    expect(bars.nth(1)).to_have_attribute("d", re.compile("M"))


def test_a_slider_is_moved_by_keys(measures: Visitor) -> None:
    lower(measures).focus()
    for _ in range(3):
        measures.page.keyboard.press("PageUp")
    measures.expect_address(**{"m.luminance": r"[\d.]+\.\."})
    expect(passing(measures)).to_have_text(re.compile(r"^[\d,]+ of 1,600 tiles pass\.$"))
    measures.page.keyboard.press("Home")
    expect(measures.page).not_to_have_url(re.compile("luminance"))


def test_a_press_on_the_track_moves_the_nearer_end(measures: Visitor) -> None:
    histogram = measures.page.locator('[data-column="luminance"] [data-histogram]')
    box = histogram.bounding_box()
    assert box
    histogram.click(position={"x": box["width"] * 0.3, "y": 20})
    measures.expect_address(**{"m.luminance": r"[\d.]+\.\."})
    expect(lower(measures)).to_be_focused()


def test_a_range_that_is_empty_is_refused_next_to_its_field(measures: Visitor) -> None:
    column = measures.page.locator('[data-column="luminance"]')
    measures.page.get_by_label("Luminance, at least", exact=True).fill("90")
    measures.page.get_by_label("Luminance, at most", exact=True).fill("20")
    expect(column.get_by_role("alert")).to_have_text("The lower end is above the upper one.")
    assert measures.address.get("m.luminance") in (None, "90..")


def test_back_brings_the_slider_back(measures: Visitor) -> None:
    measures.page.get_by_label("Luminance, at least", exact=True).fill("50")
    measures.expect_address(**{"m.luminance": "50"})
    measures.page.get_by_label("Luminance, at most", exact=True).focus()
    walk(measures.page, -1)
    expect(measures.page.get_by_label("Luminance, at least", exact=True)).to_have_value("")
    expect(measures.page.locator("[data-filters-count]")).to_be_hidden()


def test_a_polygon_drawn_on_the_map(filtering: Visitor) -> None:
    x, y = filtering.middle()
    filtering.page.get_by_role("button", name="Draw a polygon").click()
    for dx, dy in ((-150, -100), (150, -100), (0, 120), (-150, -100)):
        filtering.page.mouse.move(x + dx, y + dy)
        filtering.page.mouse.click(x + dx, y + dy, delay=30)
        filtering.page.wait_for_timeout(300)  # two clicks sooner than that are a double click, which ends it
    filtering.expect_address(polygon=r"[-\d.]+,[-\d.]+,")
    assert len(filtering.address["polygon"].split(",")) == 6
    filtering.page.get_by_role("button", name="Remove the polygon").click()
    expect(filtering.page).not_to_have_url(re.compile("polygon"))


def test_an_address_with_every_filter_is_kept_whole(visit: Callable[..., Visitor], complaints: Complaints) -> None:
    parts = {
        "m.luminance": "10..200", "v.station": "a,b%2Cc", "polygon": "10,10,50,10,40,45", "labels": "3:yes.no,4:",
        "scores": "3/1:0.5..", "in": "a", "out": "b,c",
    }  # fmt: skip
    visitor = visit("/?dataset=earth&" + urlencode(parts)).filters()
    expect(visitor.page.locator("[data-filters-count]")).to_have_text("9")
    visitor.page.get_by_label("Number of results").fill("7")
    visitor.expect_address(k="7")
    assert {name: visitor.address.get(name) for name in parts} == parts
    complaints.clear()  # there is no such campaign: the browser's own word on the refusal


def test_a_filter_that_the_site_refuses_is_told_in_words(visit: Callable[..., Visitor], complaints: Complaints) -> None:
    visitor = visit("/?dataset=earth&in=nowhere").filters()
    expect(visitor.page.locator("[data-filter-problem]")).to_contain_text("has no collection 'nowhere'")
    visitor.page.get_by_role("button", name="Reset the filters").click()
    expect(passing(visitor)).to_have_text("All 1,600 tiles pass.")
    complaints.clear()  # the browser's own word on the refusal


def test_filters_that_leave_nothing_say_so_and_can_be_reset(filtering: Visitor) -> None:
    filtering.page.get_by_text("More filters").click()
    filtering.page.get_by_label("Luminance, at least", exact=True).fill("256")
    expect(filtering.page.get_by_role("heading", name="No lookalikes found")).to_be_visible()
    filtering.page.locator("[data-nothing-action]").click()
    expect(filtering.results).to_have_count(50)


def test_other_dates_of_a_place_come_in_when_asked_for(filtering: Visitor) -> None:
    place = filtering.liked.locator(".chip__text").text_content() or ""
    filtering.page.get_by_label("One result per place").uncheck()
    expect(filtering.results.filter(has_text=place)).to_have_count(1)
    filtering.expect_address(spread="off")


def test_all_sizes_are_searched_when_asked_for(filtering: Visitor) -> None:
    """The site has one size: the choice is not offered, and an address that asks for it still works."""
    expect(filtering.page.get_by_label("Sizes searched")).to_be_hidden()
    filtering.go(filtering.page.url + "&sizes=all").found()
    expect(filtering.page.locator("[data-results-title]")).to_contain_text("all sizes")
