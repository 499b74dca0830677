"""The studio with many points, in a headless Chromium whose WebGL a processor reckons (SwiftShader).

    LOOKALIKE_DATA=/somewhere manage.py make_archive --tiles 1000000 --shards 20 --dim 64
    python -m tests.bench.studio http://127.0.0.1:8000/studio/synthetic/

first    from the navigation's start until the first points are on the screen
all      until every point has been drawn
panning  frames a second, and the longest ones, while the map is dragged about; likewise zooming
cpu      milliseconds of processor that all of Chromium takes for one of these frames, however busy the machine is
"""

import argparse
import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import DESKTOP, executable

FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
RENDERER = """() => {
  const gl = document.createElement("canvas").getContext("webgl2");
  const told = gl?.getExtension("WEBGL_debug_renderer_info");
  return told ? gl.getParameter(told.UNMASKED_RENDERER_WEBGL) : "no WebGL2";
}"""
COUNT = """() => {
  window.frameTimes = [];
  const note = (now) => { window.frameTimes.push(now); window.counting = requestAnimationFrame(note); };
  window.counting = requestAnimationFrame(note);
}"""
COUNTED = "() => { cancelAnimationFrame(window.counting); return window.frameTimes; }"
TILES = "(api) => fetch(api + 'studio/').then((answer) => answer.json()).then(({ tiles }) => tiles)"
MARK = "(name) => performance.getEntriesByName(name)[0]?.startTime ?? null"
ROUND = 120  # movements of the hand on one round


def middle(page: Page) -> tuple[float, float]:
    box = page.locator("[data-hands]").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def processor() -> float:
    """Seconds that the browser, all of its processes, has computed so far."""
    found = 0.0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            found += sum(process.cpu_times()[:2])
    return found


def frames(page: Page, seconds: float, hand: Any) -> dict[str, float]:
    """While hand(step) moves: frames a second, and milliseconds between them."""
    page.evaluate(COUNT)
    before = processor()
    end, step = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        hand(step)
        step += 1
    gaps = np.diff(page.evaluate(COUNTED))
    return {
        "frames_per_second": 1000 / gaps.mean(), "median_ms": float(np.median(gaps)),
        "p95_ms": float(np.percentile(gaps, 95)), "longest_ms": float(gaps.max()),
        "cpu_ms": 1000 * (processor() - before) / len(gaps),
    }  # fmt: skip


def dragged(page: Page, seconds: float) -> dict[str, float]:
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    angle = 2 * np.pi / ROUND
    found = frames(
        page, seconds, lambda step: page.mouse.move(x + 200 * np.sin(angle * step), y + 120 * np.sin(2 * angle * step))
    )
    page.mouse.up()
    return found


def zoomed(page: Page, seconds: float) -> dict[str, float]:
    page.mouse.move(*middle(page))
    return frames(page, seconds, lambda step: page.mouse.wheel(0, -40 if step % ROUND < ROUND / 2 else 40))


def measure(address: str, seconds: float, picture: Path | None, *, webgl: bool = True) -> dict[str, Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable(), args=FLAGS if webgl else [*FLAGS, "--disable-3d-apis"]
        )
        page = browser.new_page(**DESKTOP)  # type: ignore[arg-type]
        page.goto(address)
        page.wait_for_selector("[data-canvas][data-drawn]", state="attached", timeout=300_000)
        page.wait_for_selector("html[data-ready]", timeout=300_000)
        config = page.evaluate("JSON.parse(document.getElementById('config').textContent).api")
        told: dict[str, Any] = {"renderer": page.evaluate(RENDERER), "load": os.getloadavg()[0], "api": config}
        told["tiles"] = page.evaluate(
            "(api) => fetch(api + 'studio/').then((a) => a.json()).then(({ tiles }) => tiles)", config
        )
        told["first_ms"], told["all_ms"] = (
            page.evaluate(MARK, "studio-first-points"),
            page.evaluate(MARK, "studio-all-points"),
        )
        page.wait_for_timeout(2000)
        told["panning"], told["zooming"] = dragged(page, seconds), zoomed(page, seconds)
        if picture:
            page.locator("[data-whole]").click()
            page.wait_for_timeout(5000)
            page.screenshot(path=picture)
        browser.close()
    return told


def table(told: dict[str, Any]) -> str:
    first = f"{told['first_ms'] / 1000:.1f} s" if told["first_ms"] else "at once with all"
    rows = [
        "| points | first on the screen | all drawn | panning, frames/s (p95, longest; cpu) | zooming |",
        "|---|---|---|---|---|",
    ]
    moving = [
        f"{told[way]['frames_per_second']:.0f} ({told[way]['p95_ms']:.0f} ms, {told[way]['longest_ms']:.0f} ms; "
        f"{told[way]['cpu_ms']:.0f} ms)"
        for way in ("panning", "zooming")
    ]
    rows.append(f"| {told['tiles']:,} | {first} | {told['all_ms'] / 1000:.1f} s | {' | '.join(moving)} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help="of a dataset's studio on a running site")
    parser.add_argument("--seconds", type=float, default=8, help="of panning, and of zooming (default 8)")
    parser.add_argument("--picture", type=Path, help="where to put a screenshot (.png)")
    parser.add_argument("--without-webgl", action="store_true", help="as in a browser that has none")
    parser.add_argument("--json", action="store_true", help="answer for scripts")
    options = parser.parse_args()
    told = measure(options.address, options.seconds, options.picture, webgl=not options.without_webgl)
    if options.json:
        print(json.dumps(told))
        return
    print(f"{told['renderer']}, load {told['load']:.1f}")
    print(table(told))


if __name__ == "__main__":
    main()
