"""A phone: touch, a sheet of results, nothing too small for a finger."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import PHONE
from tests.browser.visitor import Visitor

SMALL = """els => els.filter((e) => e.checkVisibility() && !e.matches(".visually-hidden, .skip-link, [type=checkbox]"))
  .filter((e) => Math.min(e.getBoundingClientRect().height, e.getBoundingClientRect().width) < 43.5)
  .map((e) => e.outerHTML.slice(0, 80))"""


def test_a_tap_on_the_map_brings_results(phone: Visitor) -> None:
    phone.search()
    expect(phone.results.first).to_be_in_viewport()


def test_plus_refines_by_touch(phone: Visitor) -> None:
    phone.search().results.nth(1).locator('[data-action="like"]').tap()
    expect(phone.liked).to_have_count(2)


def test_the_sheet_opens_fully_and_sinks_when_a_result_is_shown(phone: Visitor) -> None:
    phone.search().page.locator("[data-grip]").tap()
    expect(phone.page.locator("[data-panel]")).to_have_attribute("data-sheet", "full")
    phone.results.nth(1).locator(".result__show").tap()
    expect(phone.page.locator("[data-panel]")).to_have_attribute("data-sheet", "half")


@pytest.mark.parametrize("width", [390, 320])
def test_nothing_is_wider_than_the_screen_or_too_small_to_touch(visit: Callable[..., Visitor], width: int) -> None:
    phone = visit(**{**PHONE, "viewport": {"width": width, "height": 700}})
    phone.search().page.locator("[data-panel]").evaluate("panel => panel.scrollTo(0, 0)")
    phone.filters()
    assert phone.page.evaluate("document.documentElement.scrollWidth") == width
    assert phone.page.locator("button, a, input, select, summary").evaluate_all(SMALL) == []
