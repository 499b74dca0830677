"""A gallery: pages of pictures in place of the map, the same results beside them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor, walk


@pytest.fixture
def gallery(visit: Callable[..., Visitor]) -> Visitor:
    visitor = visit("/?dataset=frames")
    expect(visitor.page.locator(".frame")).to_have_count(60)
    return visitor


def test_a_click_on_a_picture_brings_its_lookalikes(gallery: Visitor) -> None:
    gallery.page.get_by_role("button", name="frame-07.png").click()
    expect(gallery.found().results).to_have_count(50)
    expect(gallery.liked).to_have_count(1)


def test_the_second_page_is_in_the_address_and_back_returns(gallery: Visitor) -> None:
    gallery.page.get_by_role("button", name="Next page").click()
    expect(gallery.page.locator(".frame")).to_have_count(10)
    gallery.expect_address(page="2")
    walk(gallery.page, -1)
    expect(gallery.page.locator(".frame")).to_have_count(60)


def test_the_dataset_can_be_changed(gallery: Visitor) -> None:
    gallery.page.get_by_label("Dataset").select_option("earth")
    expect(gallery.ready().page.locator("[data-map]")).to_be_visible()
