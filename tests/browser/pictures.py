"""The README's pictures of a running demo: python -m tests.browser.pictures http://127.0.0.1:8000/

With --campaign and --account also those of a campaign that has learned and swept; with --link also of a phone.
"""

import argparse
import io
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.accounts import sign_in
from tests.browser.chromium import DESKTOP, FLAGS, PHONE, executable
from tests.browser.visitor import Visitor

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
VIEWS: dict[str, tuple[str, dict[str, Any]]] = {
    "map": ("25,38,3.3", DESKTOP),
    "phone": ("27,34,2.6", PHONE),
}  # lat, lon, zoom; the Red Sea's coast
TABS = {"Tiles": "campaign", "Learning": "learning", "Find them all": "sweep"}
RESULT = 3  # lit in the picture of the map
LOADED = """() => [...document.querySelectorAll(".result__image")]
  .every((image) => image.complete && image.naturalWidth || image.getBoundingClientRect().top > innerHeight)"""


def take(browser: Browser, site: str, name: str, scheme: str) -> Path:
    """One search; on the wide screen with one result lit in the list and on the map."""
    at, device = VIEWS[name]
    page = browser.new_page(**device, color_scheme=scheme)  # type: ignore[arg-type]
    visitor = Visitor(page).go(f"{site.rstrip('/')}/?level=6&lock=1&at={at}")
    page.wait_for_load_state("networkidle")
    visitor.choose().found()
    if name == "map":
        visitor.results.nth(RESULT).hover()
    page.wait_for_function(LOADED)
    page.wait_for_timeout(500)  # the last tiles are painted
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    path = FOLDER / f"{name}-{scheme}.webp"
    picture.save(path, quality=86, method=6)
    page.close()
    return path


def take_campaign(browser: Browser, site: str, number: int, account: str) -> list[Path]:
    """Its tabs, as its host sees them.  account: name:password"""
    page = browser.new_page(**DESKTOP)  # type: ignore[arg-type]
    page.goto(f"{site}/accounts/login/?next=/campaigns/{number}/")
    name, password = account.split(":", 1)
    sign_in(page, name, password)
    page.wait_for_selector("html[data-ready]", state="attached")
    return [take_tab(page, tab, name) for tab, name in TABS.items()]


def take_tab(page: Page, tab: str, name: str) -> Path:
    page.get_by_role("tab", name=tab).click()
    page.wait_for_load_state("networkidle")
    page.locator(".tabs").evaluate("tabs => scrollTo(0, tabs.getBoundingClientRect().top + scrollY - 64)")
    page.wait_for_timeout(2000)
    return save(page, name)


def take_phone(browser: Browser, link: str) -> Path:
    """A card, as a guest sees it after the tutorial."""
    page = browser.new_page(**PHONE)  # type: ignore[arg-type]
    page.goto(link)
    page.get_by_label("Your nickname").fill("Ada")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_selector("html[data-ready]", state="attached")
    page.locator("[data-begin]").click()
    page.wait_for_timeout(1500)
    return save(page, "swipe")


def save(page: Page, name: str) -> Path:
    path = FOLDER / f"{name}.webp"
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(path, quality=86, method=6)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", help="address of a site with the demo's August level 6 searchable")
    parser.add_argument("--campaign", type=int, help="number of a campaign that has swept; not the map then")
    parser.add_argument("--account", help="name:password of its host")
    parser.add_argument("--link", help="address of one of its links")
    options = parser.parse_args()
    site = options.site.rstrip("/")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        if options.campaign:
            print(*take_campaign(browser, site, options.campaign, options.account), sep="\n")
        if options.link:
            print(take_phone(browser, options.link))
        if not options.campaign and not options.link:
            print(*(take(browser, site, name, scheme) for name in VIEWS for scheme in ("light", "dark")), sep="\n")


if __name__ == "__main__":
    main()
