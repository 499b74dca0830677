"""Datasets in the browser: made, filled by upload, watched until searchable, deleted."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.accounts import account, sign_in
from tests.browser.visitor import Visitor
from tests.factories import make_raster
from tests.webapp.site import Site


@pytest.fixture
def desk(visit: Callable[..., Visitor], site: Site) -> Page:
    """Signed in, on the list."""
    page = visit("/accounts/login/?next=/datasets/", wait=False).page
    sign_in(page, account(site, "ada"))
    expect(page.get_by_role("heading", name="Datasets", exact=True)).to_be_visible()
    return page


@pytest.fixture
def tiff(tmp_path: Path) -> Path:
    """About 9 MB: three pieces."""
    pixels = np.random.default_rng(0).integers(1, 255, (3, 1500, 2000), np.uint8)
    return make_raster(tmp_path / "coast_2020-06-01.tif", pixels, (0, 0, 60, 45))


def make(page: Page, name: str) -> None:
    page.get_by_role("link", name="New dataset").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_text("More choices").click()
    page.get_by_label("What makes tiles alike").select_option("colour")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def choose(page: Page, file: Path) -> None:
    page.locator('[data-way="files"] > summary').click()
    page.locator("#files").set_input_files(file)


def arrived(page: Page) -> None:
    expect(page.locator(".upload__state").first).to_contain_text(", arrived", timeout=60_000)


def test_a_dataset_is_made_filled_watched_and_deleted(desk: Page, tiff: Path) -> None:
    make(desk, "By hand")
    pieces: list[str] = []
    missed: list[str] = []
    desk.on("response", lambda response: missed.append(response.url) if response.status == 404 else None)
    desk.on("request", lambda request: pieces.append(request.method) if "/uploads/" in request.url else None)
    choose(desk, tiff)
    arrived(desk)
    assert pieces.count("PATCH") == 3
    desk.get_by_role("button", name="Import and index").click()
    expect(desk.locator("[data-job-state]")).to_have_text("finished", timeout=60_000)
    expect(desk.locator('[data-live="coverage"] .cell--ready').first).to_be_visible(timeout=60_000)
    expect(desk.locator(".strip__tiles img").first).to_be_visible()
    desk.wait_for_load_state("networkidle")  # pictures of a dataset that is gone would be missed
    desk.get_by_text("Delete this dataset").click()
    desk.get_by_label("To delete it").fill("by-hand")
    desk.get_by_role("button", name="Delete By hand").click()
    expect(desk.get_by_text("By hand is deleted.")).to_be_visible()
    assert missed == []


def test_an_upload_that_is_cut_in_the_middle_goes_on(desk: Page, tiff: Path, complaints: list[str]) -> None:
    make(desk, "Cut")
    sent: list[str | None] = []

    def cut_second(route: Route) -> None:
        offset = route.request.headers.get("upload-offset")
        sent.append(offset)
        route.abort() if len(sent) == 2 else route.continue_()

    desk.route(
        "**/api/v1/uploads/*", lambda route: cut_second(route) if route.request.method == "PATCH" else route.continue_()
    )
    choose(desk, tiff)
    arrived(desk)
    assert sent[1] == sent[2] == str(4 * 2**20)
    assert "ERR_FAILED" in complaints.pop()


def test_after_a_reload_the_same_file_goes_on_where_it_stopped(desk: Page, tiff: Path, complaints: list[str]) -> None:
    make(desk, "Reloaded")
    pieces = iter(range(1000))
    desk.route(
        "**/api/v1/uploads/*",
        lambda route: route.abort() if route.request.method == "PATCH" and next(pieces) else route.continue_(),
    )
    choose(desk, tiff)
    expect(desk.locator(".upload__state").first).to_contain_text("going on by itself", timeout=30_000)
    desk.reload()  # the old page goes on trying until the new one is there
    desk.unroute_all()
    offsets: list[str | None] = []
    desk.on(
        "request",
        lambda request: offsets.append(request.headers.get("upload-offset")) if request.method == "PATCH" else None,
    )
    expect(desk.get_by_text("choose the same file again")).to_be_visible()
    desk.locator("#files").set_input_files(tiff)
    arrived(desk)
    assert offsets == [str(4 * 2**20), str(8 * 2**20)]
    complaints.clear()


def test_a_file_that_lies_is_refused_with_a_sentence(desk: Page, tmp_path: Path, complaints: list[str]) -> None:
    make(desk, "Lies")
    (tmp_path / "fake.tif").write_text("<!doctype html><title>Not found</title>" * 10)
    choose(desk, tmp_path / "fake.tif")
    expect(desk.locator(".upload__state")).to_contain_text("its content is a web page")
    complaints.clear()


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_scrolls_sideways(desk: Page, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 844})
    for address in ("/datasets/", "/datasets/new/", "/datasets/earth/"):
        desk.goto(address)
        assert desk.evaluate("document.documentElement.scrollWidth") <= width
