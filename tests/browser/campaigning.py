"""People in a campaign: its host at a desk, guests with phones."""

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.browser.accounts import account, sign_in
from tests.browser.chromium import PHONE
from tests.browser.visitor import Visitor
from tests.webapp.site import Site

SETUP = """
from django.contrib.auth.models import User
from labeling import campaigns, links
from search.models import Scene
user = User.objects.get(username="host")
scene = Scene.objects.filter(product__dataset__slug="earth").select_related("product__dataset").latest("day")
campaign = campaigns.create(user, scene.product.dataset, {question!r}, **{options!r})
campaigns.add_keys(campaign, [scene.address(5, 8 + n // 20, 4 + n % 20).pack() for n in range({tiles})])
campaigns.add_example(campaign, scene.address(5, 5, 20).pack(), "yes", "Like this one")
print(campaign.pk, links.make(campaign)[1])
"""
COUNTS = """
import json
from labeling.models import Campaign, Vote
votes = Vote.objects.filter(campaign={number})
standing = votes.standing()
pairs = standing.values("person", "card").distinct()
print(json.dumps({{"all": votes.count(), "standing": standing.count(), "pairs": pairs.count()}}))
"""
Visit = Callable[..., Visitor]


def shell(site: Site, code: str) -> str:
    return site.prompt.shell(code).strip().splitlines()[-1]


def start(site: Site, question: str = "Is there land?", tiles: int = 60, **options: Any) -> tuple[int, str]:
    """A campaign's number, and the token of its link."""
    account(site, "host")
    code = SETUP.format(question=question, tiles=tiles, options=options)
    number, token = shell(site, code).split()
    return int(number), token


def counts(site: Site, number: int) -> dict[str, int]:
    """all: votes ever stored; standing: not taken back; pairs: of a person and a tile among these."""
    found: dict[str, int] = json.loads(shell(site, COUNTS.format(number=number)))
    return found


class Host:
    def __init__(self, visit: Visit, number: int) -> None:
        self.page = visit(f"/accounts/login/?next=/campaigns/{number}/", wait=False).page
        sign_in(self.page, "host")
        self.page.wait_for_selector("html[data-ready]", state="attached")

    def figure(self, name: str) -> Any:
        return self.page.locator(f'[data-figure="{name}"]').first


class Guest:
    """Somebody with a phone who has joined and closed the tutorial."""

    def __init__(self, visit: Visit, token: str, nickname: str = "Ada", **options: Any) -> None:
        self.page: Page = visit(f"/l/{token}/", wait=False, **{**PHONE, **options}).page
        self.page.get_by_label("Your nickname").fill(nickname)
        self.page.get_by_role("button", name="Begin").click()
        self.ready()
        self.page.locator("[data-begin]").click()
        self.touch: CDPSession = self.page.context.new_cdp_session(self.page)

    def ready(self) -> "Guest":
        self.page.wait_for_selector("html[data-ready]", state="attached")
        self.page.wait_for_selector('html[data-shows="card"]', state="attached")
        return self

    @property
    def tile(self) -> str:
        """The address of the picture on top."""
        return str(self.page.locator(".tile:not(.tile--under, .tile--leaving) img").get_attribute("src"))

    @property
    def mine(self) -> Any:
        return self.page.locator("[data-mine]")

    @property
    def status(self) -> Any:
        return self.page.locator("[data-status]")

    def middle(self) -> tuple[float, float]:
        box = self.page.locator("[data-deck]").bounding_box()
        assert box
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def finger(self, *way: tuple[float, float], lift: str | None = "touchEnd", pause: int = 16) -> None:
        """A finger put down in the middle of the card and moved along, by offsets from there."""
        x, y = self.middle()
        send = self.touch.send
        send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        for dx, dy in way:
            point = {"x": x + dx, "y": y + dy}
            send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
            self.page.wait_for_timeout(pause)
        if lift:
            send("Input.dispatchTouchEvent", {"type": lift, "touchPoints": []})

    def tap(self, what: Locator) -> None:
        """By the finger that swipes, right after it."""
        expect(what).to_be_enabled()
        box = what.bounding_box()
        assert box
        point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        self.touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
        self.touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def swipe(self, dx: float = 150, dy: float = 0) -> None:
        self.finger(*((dx * part / 4, dy * part / 4) for part in range(1, 5)))

    def expect_sent(self) -> None:
        """Nothing waits any more."""
        expect(self.status).to_have_attribute("data-waiting", "0")
