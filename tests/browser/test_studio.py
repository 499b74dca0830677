"""The studio: marks on the map of embeddings, in the list and on the small globe are the same."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accounts import account, sign_in
from tests.browser.chromium import PHONE
from tests.browser.conftest import Complaints
from tests.browser.visitor import Visitor, walk
from tests.webapp.site import Site

STUDIO = "/studio/earth/"


@pytest.fixture
def studio(visit: Callable[..., Visitor]) -> Page:
    return visit(STUDIO).page


@pytest.fixture(scope="module")
def member(site: Site) -> str:
    return account(site, "mary")


def title(page: Page) -> Locator:
    return page.locator("[data-tray-title]")


def marked(page: Page) -> int:
    found = re.match(r"([\d,]+) tiles? marked", title(page).inner_text())
    return int(found[1].replace(",", "")) if found else 0


def stage(page: Page) -> tuple[float, float, float, float]:
    box = page.locator("[data-hands]").bounding_box()
    assert box
    return box["x"], box["y"], box["width"], box["height"]


def lasso(page: Page, left: float, top: float, right: float, bottom: float, key: str = "Shift") -> None:
    """Round a part of the stage; shares of its sides. Its upper left corner belongs to the tools."""
    x, y, width, height = stage(page)
    corners = [(x + width * a, y + height * b) for a, b in ((left, top), (right, top), (right, bottom), (left, bottom))]
    page.keyboard.down(key)
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=3)
    page.mouse.up()
    page.keyboard.up(key)


def first_cell(page: Page) -> Locator:
    return page.locator(".tile").first


def test_a_lasso_marks_and_another_with_alt_takes_away(studio: Page) -> None:
    expect(title(studio)).to_have_text("1,600 tiles in the view")
    lasso(studio, 0.17, 0.01, 0.98, 0.99)
    expect(title(studio)).to_have_text("1,600 tiles marked")
    lasso(studio, 0.17, 0.01, 0.5, 0.99, key="Alt")
    expect(title(studio)).not_to_have_text("1,600 tiles marked")
    assert 0 < marked(studio) < 1600
    expect(studio.locator("[data-inset-words]")).to_contain_text(f"{marked(studio):,} marked")


def test_the_rectangle_replaces_what_was_marked(studio: Page) -> None:
    studio.get_by_role("button", name="Mark all").click()
    studio.get_by_role("button", name="Mark with a rectangle").click()
    x, y, width, height = stage(studio)
    studio.mouse.move(x + width * 0.3, y + height * 0.3)
    studio.mouse.down()
    studio.mouse.move(x + width * 0.9, y + height * 0.9, steps=3)
    studio.mouse.up()
    expect(title(studio)).not_to_have_text("1,600 tiles marked")
    assert marked(studio) < 1600


def test_an_entry_of_the_legend_marks_its_tiles_and_the_list_unmarks_one(studio: Page) -> None:
    studio.get_by_label("Coloured by").select_option(label="Date")
    entry = studio.locator(".legend__entry").first
    expect(entry).to_be_visible()
    number = int(entry.locator(".legend__tiles").inner_text().replace(",", ""))
    entry.click()
    expect(title(studio)).to_have_text(f"{number:,} tiles marked")
    first_cell(studio).hover()
    first_cell(studio).get_by_role("button", name="Unmark").click()
    expect(title(studio)).to_have_text(f"{number - 1:,} tiles marked")


def test_the_colour_is_in_the_address_and_back_returns(studio: Page) -> None:
    studio.get_by_label("Coloured by").select_option(label="Luminance")
    expect(studio).to_have_url(re.compile("colour=luminance"))
    expect(studio.locator("[data-corner-title]")).to_have_text("Luminance")
    walk(studio, -1)
    expect(studio).not_to_have_url(re.compile("colour="))
    expect(studio.locator("[data-corner-title]")).not_to_have_text("Luminance")


def test_a_tile_of_the_list_is_found_on_the_map_with_what_is_known_of_it(studio: Page) -> None:
    first_cell(studio).get_by_role("button", name="Find on the map").click()
    card = studio.locator("[data-hover]")
    expect(card).to_contain_text("Luminance")
    expect(card.get_by_role("link", name="Find lookalikes")).to_have_attribute(
        "href", re.compile(r"dataset=earth.*like=\d+")
    )
    expect(studio).to_have_url(re.compile(r"at="))
    card.get_by_role("link", name="Show on the map").click()
    expect(studio.locator("[data-map]")).to_be_visible()


def test_arrow_keys_go_from_tile_to_tile_and_enter_marks(studio: Page) -> None:
    studio.locator("[data-hands]").focus()
    studio.keyboard.press("ArrowRight")
    expect(studio.locator("[data-hover]")).to_be_visible()
    name = studio.locator("[data-hover-title]").inner_text()
    studio.keyboard.press("ArrowRight")
    expect(studio.locator("[data-hover-title]")).not_to_have_text(name)
    studio.keyboard.press("Enter")
    expect(title(studio)).to_have_text("1 tile marked")
    expect(studio.locator("[data-announcer]")).to_contain_text("marked")


def test_the_list_is_walked_with_keys_and_delete_unmarks(studio: Page) -> None:
    studio.get_by_role("button", name="Mark all").click()
    first_cell(studio).get_by_role("button", name="Find on").focus()
    studio.keyboard.press("End")
    expect(studio.locator('.tile[aria-posinset="1600"] [data-do="find"]')).to_be_focused()
    studio.keyboard.press("Delete")
    expect(title(studio)).to_have_text("1,599 tiles marked")
    expect(studio.locator('.tile[aria-posinset="1599"] [data-do="find"]')).to_be_focused()
    assert studio.locator(".tile").count() < 120


def test_a_filter_narrows_the_view(visit: Callable[..., Visitor]) -> None:
    page = visit(STUDIO + '?filter={"from":"2004-08-01"}').page
    expect(title(page)).to_have_text("800 tiles in the view")


def test_the_mosaic_is_in_the_address(studio: Page) -> None:
    studio.keyboard.press("t")
    expect(studio).to_have_url(re.compile("mosaic=on"))
    expect(studio.locator("[data-mosaic-canvas]")).to_be_visible()
    canvas = "const canvas = document.querySelector('[data-mosaic-canvas]');"
    pixels = "canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data"
    studio.wait_for_function(f"() => {{ {canvas} return {pixels}.some((value) => value); }}")


def test_what_is_marked_becomes_a_collection_that_more_can_be_put_into(
    visit: Callable[..., Visitor], member: str, complaints: Complaints
) -> None:
    page = visit(f"/accounts/login/?next={STUDIO}", wait=False).page
    sign_in(page, member)
    Visitor(page).ready()
    lasso(page, 0.17, 0.01, 0.5, 0.99)
    expect(title(page)).to_contain_text("marked")
    few = marked(page)
    page.get_by_role("button", name="New collection").click()
    page.get_by_label("Name", exact=True).fill("left side")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[data-toast]")).to_contain_text("left side")
    page.get_by_role("button", name="Mark all").click()
    page.get_by_role("button", name="Include", exact=True).click()
    expect(page.locator("[data-toast]")).to_contain_text("1,600 tiles now")
    assert 0 < few < 1600
    page.get_by_role("button", name="New collection").click()
    page.get_by_label("Name", exact=True).fill("left side")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[data-save-error]")).not_to_be_empty()  # the name is taken
    complaints.clear()  # of that refusal


def test_on_a_phone_the_map_is_on_top_and_a_tap_shows_the_tile(visit: Callable[..., Visitor]) -> None:
    page = visit(STUDIO, **PHONE).page
    _, y, width, height = stage(page)
    assert width == 390
    assert y < 60
    assert 0.4 < height / 844 < 0.6
    first_cell(page).get_by_role("button", name="Find on").tap()
    expect(page.locator("[data-hover]")).to_be_visible()
    ring = page.locator("[data-ring]").bounding_box()
    assert ring
    page.touchscreen.tap(ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2)  # the card does not cover it
    expect(title(page)).to_have_text("1 tile marked")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_gallery_has_pictures_and_no_globe(visit: Callable[..., Visitor]) -> None:
    page = visit("/studio/frames/").page
    expect(title(page)).to_have_text("70 tiles in the view")
    first_cell(page).get_by_role("button", name="Find on").click()
    expect(page.locator("[data-hover]").get_by_role("link", name="Open the picture")).to_be_visible()
    assert page.locator("[data-inset]").count() == 0


def test_tiles_indexed_anew_meanwhile_are_said_to_be(studio: Page, complaints: Complaints) -> None:
    words = "The tiles of this dataset have been indexed anew. Reload the page and choose again."
    body = {"error": {"code": "stale_frame", "message": words, "fields": None}}
    studio.route("**/studio/columns/**", lambda route: route.fulfill(status=409, json=body))
    studio.get_by_label("Coloured by").select_option(label="Saturation")
    expect(studio.locator("[data-toast]")).to_have_text(words)
    complaints.clear()


def test_without_the_server_the_page_says_so(visit: Callable[..., Visitor], complaints: Complaints) -> None:
    page = visit("/datasets/", wait=False).page
    page.route("**/api/v1/datasets/earth/studio/", lambda route: route.abort())
    page.goto(STUDIO)
    expect(page.get_by_role("alert").filter(has_text="cannot be reached")).to_be_visible()
    complaints.clear()


def test_without_webgl_the_points_are_drawn_all_the_same(visit: Callable[..., Visitor]) -> None:
    page = visit("/datasets/", wait=False).page
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        "  return kind.startsWith('webgl') ? null : get.call(this, kind, ...rest); };"
    )
    page.goto(STUDIO)
    Visitor(page).ready()
    expect(page.locator("[data-note]")).to_contain_text("without WebGL")
    pixels = "canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer"
    canvas = "const canvas = document.querySelector('[data-canvas]');"
    assert page.evaluate(f"(() => {{ {canvas} return new Set(new Uint32Array({pixels})).size; }})()") > 2
