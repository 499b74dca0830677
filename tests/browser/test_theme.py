"""Light and dark."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitor

LIGHT, DARK = "rgb(255, 255, 255)", "rgb(18, 24, 30)"


def expect_header(page: Page, colour: str) -> None:
    expect(page.locator(".header")).to_have_css("background-color", colour)


def test_the_page_follows_the_system(visit: Callable[..., Visitor]) -> None:
    expect_header(visit(color_scheme="dark").page, DARK)
    expect_header(visit(color_scheme="light").page, LIGHT)


def test_the_choice_of_a_theme_is_kept(desk: Visitor) -> None:
    desk.page.get_by_role("button", name="Dark mode").click()
    expect_header(desk.page, DARK)
    desk.page.reload()
    expect_header(desk.ready().page, DARK)
    expect(desk.page.get_by_role("button", name="Dark mode")).to_have_attribute("aria-pressed", "true")
