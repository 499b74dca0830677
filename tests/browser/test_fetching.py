"""A click where the archive has no tile but its source has."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.accounts import sign_in
from tests.browser.visitor import Visitor
from tests.gibs_server import GibsServer

OUTSIDE = "/?dataset=terra&date=2004-08-01&at={},4&level=5&lock=1"


@pytest.fixture
def owner(visit: Callable[..., Visitor], terra: str) -> Visitor:
    page = visit("/accounts/login/?next=/", wait=False).page
    sign_in(page, "owner")
    return Visitor(page).ready()


def test_the_tile_is_fetched_shown_and_searched_with(
    owner: Visitor, tile_server: GibsServer, complaints: list[str]
) -> None:
    owner.go(OUTSIDE.format("-13,30")).choose()
    owner.found().expect_address(like=r"\d+")
    assert any("/5/11/23." in path for path in tile_server.asked)
    owner.go(OUTSIDE.format("-13,30")).search()  # it is kept
    complaints.clear()  # the browser logs the first, empty answer


def test_a_tile_that_the_server_lacks_is_said(owner: Visitor, tile_server: GibsServer, complaints: list[str]) -> None:
    tile_server.misbehave("/5/11/30.", "404", times=-1)
    owner.go(OUTSIDE.format("-13,94")).choose()
    expect(owner.page.get_by_role("alert").filter(has_text="has no tile of this place and date")).to_be_visible()
    complaints.clear()  # the browser logs the status


def test_a_server_that_cannot_be_had_is_said(owner: Visitor, tile_server: GibsServer, complaints: list[str]) -> None:
    tile_server.misbehave("/5/11/31.", "503", times=-1)
    owner.go(OUTSIDE.format("-13,103")).choose()
    alert = owner.page.get_by_role("alert").filter(has_text="did not give the tile")
    expect(alert).to_be_visible(timeout=30_000)
    complaints.clear()  # the browser logs the status


@pytest.mark.usefixtures("terra")
def test_a_guest_is_told_that_there_is_no_data(
    visit: Callable[..., Visitor], tile_server: GibsServer, complaints: list[str]
) -> None:
    before = sum(tile_server.asked.values())
    guest = visit(OUTSIDE.format("-13,-60")).choose()
    expect(guest.page.get_by_role("alert").filter(has_text="There is no data in that tile")).to_be_visible()
    assert sum(tile_server.asked.values()) == before
    complaints.clear()  # the browser logs the status
