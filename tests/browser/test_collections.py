"""Collections: made of results on the map page, filtered by, and looked after in the studio."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.accounts import account, sign_in
from tests.browser.visitor import DELTA, Visitor
from tests.webapp.site import Site

FRESH = """
from search.models import Collection, View
Collection.objects.all().delete()
View.objects.all().delete()
"""


@pytest.fixture
def host(site: Site, visit: Callable[..., Visitor]) -> Visitor:
    """Signed in, on the map; nobody has made a collection yet."""
    site.prompt.shell(FRESH)
    visitor = visit("/accounts/login/", wait=False)
    sign_in(visitor.page, account(site, "host"))
    visitor.page.wait_for_load_state()
    return visitor.go(DELTA)


def collect(host: Visitor, name: str) -> None:
    host.search().page.get_by_role("button", name="Collect").click()
    host.page.get_by_label("Name of the collection, new or there already").fill(name)
    host.page.locator("[data-add-to]").get_by_role("button", name="Add").click()
    expect(host.page.locator("[data-collected]")).to_have_text(re.compile(rf"51 tiles added to {name}"))


def test_results_are_collected_and_filtered_by_and_saved_as_a_view(host: Visitor) -> None:
    collect(host, "deltas")
    host.filters().page.locator("summary").filter(has_text="Collections (tags)").click()
    host.page.get_by_role("button", name="Only tiles in deltas").click()
    host.expect_address(**{"in": "deltas"})
    expect(host.page.locator("[data-filter-count]")).to_have_text("51 of 1,600 tiles pass.")
    host.page.locator("summary").filter(has_text="Saved views").click()
    host.page.get_by_label("Name of the view").fill("river mouths")
    host.page.get_by_role("button", name="Save these filters").click()
    expect(host.page.locator("[data-view-apply]")).to_have_text(re.compile("river mouths"))
    host.page.locator("[data-filters-reset]").click()
    expect(host.page).not_to_have_url(re.compile("in=deltas"))
    host.page.locator("[data-view-apply]").click()
    host.expect_address(**{"in": "deltas"})


def test_a_collection_is_shown_renamed_and_deleted_in_the_studio(host: Visitor) -> None:
    collect(host, "coasts")
    page = host.page
    host.go("/studio/earth/")
    page.get_by_role("tab", name="Collections").click()
    page.locator(".collection__head").filter(has_text="coasts").click()
    page.get_by_role("button", name="Mark its tiles").click()
    expect(page.locator("[data-collection-of]")).to_have_text(re.compile("^51 tiles marked"))
    page.get_by_label("New name").fill("shores")
    page.get_by_role("button", name="Save name and description").click()
    expect(page.locator(".collection__name")).to_have_text("shores")
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator(".collection__name")).to_have_text("shores")
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.locator(".collection")).to_have_count(0)


def test_a_filter_of_the_map_goes_on_in_the_studio(host: Visitor) -> None:
    page = host.go(f"{DELTA}&m.luminance=100..").filters().page
    page.get_by_role("link", name="Open in the studio").click()
    page.wait_for_url("**/studio/earth/**")
    host.ready()
    page.get_by_role("tab", name="Filter").click()
    expect(page.locator("[data-filter-count]")).to_have_text(re.compile(r"^[\d,]+ of 1,600 tiles pass\.$"))
    page.locator("summary").filter(has_text="Measures").click()
    expect(page.get_by_label("Luminance, at least", exact=True)).to_have_value("100")
