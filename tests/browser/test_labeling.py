"""A campaign with its host and two phones: live, undone, offline, across a restart, until the link is revoked."""

import os
import re
import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.campaigning import Guest, Host, counts, start
from tests.browser.visitor import Visitor
from tests.webapp.site import Site, until

NETWORK = ("ERR_INTERNET_DISCONNECTED", "WebSocket", "ERR_CONNECTION", "ERR_NETWORK", "ERR_EMPTY_RESPONSE", "503")
Visit = Callable[..., Visitor]


@pytest.fixture
def campaign(site: Site) -> tuple[int, str]:
    return start(site)


def forgive_network(complaints: list[str]) -> None:
    """What a browser says of a connection that was cut on purpose."""
    complaints[:] = [said for said in complaints if not any(word in said for word in NETWORK)]


def test_two_phones_and_a_host(visit: Visit, site: Site, campaign: tuple[int, str], complaints: list[str]) -> None:
    number, token = campaign
    host = Host(visit, number)
    ada, bea = Guest(visit, token), Guest(visit, token, "Bea")

    ada.swipe(150)
    expect(host.figure("votes")).to_have_text("1", timeout=1000)  # within a second
    bea.swipe(-150)
    expect(host.figure("votes")).to_have_text("2", timeout=1000)
    expect(host.page.locator("[data-here]")).to_have_text("Ada, Bea")

    first = ada.tile
    ada.swipe(0, 150)
    ada.tap(ada.page.get_by_role("button", name="Undo"))
    expect(ada.mine).to_have_text("1")
    assert ada.tile == first  # it is here again
    expect(host.figure("votes")).to_have_text("2", timeout=2000)

    ada.expect_sent()
    ada.page.context.set_offline(True)
    for _ in range(10):
        ada.swipe(150)
        ada.page.wait_for_timeout(60)
    expect(ada.status).to_contain_text("10 answers wait to be sent")
    expect(ada.mine).to_have_text("11")
    ada.page.context.set_offline(False)
    ada.expect_sent()
    expect(host.figure("votes")).to_have_text("12", timeout=3000)
    assert counts(site, number) == {"all": 13, "standing": 12, "pairs": 12}

    for name, killed in {n: p for n, p in site.children().items() if n.startswith("web.")}.items():
        os.kill(killed, signal.SIGKILL)
        bea.swipe(150)  # while it is away
        until(lambda name=name, killed=killed: site.children().get(name) not in (None, killed), 20, site.output)
    ada.swipe(-150)
    for guest in (ada, bea):
        expect(guest.status).to_have_attribute("data-waiting", "0", timeout=30_000)
    webs = sum(name.startswith("web.") for name in site.children())
    expect(host.figure("votes")).to_have_text(str(13 + webs), timeout=20_000)
    assert counts(site, number) == {"all": 14 + webs, "standing": 13 + webs, "pairs": 13 + webs}

    until(lambda: site.get("/readyz")[0] == 200, 30, site.output)
    host.page.reload()
    host.page.on("dialog", lambda dialog: dialog.accept())
    host.page.get_by_role("button", name="Revoke").click()
    for guest in (ada, bea):
        expect(guest.page.locator("[data-message-title]")).to_have_text("This link has ended")
    forgive_network(complaints)


def test_a_closed_tab_loses_nothing(visit: Visit, site: Site, campaign: tuple[int, str], complaints: list[str]) -> None:
    number, token = campaign
    guest = Guest(visit, token)
    context = guest.page.context
    context.set_offline(True)
    for _ in range(3):
        guest.swipe(150)
    expect(guest.status).to_contain_text("3 answers wait")
    guest.page.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(f"/l/{token}/")
    expect(again.locator("[data-mine]")).to_have_text("3")
    expect(again.locator("[data-status]")).to_have_attribute("data-waiting", "0")
    assert counts(site, number) == {"all": 3, "standing": 3, "pairs": 3}
    again.get_by_role("button", name="Undo").tap()  # also what was answered before
    expect(again.locator("[data-mine]")).to_have_text("2")
    forgive_network(complaints)


@pytest.mark.parametrize(
    ("way", "word"), [((150, 0), "yes"), ((-150, 0), "no"), ((0, 150), "unsure"), ((0, -150), "bad")]
)
def test_each_way_gives_its_answer(
    visit: Visit, campaign: tuple[int, str], way: tuple[float, float], word: str
) -> None:
    guest = Guest(visit, campaign[1])
    before = guest.tile
    guest.finger(way, lift=None)
    expect(guest.page.locator(".answer--hinted")).to_have_attribute("data-answer", word)
    expect(guest.page.locator("[data-verdict]")).to_be_visible()
    guest.touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(guest.mine).to_have_text("1")
    assert guest.tile != before


@pytest.mark.parametrize(
    ("way", "lift"),
    [
        pytest.param([(20, 0), (40, 0)], "touchEnd", id="too short"),
        pytest.param([(80, 0), (160, 0), (60, 0), (10, 0)], "touchEnd", id="taken back"),
        pytest.param([(80, 0), (160, 0), (0, 0), (-60, 0), (-130, 0)], "touchEnd", id="taken back too far"),
        pytest.param([(80, 0), (160, 0)], "touchCancel", id="cancelled"),
        pytest.param([(3, 2)], "touchEnd", id="a tap"),
    ],
)
def test_what_is_no_swipe_springs_back(
    visit: Visit, campaign: tuple[int, str], way: list[tuple[float, float]], lift: str
) -> None:
    guest = Guest(visit, campaign[1])
    before = guest.tile
    guest.finger(*way, lift=lift, pause=120)
    guest.page.wait_for_timeout(300)
    expect(guest.mine).to_have_text("0")
    assert guest.tile == before
    expect(guest.page.locator(".tile--held")).to_have_count(0)


