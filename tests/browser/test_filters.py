"""Filters narrow the search, and are kept in the address."""

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor


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


def test_a_metric(filtering: Visitor) -> None:
    filtering.page.get_by_text("More filters").click()
    filtering.page.get_by_label("Luminance, at least").fill("250")
    filtering.expect_address(**{"m.luminance": r"250\.\."})


def test_filters_that_leave_nothing_say_so_and_can_be_reset(filtering: Visitor) -> None:
    filtering.page.get_by_text("More filters").click()
    filtering.page.get_by_label("Luminance, at least").fill("256")
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
