"""Everything without a mouse."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor

UNNAMED = """els => els.filter((e) => e.checkVisibility() && !e.ariaLabel && !e.textContent.trim() && !e.labels?.length)
  .map((e) => e.outerHTML)"""


@pytest.fixture
def typist(desk: Visitor) -> Visitor:
    """On the map, by the skip link."""
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("[data-map]")).to_be_focused()
    return desk


def press(visitor: Visitor, *keys: str) -> Visitor:
    for key in keys:
        visitor.page.keyboard.press(key)
    return visitor


def test_arrows_move_the_cursor_and_say_where_it_is(typist: Visitor) -> None:
    press(typist, "ArrowRight", "ArrowUp")
    expect(typist.page.locator("[data-announcer]")).to_have_text(re.compile(r"Tile at \d+\.\d° N, \d+\.\d° E"))


def test_enter_searches_with_the_tile_under_the_cursor(typist: Visitor) -> None:
    press(typist, "ArrowRight", "Enter").found()
    expect(typist.page.locator("[data-announcer]")).to_contain_text("50 lookalikes")


def test_plus_and_minus_refine_in_the_results(typist: Visitor) -> None:
    press(typist, "ArrowRight", "Enter").found().results.first.locator("button").first.focus()
    press(typist, "ArrowRight", "+")
    expect(typist.liked).to_have_count(2)
    press(typist.found(), "ArrowDown", "-")
    expect(typist.unliked).to_have_count(1)


def test_the_focus_stays_in_the_results_after_refining(typist: Visitor) -> None:
    press(typist, "ArrowRight", "Enter").found().results.first.locator("button").first.focus()
    press(typist, "+")
    expect(typist.liked).to_have_count(2)
    expect(typist.found().results.first.locator("button").first).to_be_focused()


def test_the_results_are_one_tab_stop(typist: Visitor) -> None:
    press(typist, "ArrowRight", "Enter").found()
    assert typist.page.locator('.result__show[tabindex="0"]').count() == 1


def test_question_mark_helps_and_escape_closes(desk: Visitor) -> None:
    press(desk, "?")
    expect(desk.page.get_by_role("dialog", name="How to search")).to_be_visible()
    press(desk, "Escape")
    expect(desk.page.get_by_role("dialog")).to_have_count(0)


def test_focus_is_visible_on_the_map(typist: Visitor) -> None:
    frame = typist.page.locator("[data-map]").evaluate("map => getComputedStyle(map, '::after').borderTopWidth")
    assert frame == "3px"


def test_every_control_has_a_name(desk: Visitor) -> None:
    desk.search().filters()
    assert desk.page.locator("button, a, input, select, summary").evaluate_all(UNNAMED) == []