def test_the_next_card_is_drawn_in_the_frame_of_the_swipe(visit: Visit, campaign: tuple[int, str]) -> None:
    guest = Guest(visit, campaign[1])
    guest.page.wait_for_timeout(1500)  # while the pictures come
    ready = """() => new Promise((resolve) => {
      document.querySelector('[data-answer="yes"]').click();
      requestAnimationFrame(() => {
        const image = document.querySelector('.tile:not(.tile--under, .tile--leaving) img');
        resolve(image.complete && image.naturalWidth > 0);
      });
    })"""
    for _ in range(8):
        assert guest.page.evaluate(ready)


def test_keys_answer_undo_zoom_and_help(visit: Visit, campaign: tuple[int, str]) -> None:
    desk = {
        "viewport": {"width": 1440, "height": 900},
        "has_touch": False,
        "is_mobile": False,
        "device_scale_factor": 1,
    }
    page = Guest(visit, campaign[1], **desk).page
    for key, count in (("ArrowRight", 1), ("3", 2), ("9", 2), ("u", 1), ("u", 0), ("u", 0)):
        page.keyboard.press(key)
        expect(page.locator("[data-mine]")).to_have_text(str(count))
    page.keyboard.press("Space")
    expect(page.locator("[data-zoom]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Space")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("ArrowRight")  # not while one reads
    page.keyboard.press("Escape")
    expect(page.locator("[data-mine]")).to_have_text("0")


def test_two_fingers_enlarge_and_then_one_moves_the_picture(visit: Visit, campaign: tuple[int, str]) -> None:
    guest = Guest(visit, campaign[1])
    x, y = guest.middle()
    for kind, apart in (("touchStart", 40), ("touchMove", 80), ("touchMove", 140)):
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        guest.touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    guest.touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(guest.page.locator("[data-zoom]")).to_have_attribute("aria-pressed", "true")
    guest.swipe(150)
    expect(guest.mine).to_have_text("0")
    guest.tap(guest.page.locator('[data-answer="yes"]'))
    expect(guest.mine).to_have_text("1")


@pytest.mark.parametrize(("width", "height"), [(320, 568), (390, 844), (844, 390), (1440, 900)])
def test_everything_is_within_reach_at_every_size(
    visit: Visit, campaign: tuple[int, str], width: int, height: int
) -> None:
    page = Guest(visit, campaign[1], viewport={"width": width, "height": height}).page
    for name in ("Yes", "No", "Not sure", "Bad imagery", "Undo", "Help"):
        button = page.get_by_role("button", name=name, exact=True)
        box = button.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height
        assert min(box["width"], box["height"]) >= 44
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_tutorial_comes_once_with_the_examples(visit: Visit, campaign: tuple[int, str]) -> None:
    guest = Guest(visit, campaign[1])
    guest.page.reload()
    guest.ready()
    expect(guest.page.get_by_role("dialog")).to_have_count(0)
    guest.page.get_by_role("button", name="Help").tap()
    expect(guest.page.get_by_text("Like this one")).to_be_visible()
    expect(guest.page.locator(".examples__image")).to_have_js_property("complete", True)


def test_a_screen_reader_hears_the_answer_and_the_count(visit: Visit, campaign: tuple[int, str]) -> None:
    page = Guest(visit, campaign[1]).page
    page.get_by_role("button", name="Yes", exact=True).tap()
    expect(page.locator("[data-announcer]")).to_have_text("Yes. Next tile.")
    expect(page.locator("[data-deck]")).to_have_attribute("aria-label", re.compile("Tile of 2004"))


def test_the_team_and_its_leaders_are_shown(visit: Visit, campaign: tuple[int, str]) -> None:
    guest = Guest(visit, campaign[1])
    for _ in range(3):
        guest.swipe(150)
    guest.tap(guest.page.locator("[data-open=score]"))
    expect(guest.page.locator("[data-leader-list]")).to_contain_text("Ada (you)", timeout=10_000)
    expect(guest.page.locator('[data-score="pace"]')).to_have_text("3 a minute")


def test_a_host_makes_a_campaign_from_a_search_and_decides_many_tiles(
    visit: Visit, site: Site, campaign: tuple[int, str]
) -> None:
    host = Host(visit, campaign[0])
    page = host.page
    page.goto("/?dataset=earth&at=31.5,31.5,2.5")
    Visitor(page).ready().search()
    page.get_by_role("button", name="Label these").click()
    expect(page.locator("[data-handed-count]")).to_have_text("50 tiles")
    page.get_by_role("button", name="Make the campaign").click()
    expect(page.get_by_role("alert")).to_contain_text("Write the question")
    page.get_by_label("Question").fill("Is there a river?")
    page.get_by_role("button", name="Make the campaign").click()
    expect(page.get_by_role("heading", name="Is there a river?")).to_be_visible()
    expect(page.locator(".label-card")).to_have_count(50)
    page.locator(".label-card__box").nth(2).click()
    page.locator(".label-card__box").nth(6).click(modifiers=["Shift"])
    page.keyboard.press("1")
    expect(page.locator(".label-card__votes", has_text="your word")).to_have_count(5)
    page.locator(".label-card__open").nth(0).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^No ")).click()
    page.keyboard.press("Escape")
    expect(page.locator(".label-card__votes", has_text="your word")).to_have_count(6)
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("img", name="QR code of the link")).to_be_visible()
    page.get_by_role("tab", name="Map").click()
    expect(page.locator("[data-legend] li")).to_have_count(5)
    with page.expect_download() as download:
        page.get_by_text("Download", exact=True).click()
        page.get_by_role("link", name="Labels, CSV").click()
    assert download.value.path().read_text().count(",host,") == 6
