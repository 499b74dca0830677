"""An encoder taught on a dataset's page: begun, watched, stopped, gone on with, used; searches go on all the while."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.accounts import account, sign_in
from tests.browser.visitor import Visitor
from tests.factories import JANUARY
from tests.webapp.site import Site

OWNED = """
from django.contrib.auth.models import User
from search.models import Dataset
Dataset.objects.filter(slug="taught").update(owner=User.objects.get(username="eve"))
"""
FEW = {"#teach-epochs": "4", "#teach-most": "60"}


@pytest.fixture(scope="module")
def taught(site: Site) -> str:
    """January at level 3 (50 tiles), which `eve` owns."""
    naming = ["--dataset", "taught", "--levels", 3, "--encoder", "colour", "--public"]
    site.prompt.run("import_images", JANUARY, *naming, "--now")
    account(site, "eve")
    site.prompt.shell(OWNED)
    return "taught"


@pytest.fixture
def desk(visit: Callable[..., Visitor], taught: str) -> Page:
    page = sign_in(visit(f"/accounts/login/?next=/datasets/{taught}/", wait=False).page, "eve")
    expect(page.get_by_role("heading", name="Teach it your own imagery")).to_be_visible()
    return page


def answered(site: Site) -> int:
    """How many tiles a search of the dataset finds."""
    place = json.loads(site.get("/api/v1/datasets/taught/tiles?lon=15&lat=23&level=3")[1])
    body = json.dumps({"positives": [place["key"]], "k": 3}).encode()
    answer = site.ask("/api/v1/datasets/taught/search", body=[body], **{"Content-Type": "application/json"})
    return len(json.loads(answer.text)["results"])


def begin(page: Page) -> None:
    page.get_by_text("Teach an encoder", exact=True).click()
    expect(page.get_by_alt_text("Tiles of this dataset")).to_be_visible(timeout=60_000)
    page.get_by_text("More: which changes").click()
    for field, value in FEW.items():
        page.locator(field).fill(value)
    page.locator("#teach-size").select_option("32")
    page.locator("#teach-start").select_option("")
    page.locator("#teach-backbone").evaluate("(s) => s.add(new Option('tiny', 'test_resnet.r160_in1k'))")
    page.locator("#teach-backbone").select_option("test_resnet.r160_in1k")
    page.get_by_role("button", name="Start").click(timeout=60_000)  # a network that is not offered is looked up in timm


def test_an_encoder_is_taught_stopped_gone_on_with_and_used(desk: Page, site: Site) -> None:
    assert answered(site) == 3
    begin(desk)
    job = desk.locator("[data-training]").first
    expect(job.locator("[data-training-words]")).to_contain_text("Epoch", timeout=120_000)
    job.get_by_role("button", name="Stop").click()
    expect(job.locator(".badge")).to_have_text("stopped")
    job.get_by_role("button", name="Go on").click()
    expect(job.locator(".badge")).to_have_text("finished", timeout=180_000)
    expect(job.locator(".u-wrap canvas")).to_be_visible()
    assert answered(site) == 3
    job.get_by_role("button", name="Use it for this dataset").click()
    expect(desk.get_by_text("used for this dataset")).to_be_visible(timeout=120_000)
    assert answered(site) == 3
    expect(job.get_by_role("link", name="Report card")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_it_fits_the_window(desk: Page, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 844})
    desk.get_by_text("Teach an encoder", exact=True).click()
    desk.get_by_text("More: which changes").click()
    assert desk.evaluate("document.documentElement.scrollWidth") <= width


def test_the_network_is_asked_for_only_where_it_begins_from_nothing(desk: Page) -> None:
    desk.get_by_text("Teach an encoder", exact=True).click()
    desk.get_by_text("More: which changes").click()
    expect(desk.locator("#teach-backbone")).to_be_hidden()
    desk.locator("#teach-start").select_option("")
    expect(desk.locator("#teach-backbone")).to_be_visible()


def test_an_answer_about_colours_moves_their_sliders(desk: Page) -> None:
    desk.get_by_text("Teach an encoder", exact=True).click()
    desk.get_by_text("More: which changes").click()
    desk.get_by_label("No, shapes do").check()
    expect(desk.locator("output[for='teach-brightness']")).to_have_text("40 %")


def test_an_answer_given_before_the_script_arrived_counts(desk: Page) -> None:
    held = list[Route]()
    desk.wait_for_load_state()  # otherwise the script that is held may be the first page's
    desk.route("**/teach_form*.js", lambda route: held.append(route))
    desk.reload(wait_until="commit")
    desk.get_by_text("Teach an encoder", exact=True).click()
    desk.get_by_text("More: which changes").click()
    desk.get_by_label("No, shapes do").check()
    expect(desk.locator("output[for='teach-brightness']")).not_to_have_text("40 %")
    (script,) = held
    script.continue_()
    expect(desk.locator("output[for='teach-brightness']")).to_have_text("40 %")
