"""The map itself: imagery, dates, sizes, credit."""

from playwright.sync_api import expect

from tests.browser.visitor import Visitor


def test_the_imagery_is_the_datasets_own(desk: Visitor) -> None:
    with desk.page.expect_response("**/tiles/earth/images/2004-03-01/*/*/*.webp*") as response:
        desk.page.get_by_label("Date shown").select_option("2004-03-01")
    assert response.value.status == 200


def test_the_credit_is_shown(desk: Visitor) -> None:
    expect(desk.page.get_by_text("NASA Earth Observatory")).to_be_in_viewport()


def test_the_arrows_beside_the_date_step_through_the_dates(desk: Visitor) -> None:
    expect(desk.page.get_by_role("button", name="Later date")).to_be_disabled()
    desk.page.get_by_role("button", name="Earlier date").click()
    desk.expect_address(date="2004-03-01")


def test_a_size_picked_by_hand_is_locked(desk: Visitor) -> None:
    expect(desk.page.get_by_label("Size of what you look for")).to_have_value("5")
    desk.page.get_by_role("button", name="Keep this size when zooming").click()
    desk.expect_address(level="5", lock="1")


def test_zooming_is_kept_in_the_address(desk: Visitor) -> None:
    desk.page.get_by_role("button", name="Zoom in").click()
    desk.expect_address(at=r"[-\d.]+,[-\d.]+,3\.5")


def test_a_search_across_the_date_line(desk: Visitor) -> None:
    desk.go("/?dataset=earth&at=20,180,2.5").click_map(dx=20).found()
    desk.expect_address(like=r"\d+")
