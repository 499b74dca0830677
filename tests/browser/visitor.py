"""What a person does on the map page, in their words."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

DELTA = "/?dataset=earth&at=31.5,31.5,2.5"  # the Nile delta's tile of level 5, 90 px wide, in the middle of the map


WALK = """(steps) => new Promise((there) => {
  addEventListener("popstate", () => there(), { once: true });
  history.go(steps);
})"""


def walk(page: Page, steps: int) -> None:
    """Back (-1) or forward (1) to another state of this page.

    By the page: the browser, whom Playwright's go_back asks, may not have heard yet of an entry that was just made.
    """
    page.evaluate(WALK, steps)


class Visitor:
    def __init__(self, page: Page) -> None:
        self.page = page

    def go(self, address: str) -> "Visitor":
        self.page.goto(address)
        return self.ready()

    def ready(self) -> "Visitor":
        self.page.wait_for_selector("html[data-ready]")
        return self

    @property
    def address(self) -> dict[str, str]:
        """The address bar's query: name → value."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.page.url).query).items()}

    @property
    def results(self) -> Locator:
        return self.page.locator("[data-results-list] .result")

    @property
    def keys(self) -> list[str]:
        return self.results.evaluate_all("cards => cards.map((card) => card.dataset.key)")

    @property
    def liked(self) -> Locator:
        return self.page.locator('[data-chips="like"] .chip')

    @property
    def unliked(self) -> Locator:
        return self.page.locator('[data-chips="unlike"] .chip')

    def middle(self) -> tuple[float, float]:
        """Of the part of the map that nothing covers, in pixels."""
        box = self.page.locator("[data-map]").bounding_box()
        sheet = self.page.locator("[data-panel]").bounding_box()
        assert box
        assert sheet
        bottom = min(box["y"] + box["height"], sheet["y"]) if sheet["x"] < box["width"] else box["y"] + box["height"]
        return box["x"] + box["width"] / 2, (box["y"] + bottom) / 2

    def click_map(self, dx: float = 0, dy: float = 0) -> "Visitor":
        x, y = self.middle()
        self.page.mouse.click(x + dx, y + dy)
        return self

    def search(self) -> "Visitor":
        """A click, or a tap, on the tile in the middle of the map, and its results."""
        return self.choose().found()

    def choose(self) -> "Visitor":
        touch = self.page.evaluate("matchMedia('(pointer: coarse)').matches")
        (self.page.touchscreen.tap if touch else self.page.mouse.click)(*self.middle())
        return self

    def found(self) -> "Visitor":
        """Results are there, and none is on its way."""
        expect(self.page.locator("[data-results]")).to_have_attribute("aria-busy", "false")
        expect(self.results.first).to_be_visible()
        return self

    def act(self, action: str, number: int = 0) -> str:
        """Use ＋ (like), － (unlike) or 🔍 (query) of a result; its key."""
        card = self.results.nth(number)
        key = str(card.get_attribute("data-key"))
        card.scroll_into_view_if_needed()
        card.hover()
        card.locator(f'[data-action="{action}"]').click()
        return key

    def filters(self) -> "Visitor":
        self.page.get_by_role("button", name="Filters").click()
        return self

    def expect_address(self, **parts: str) -> None:
        for name, value in parts.items():
            expect(self.page).to_have_url(re.compile(rf"[?&]{re.escape(name)}={value}"))
