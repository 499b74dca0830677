"""The README's pictures of a running demo: python -m tests.browser.pictures http://127.0.0.1:8000/"""

import argparse
import io
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import DESKTOP, FLAGS, PHONE, executable
from tests.browser.visitor import Visitor

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
VIEWS: dict[str, tuple[str, dict[str, Any]]] = {
    "map": ("25,38,3.3", DESKTOP),
    "phone": ("27,34,2.6", PHONE),
}  # lat, lon, zoom; the Red Sea's coast
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", help="address of a site with the demo's August level 6 searchable")
    site = parser.parse_args().site
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        for name in VIEWS:
            for scheme in ("light", "dark"):
                print(take(browser, site, name, scheme))


if __name__ == "__main__":
    main()
