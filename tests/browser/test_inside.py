"""Find large, localise small: a result opened into smaller squares, and where in it the likeness is."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import Visitor


@pytest.fixture
def inside(desk: Visitor) -> Page:
    desk.search().act("inside", 1)
    return desk.page


def squares(page: Page) -> Locator:
    return page.locator("[data-inside-list] .child")


def test_a_result_opens_into_its_four_squares_most_alike_first(inside: Page) -> None:
    expect(squares(inside)).to_have_count(4)
    scores = [float(text) for text in squares(inside).locator(".result__score").all_text_contents()]
    assert scores == sorted(scores, reverse=True)


def test_squares_that_are_not_indexed_are_said_to_be_measured_from_the_pixels(inside: Page) -> None:
    expect(inside.locator("[data-inside-note]")).to_contain_text("4 squares of 500 km, not indexed")


def test_it_opens_into_finer_squares(inside: Page) -> None:
    inside.get_by_role("button", name="8 × 8").click()
    expect(squares(inside)).to_have_count(64)
    expect(inside.get_by_role("button", name="8 × 8")).to_be_focused()


def test_a_square_opens_again_and_back_returns(inside: Page) -> None:
    name = inside.locator("[data-inside-title]").text_content() or ""
    squares(inside).first.get_by_role("button").click()
    expect(inside.locator("[data-inside-title]")).not_to_have_text(name)
    inside.get_by_role("button", name="Back to the larger square").click()
    expect(inside.locator("[data-inside-title]")).to_have_text(name)


def test_the_square_under_the_mouse_is_framed_in_the_picture(inside: Page) -> None:
    squares(inside).first.hover()
    expect(inside.locator("[data-inside-box]")).to_be_visible()


def test_heat_is_laid_over_the_picture_with_a_scale_and_taken_away_again(inside: Page) -> None:
    toggle = inside.get_by_role("button", name="Where is it?")
    toggle.click()
    expect(inside.locator("[data-inside-heat]")).to_be_visible()
    expect(inside.locator("[data-inside-legend]")).to_contain_text("overlapping windows")
    toggle.click()
    expect(inside.locator("[data-inside-heat]")).to_be_hidden()
    expect(inside.locator("[data-inside-legend]")).to_be_hidden()


def test_heat_goes_with_the_tile_to_the_map_and_can_be_hidden_and_removed(inside: Page) -> None:
    inside.get_by_role("button", name="Where is it?").click()
    expect(inside.locator("[data-inside-heat]")).to_be_visible()
    inside.get_by_role("button", name="Show on the map").click()
    legend = inside.get_by_role("region", name="Heat map")
    expect(legend).to_be_visible()
    legend.get_by_role("button", name="Show").click()
    expect(legend.get_by_role("button", name="Show")).to_have_attribute("aria-pressed", "false")
    legend.get_by_role("button", name="Remove the heat map").click()
    expect(legend).to_be_hidden()


def test_another_search_takes_the_heat_off_the_map(inside: Page) -> None:
    inside.get_by_role("button", name="Where is it?").click()
    expect(inside.locator("[data-inside-heat]")).to_be_visible()
    inside.get_by_role("button", name="Show on the map").click()
    expect(inside.get_by_role("region", name="Heat map")).to_be_visible()
    Visitor(inside).click_map(dx=250)
    expect(inside.get_by_role("region", name="Heat map")).to_be_hidden()


def test_the_keyboard_opens_it_and_escape_returns_to_the_card(desk: Visitor) -> None:
    desk.search()
    desk.results.nth(0).locator(".result__show").focus()
    desk.page.keyboard.press("o")
    expect(desk.page.get_by_role("dialog")).to_be_visible()
    desk.page.keyboard.press("Escape")
    expect(desk.page.get_by_role("dialog")).to_be_hidden()
    expect(desk.results.nth(0).locator(".result__show")).to_be_focused()


def test_a_square_searches(inside: Page) -> None:
    like = Visitor(inside).address["like"]
    squares(inside).first.get_by_role("button").click()
    inside.get_by_role("button", name="Search with it").click()
    Visitor(inside).found()
    assert Visitor(inside).address["like"] != like


def test_what_the_server_refuses_is_said_and_tried_again(desk: Visitor, complaints: list[str]) -> None:
    body = '{"error": {"code": "x", "message": "Words of the server.", "fields": null}}'
    refuse = {"status": 503, "body": body, "content_type": "application/json"}
    desk.page.route("**/children", lambda route: route.fulfill(**refuse), times=1)  # type: ignore[arg-type]
    desk.search().act("inside", 1)
    expect(desk.page.locator("[data-inside-error]")).to_contain_text("Words of the server.")
    desk.page.get_by_role("dialog").get_by_role("button", name="Try again").click()
    expect(squares(desk.page)).to_have_count(4)
    complaints.clear()  # the browser logs the status


def test_on_a_phone_it_fills_the_screen(phone: Visitor) -> None:
    phone.search()
    phone.results.first.locator('[data-action="inside"]').tap()
    expect(squares(phone.page)).to_have_count(4)
    box = phone.page.get_by_role("dialog").bounding_box()
    assert box
    assert (box["width"], box["height"]) == (390, 844)


def test_a_picture_of_a_gallery_shows_heat_but_no_squares(desk: Visitor) -> None:
    desk.go("/?dataset=frames")
    desk.page.locator(".frame button").first.click()
    desk.found().act("inside", 0)
    desk.page.get_by_role("button", name="Where is it?").click()
    expect(desk.page.locator("[data-inside-heat]")).to_be_visible()
    expect(squares(desk.page)).to_have_count(0)
