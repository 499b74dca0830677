"""Two dates on one map."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor

SAMPLE = """([x, y]) => { // the colour of a pixel of the imagery
  const canvas = [...document.querySelectorAll(".map canvas")].find((c) => c.width > 100);
  const ratio = canvas.width / canvas.getBoundingClientRect().width;
  return [...canvas.getContext("2d").getImageData(x * ratio, y * ratio, 1, 1).data].slice(0, 3);
}"""


@pytest.fixture
def compared(desk: Visitor) -> Visitor:
    """Snow in March left, none in August right: the middle of the map is Russia."""
    desk.go("/?dataset=earth&at=60,50,2.5&date=2004-03-01&compare=swipe&date2=2004-08-01")
    desk.page.wait_for_load_state("networkidle")
    return desk


def brightness(visitor: Visitor, share: float) -> float:
    box = visitor.page.locator("[data-map]").bounding_box()
    assert box
    visitor.page.wait_for_timeout(300)  # painted
    pixels = [visitor.page.evaluate(SAMPLE, [box["width"] * share, box["height"] / 2 + dy]) for dy in (-20, 0, 20)]
    return sum(map(sum, pixels)) / 9


def test_the_first_date_is_left_of_the_divider_and_the_second_right_of_it(compared: Visitor) -> None:
    assert brightness(compared, 0.45) > 2 * brightness(compared, 0.55)


def test_the_divider_is_dragged_and_kept_in_the_address(compared: Visitor) -> None:
    before = brightness(compared, 0.45)
    x, y = compared.middle()
    compared.page.mouse.move(x, y)
    compared.page.mouse.down()
    compared.page.mouse.move(x - 300, y, steps=6)
    compared.page.mouse.up()
    compared.expect_address(split=r"0\.2")
    assert brightness(compared, 0.45) < before / 2


def test_the_divider_moves_by_keys(compared: Visitor) -> None:
    divider = compared.page.get_by_role("slider", name="Divider")
    divider.focus()
    compared.page.keyboard.press("ArrowRight")
    expect(divider).to_have_attribute("aria-valuenow", "52")
    compared.page.keyboard.press("End")
    compared.expect_address(split="1")


def test_a_click_searches_with_the_date_of_its_side(compared: Visitor) -> None:
    compared.click_map(dx=250).found()

    expect(compared.liked.first).to_have_attribute("title", re.compile("1 Aug 2004"))


def test_comparing_begins_with_the_date_before_and_can_fade(desk: Visitor) -> None:
    desk.page.get_by_role("button", name="Compare, grid and links").click()
    desk.page.get_by_role("button", name="Fade").click()
    desk.expect_address(compare="fade", date2="2004-03-01", opacity=r"0\.5")
    desk.page.get_by_label("Opacity").fill("0.2")
    desk.expect_address(opacity=r"0\.2")
    desk.page.get_by_role("button", name="Off").click()
    expect(desk.page.locator("[data-divider]")).to_be_hidden()


def test_both_handles_are_on_the_line_of_dates(compared: Visitor) -> None:
    second = compared.page.get_by_role("slider", name="Date compared with")
    second.focus()
    compared.page.keyboard.press("Home")
    compared.expect_address(date2="2004-03-01")
