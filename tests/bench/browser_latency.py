"""From the click to the painted results, in a real Chromium on a running site with the demo.

    python -m tests.bench.browser_latency http://127.0.0.1:8000/

Each click chooses another tile of the map; the next one comes when the page has been quiet for a moment. Times are
taken in the page, in milliseconds since the time stamp of the click's own event:

answer   the search's answer has arrived
listed   the new results are in the document, and none is on its way
painted  every thumbnail in sight is loaded and decoded, and the frame after that is on the screen
"""

import argparse
import json
import os
import random
from dataclasses import dataclass
from itertools import islice

import numpy as np
from playwright.sync_api import Page, TimeoutError, sync_playwright  # noqa: A004

from tests.browser.chromium import DESKTOP, FLAGS, PHONE, executable
from tests.browser.visitor import Visitor

QUIET = 300  # milliseconds between a painted answer and the next click
MARGIN = 110  # pixels of the map's rim that are not clicked: toolbars lie there
MEASURE = """() => {
  const list = document.querySelector("[data-results-list]");
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done))); // after it was painted
  const settled = (before) => list.firstElementChild !== before && list.firstElementChild
    && document.querySelector("[data-results]").getAttribute("aria-busy") === "false"
    && !document.querySelector(".results--old");
  const inSight = (image) => {
    const box = image.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight && box.width > 0;
  };
  const decoded = async (image) => {
    while (!image.src && inSight(image)) await new Promise(requestAnimationFrame); // it has only just come into sight
    if (image.src) await image.decode();
  };
  const mark = async ({ timeStamp: start }) => {
    const before = list.firstElementChild;
    performance.clearResourceTimings();
    while (!settled(before)) await new Promise(requestAnimationFrame);
    const listed = performance.now();
    const images = [...list.querySelectorAll("img")].filter(inSight);
    await Promise.all(images.map(decoded));
    await frame();
    const painted = performance.now();
    const search = performance.getEntriesByType("resource").find(({ name }) => /\\/search\\/?$/.test(name));
    window.measured = {
      listed: listed - start, painted: painted - start, thumbnails: images.length,
      answer: search ? search.responseEnd - start : null, request: search ? search.duration : null,
    };
  };
  document.querySelector("[data-map]").addEventListener("click", mark, { capture: true });
}"""


@dataclass(frozen=True)
class Times:
    """(n,) milliseconds each; see above.  request: from the search's sending to its answer, part of `answer`."""

    answer: np.ndarray
    request: np.ndarray
    listed: np.ndarray
    painted: np.ndarray
    thumbnails: np.ndarray  # in sight


def places(page: Page, count: int, seed: int) -> list[tuple[float, float]]:
    """Pixels of the map that nothing covers, evenly scattered."""
    box = page.locator("[data-map]").bounding_box()
    sheet = page.locator("[data-panel]").bounding_box()
    assert box
    assert sheet
    bottom = min(box["height"], sheet["y"] - box["y"] if sheet["x"] < box["width"] else box["height"])
    pick = random.Random(seed)
    rim = min(MARGIN, bottom / 4)
    return [
        (box["x"] + pick.uniform(rim, box["width"] - rim), box["y"] + pick.uniform(rim, bottom - rim))
        for _ in range(count)
    ]


def click(page: Page, place: tuple[float, float]) -> dict[str, float] | None:
    """None when the click changed nothing: the tile clicked is the one that was looked for."""
    page.evaluate("window.measured = null")
    address = page.url
    page.mouse.click(*place)
    try:
        page.wait_for_function("() => window.measured", timeout=5000)
    except TimeoutError:
        if page.url != address:
            raise
        return None
    found: dict[str, float] = page.evaluate("window.measured")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(QUIET)
    return found


def measure(site: str, clicks: int, *, phone: bool, seed: int) -> Times:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        page = browser.new_page(**(PHONE if phone else DESKTOP))
        Visitor(page).go(site)
        page.wait_for_load_state("networkidle")
        page.evaluate(MEASURE)
        warm, *rest = places(page, 3 * clicks, seed)
        click(page, warm)
        found = list(islice(filter(None, (click(page, place) for place in rest)), clicks))
        browser.close()
    return Times(**{name: np.array([one[name] for one in found], float) for name in Times.__annotations__})


def table(times: Times) -> str:
    lines = ["| ms | p50 | p90 | p95 | most |", "|---|---|---|---|---|"]
    for name in ("request", "answer", "listed", "painted"):
        values = getattr(times, name)
        p50, p90, p95, most = np.nanpercentile(values, [50, 90, 95, 100])
        lines.append(f"| {name} | {p50:.0f} | {p90:.0f} | {p95:.0f} | {most:.0f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", help="address of a running site with the demo")
    parser.add_argument("--clicks", type=int, default=100)
    parser.add_argument("--phone", action="store_true", help="390 × 844 instead of 1440 × 900")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="the single times, for scripts")
    options = parser.parse_args()
    times = measure(options.site, options.clicks, phone=options.phone, seed=options.seed)
    if options.json:
        print(json.dumps({name: getattr(times, name).tolist() for name in Times.__annotations__}))
        return
    print(
        f"{len(times.painted)} clicks, {times.thumbnails.mean():.0f} thumbnails in sight, load {os.getloadavg()[0]:.1f}"
    )
    print(table(times))


if __name__ == "__main__":
    main()
