"""Squares and pixels where they belong, in every projection."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from rasterio.transform import from_origin

from tests.browser.visitor import Visitor
from tests.factories import make_raster
from tests.webapp.site import Site

MARK = (12.5, 41.9)  # longitude and latitude of the ground control


@pytest.fixture(scope="module")
def control(site: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Grey, with a red square of 500 m a side around the mark; in metres of UTM 33, which is not the map's grid."""
    left, top = 273_000.0, 4_662_000.0  # of the raster, whose pixels are 100 m
    east, north = 292_641.3, 4_641_875.3  # of the mark (EPSG:32633)
    data = np.full((3, 400, 400), 90, np.uint8)
    row, col = int((top - north) / 100), int((east - left) / 100)
    data[:, row - 4 : row + 5, col - 4 : col + 5] = np.array([250, 10, 10], np.uint8)[:, None, None]
    folder = tmp_path_factory.mktemp("control")
    path = make_raster(
        folder / "control_2020-05-17.tif", data, crs="EPSG:32633", transform=from_origin(left, top, 100, 100)
    )
    naming = ["--dataset", "control", "--encoder", "colour", "--public", "--levels", 9]
    site.prompt.run("import_images", path, *naming, "--now")
    return "control"


def red(visitor: Visitor) -> np.ndarray:
    """(n, 2) x and y of the red pixels on the screen."""
    visitor.page.wait_for_load_state("networkidle")
    visitor.page.wait_for_timeout(400)
    box = visitor.page.locator("[data-map]").bounding_box()
    screen = np.asarray(Image.open(io.BytesIO(visitor.page.screenshot(clip=box))).convert("RGB")).astype(int)
    rows, cols = np.nonzero((screen[..., 0] > 180) & (screen[..., 1] < 80) & (screen[..., 2] < 80))
    assert len(rows)
    return np.stack([cols, rows], axis=1)


def test_ground_control_lands_where_it_lies(visit: Callable[..., Visitor], control: str) -> None:
    desk = visit(f"/?dataset={control}&at={MARK[1]},{MARK[0]},8")
    box = desk.page.locator("[data-map]").bounding_box()
    assert box
    middle = red(desk).mean(axis=0)
    assert middle == pytest.approx([box["width"] / 2, box["height"] / 2], abs=2.5)  # a pixel is 240 m


def test_the_pointer_says_the_coordinates_of_the_ground_control(visit: Callable[..., Visitor], control: str) -> None:
    desk = visit(f"/?dataset={control}&at={MARK[1]},{MARK[0]},8")
    desk.page.mouse.move(*desk.middle())
    expect(desk.page.locator("[data-place]")).to_have_text("41.900° N, 12.500° E")


@pytest.mark.parametrize(("name", "at", "words"), [("arctic", "75,-40,1", "75.0"), ("mercator", "30,20,3", "30.0")])
def test_a_click_searches_with_the_square_under_it(
    desk: Visitor, request: pytest.FixtureRequest, name: str, at: str, words: str
) -> None:
    desk.go(f"/?dataset={request.getfixturevalue(name)}&at={at}")
    desk.page.mouse.move(*desk.middle())
    expect(desk.page.locator("[data-place]")).to_contain_text(words)
    key = desk.search().page.locator(".chip").get_attribute("data-key")
    lat, lon = at.split(",")[:2]
    level = desk.address["level"]
    answer = desk.page.request.get(f"/api/v1/datasets/{name}/tiles?lat={lat}&lon={lon}&level={level}").json()
    assert key == answer["key"]


def test_near_the_pole_every_direction_is_a_map(desk: Visitor, arctic: str) -> None:
    desk.go(f"/?dataset={arctic}&at=88,0,1")
    desk.page.mouse.move(*desk.middle())
    expect(desk.page.locator("[data-place]")).to_contain_text("88.0")


def test_a_mercator_map_goes_round_the_date_line(desk: Visitor, mercator: str) -> None:
    desk.go(f"/?dataset={mercator}&at=20,179,3").click_map(dx=150).found()
    expect(desk.liked).to_have_count(1)


def test_the_tile_grid_is_drawn_and_kept_in_the_address(desk: Visitor) -> None:
    plain = desk.page.screenshot()
    desk.page.get_by_role("button", name="Compare, grid and links").click()
    desk.page.get_by_label("Show the tile grid of this size").check()
    desk.expect_address(grid="on")
    desk.page.get_by_role("button", name="Close").first.click()
    desk.page.wait_for_timeout(300)
    assert desk.page.screenshot() != plain


def test_the_scale_bar_says_a_round_length(desk: Visitor) -> None:
    expect(desk.page.locator("[data-scale]")).to_have_text("1,000 km")


def test_the_credit_is_that_of_the_product(desk: Visitor, arctic: str) -> None:
    expect(desk.go(f"/?dataset={arctic}").page.locator("[data-credit]")).to_contain_text(
        "Global Imagery Browse Services"
    )
