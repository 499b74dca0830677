"""The studio's select and compare panels: tiles chosen, shown, compared, gone on from."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accounts import account, sign_in
from tests.browser.chromium import PHONE
from tests.browser.conftest import Complaints
from tests.browser.visitor import Visitor
from tests.webapp.site import Site

LONG = 120_000  # the worker may be building


@pytest.fixture
def signed_in(visit: Callable[..., Visitor], site: Site) -> Callable[..., Page]:
    def opened(**options: object) -> Page:
        page = visit("/accounts/login/?next=/studio/frames/", wait=False, **options).page
        return to_panel(sign_in(page, account(site, "sel")))

    return opened


def to_panel(page: Page) -> Page:
    expect(page.locator("html")).to_have_attribute("data-ready", "", timeout=60_000)
    page.get_by_role("tab", name="Select").click()
    return page


def select(page: Page, name: str, tiles: int) -> None:
    page.get_by_label("Number of tiles", exact=True).fill(str(tiles))
    more = page.locator("[data-more]")
    if more.get_attribute("open") is None:
        more.locator("summary").click()
    page.get_by_label("Name of the new collection").fill(name)
    page.get_by_role("button", name="Select", exact=True).click()
    row = page.get_by_role("listitem").filter(has_text=name)
    expect(row.get_by_role("button", name="Show on the map")).to_be_visible(timeout=LONG)


def test_a_selection_is_made_shown_and_compared(signed_in) -> None:
    page = signed_in()
    select(page, "varied", 7)
    expect(page.locator("[data-toast]")).to_contain_text("varied: 7 tiles", timeout=LONG)
    page.get_by_role("listitem").filter(has_text="varied").get_by_role("button", name="Compare").click()
    report = page.get_by_role("tabpanel", name="Compare")
    expect(report).to_contain_text("7 of 70 tiles were chosen")
    expect(report).to_contain_text("with a random choice")
    assert report.locator("svg").count() > 5


def test_it_goes_on_from_a_collection(signed_in) -> None:
    page = signed_in()
    select(page, "first", 3)
    page.get_by_role("listitem").filter(has_text="first").get_by_role("button", name="Go on from it").click()
    expect(page.get_by_label("Go on from a collection (tag)")).to_have_value("first")
    select(page, "second", 4)
    row = page.get_by_role("listitem").filter(has_text="second")
    expect(row).to_contain_text("after first")
    row.get_by_text("Recipe", exact=True).click()
    expect(row.get_by_label("Recipe as JSON")).to_contain_text('"continue_from": "first"')


def test_a_refusal_stands_beside_what_to_change(signed_in, complaints: Complaints) -> None:
    page = signed_in()
    page.get_by_label("Number of tiles", exact=True).fill("71")
    page.get_by_role("button", name="Select", exact=True).click()
    expect(page.locator('[data-error="n"]')).to_contain_text("ask for 70 or fewer")
    expect(page.locator("[data-amount]")).to_be_in_viewport()
    complaints.clear()  # the browser logs the 400


def test_every_objective_can_be_seen_and_changed(signed_in) -> None:
    page = signed_in()
    page.get_by_text("How it chooses", exact=True).click()
    page.get_by_label("Odd ones").check()
    strength = page.get_by_label("Strength of Typicality")
    strength.fill("2.5")
    expect(strength).to_have_attribute("aria-valuetext", "2.5 (stronger)")
    expect(page.get_by_label("Odd ones")).not_to_be_checked()
    page.get_by_label("Add something that counts").select_option("weight")
    page.get_by_role("button", name="Remove Typicality").click()
    expect(page.get_by_label("Strength of Weight")).to_be_visible()
    expect(strength).to_have_count(0)


def test_near_duplicates_are_judged_by_eye(signed_in) -> None:
    page = signed_in()
    page.get_by_label("Leave near-duplicates out").check()
    expect(page.get_by_role("list", name="Pairs at this distance").get_by_role("listitem")).to_have_count(
        12, timeout=LONG
    )
    page.locator("[data-duplicates-slider]").fill("100")
    expect(page.locator("[data-duplicates-words]")).to_contain_text("of 70 tiles would go", timeout=LONG)


def test_on_a_phone_nothing_is_cut_off(signed_in) -> None:
    page = signed_in(**PHONE)
    page.get_by_text("How it chooses", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_guest_sees_what_was_chosen_and_is_asked_to_sign_in(visit) -> None:
    page = to_panel(visit("/studio/frames/", wait=False).page)
    expect(page.get_by_role("tabpanel", name="Select")).to_contain_text("Sign in to choose tiles")
    expect(page.get_by_role("button", name="Select", exact=True)).to_have_count(0)
