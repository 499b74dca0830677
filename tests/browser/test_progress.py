"""An index under construction, watched from the page."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import import_earth
from tests.browser.visitor import Visitor
from tests.webapp.site import Site


def test_the_page_shows_the_index_growing_until_it_is_complete(site: Site, visit: Callable[..., Visitor]) -> None:
    import_earth(site, "growing")
    visitor = visit("/?dataset=growing")
    expect(visitor.page.locator("[data-progress]")).to_be_hidden(timeout=60_000)
    expect(visitor.search().page.locator("[data-searched]")).to_contain_text("2 shards")
