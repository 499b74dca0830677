"""Go to a place."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.chromium import PHONE
from tests.browser.visitor import Visitor


def go_to(visitor: Visitor, text: str) -> Visitor:
    visitor.page.get_by_role("combobox", name="Go to a place").fill(text)
    return visitor


def test_a_name_without_its_accents_is_found_and_flown_to(desk: Visitor) -> None:
    go_to(desk, "zurich").page.get_by_role("listbox", name="Places").get_by_text("Switzerland").first.click()
    desk.expect_address(at=r"47\.3\d*,8\.5")


def test_arrow_and_enter_choose_from_the_list(desk: Visitor) -> None:
    go_to(desk, "lake ch")
    expect(desk.page.get_by_role("listbox", name="Places").get_by_role("option").first).to_contain_text("Lake Chad")
    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("Enter")
    desk.expect_address(at=r"13\.\d*,14\.2")


def test_coordinates_are_gone_to(desk: Visitor) -> None:
    go_to(desk, "33°52'S 151°12'E").page.keyboard.press("Enter")
    desk.expect_address(at=r"-33\.8\d*,151\.2")


def test_an_unknown_place_is_said_with_what_works(desk: Visitor) -> None:
    go_to(desk, "xqzzy")
    expect(desk.page.get_by_text("No such place is known.")).to_be_visible()


def test_on_a_phone_the_field_is_behind_a_button(visit: Callable[..., Visitor]) -> None:
    phone = visit(**PHONE)
    phone.page.get_by_role("button", name="Go to a place").tap()
    go_to(phone, "tokyo").page.keyboard.press("Enter")
    expect(phone.page).to_have_url(re.compile(r"at=35\.\d+,139\."))
