"""The whole story: click a tile, label on a phone, watch it learn, sweep, count what is missing, take the file home."""

import re
from collections.abc import Callable
from pathlib import Path

import shapely
from playwright.sync_api import Locator, Page, expect

from tests.browser.campaigning import Guest, Host, start
from tests.browser.visitor import Visitor
from tests.webapp.site import Site

Visit = Callable[..., Visitor]
BRIGHT = 105  # of 255, the picture's mean: deserts, snow and ice; what the guest looks for
MEAN = """() => {
  const image = document.querySelector('.tile:not(.tile--under, .tile--leaving) img');
  if (!image?.complete || !image.naturalWidth) return null;
  const canvas = Object.assign(document.createElement('canvas'), {width: 16, height: 16});
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0, 16, 16);
  const pixels = [...context.getImageData(0, 0, 16, 16).data].filter((_, at) => at % 4 < 3);
  return pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
}"""


def make_campaign(visit: Visit, site: Site) -> tuple[Host, str]:
    """A click on the Sahara, a campaign of what looks like it, one vote a tile, learning at once; and a link."""
    host = Host(visit, start(site)[0])
    page = host.page
    page.goto("/?dataset=earth&at=22.5,13,3")
    Visitor(page).ready().search()
    page.get_by_role("button", name="Label these").click()
    page.get_by_label("Question").fill("Is it bright?")
    page.get_by_role("radio", name=re.compile("^1")).check()
    page.get_by_role("button", name="Make the campaign").click()
    expect(page.get_by_role("heading", name="Is it bright?")).to_be_visible()
    page.get_by_role("button", name="Make the link").click()
    address = page.locator(".link__address").input_value()
    page.get_by_role("tab", name="Learning").click()
    page.get_by_role("button", name="Start learning").click()
    return host, address.rstrip("/").rsplit("/", 1)[-1]


def brightness(page: Page) -> float:
    """Of the picture on top, once it is there."""
    while (mean := page.evaluate(MEAN)) is None:
        page.wait_for_timeout(20)
    return float(mean)


def label(guest: Guest, number: int) -> None:
    """As somebody would who looks for what is bright."""
    for _ in range(number):
        guest.page.wait_for_selector('html[data-shows="card"]', state="attached")
        guest.page.keyboard.press("ArrowRight" if brightness(guest.page) > BRIGHT else "ArrowLeft")
    guest.expect_sent()


def done(page: Page) -> Locator:
    """Rounds that have trained; the first only looks for what is like the example."""
    return page.locator('[data-rounds] tr[data-status="ready"][data-classifier="true"]')


def test_from_a_click_to_the_exhaustive_set(visit: Visit, site: Site, tmp_path: Path) -> None:
    host, token = make_campaign(visit, site)
    page, guest = host.page, Guest(visit, token)
    label(guest, 60)
    expect(done(page).first).to_be_visible(timeout=60_000)
    expect(page.locator("[data-curve] canvas")).to_be_visible()
    before = done(page).count()
    label(guest, 20)  # what the round has chosen has come by itself
    expect(done(page)).not_to_have_count(before, timeout=60_000)

    page.get_by_role("tab", name="Find them all").click()
    page.get_by_role("button", name="Sweep the archive").click()
    expect(page.locator("[data-sweep-state]")).to_have_text("done", timeout=60_000)
    expect(page.locator("[data-threshold-count]")).to_contain_text("tiles at")
    expect(page.locator("[data-review] .label-card").first).to_be_visible()
    page.locator("[data-review] .label-card__box").first.click()
    page.keyboard.press("1")
    expect(page.locator("[data-review-said]")).to_contain_text("1 tile: Yes")

    with page.expect_download() as download:
        page.get_by_text("Download them").click()
        page.get_by_role("link", name="GeoJSON, for maps").click()
    saved = tmp_path / "tiles.geojson"
    download.value.save_as(saved)
    squares = shapely.from_geojson(saved.read_text()).geoms
    assert len(squares) > 20
    assert all(shapely.area(square) > 0 for square in squares)


def test_what_is_missing_is_counted_from_tiles_drawn_at_random(visit: Visit, site: Site) -> None:
    host, token = make_campaign(visit, site)
    page, guest = host.page, Guest(visit, token)
    label(guest, 40)
    expect(done(page).first).to_be_visible(timeout=60_000)
    page.get_by_role("tab", name="Find them all").click()
    page.get_by_role("button", name="Sweep the archive").click()
    expect(page.locator("[data-sweep-state]")).to_have_text("done", timeout=60_000)
    page.get_by_label("Tiles to label").fill("30")
    page.get_by_label("By whom").select_option("phones")
    page.get_by_role("button", name="Draw them").click()
    state = page.locator("[data-audit-state]")
    expect(state).to_contain_text("0 of 30")
    for _ in range(8):  # what rounds have chosen comes in between
        label(guest, 15)
        page.wait_for_timeout(1500)
        if "30 of 30" in state.inner_text():
            break
    expect(state).to_contain_text("30 of 30")
    page.get_by_role("tab", name="Tiles", exact=True).click()
    page.get_by_label("Which tiles").select_option(label="An audit's tiles")
    expect(page.locator("[data-grid] .label-card")).to_have_count(30)
    page.get_by_role("tab", name="Find them all").click()
    expect(page.locator("[data-audit-recall]")).to_contain_text(re.compile(r"\d+ % \(\d+–\d+\)"))
