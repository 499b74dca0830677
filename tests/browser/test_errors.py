"""When the server cannot: said plainly, tried again, and never mixed up."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.visitor import Visitor, walk

NOTHING = json.dumps({"results": [], "searched": {"shards": 9, "tiles": 9}, "skipped": [], "took_ms": 1})
SEARCH = "**/api/v1/datasets/*/search"


def refuse(status: int, message: str, **headers: str) -> Callable[[Route], None]:
    body = json.dumps({"error": {"code": "refused", "message": message, "fields": None}})
    return lambda route: route.fulfill(status=status, body=body, content_type="application/json", headers=headers)


@pytest.mark.parametrize(
    ("status", "headers", "title"),
    [(503, {}, "Not available just now"), (429, {"Retry-After": "20"}, "Too fast"), (500, {}, "The search failed")],
)
def test_a_refusal_is_explained(
    desk: Visitor, complaints: list[str], status: int, headers: dict[str, str], title: str
) -> None:
    desk.page.route(SEARCH, refuse(status, "Words of the server.", **headers))
    desk.click_map()
    expect(desk.page.get_by_role("alert").filter(has_text=title)).to_contain_text("Words of the server.")
    complaints.clear()  # the browser logs the status


def test_try_again_brings_the_results(desk: Visitor, complaints: list[str]) -> None:
    desk.page.route(SEARCH, refuse(503, "The index is being swapped."), times=1)
    desk.click_map()
    desk.page.get_by_role("button", name="Try again").click()
    desk.found()
    complaints.clear()  # the browser logs the status


def test_offline_is_said_and_the_search_comes_back_with_the_connection(desk: Visitor, complaints: list[str]) -> None:
    desk.search().page.context.set_offline(True)
    desk.act("like", 1)
    expect(desk.page.get_by_role("heading", name="No connection")).to_be_visible()
    desk.page.context.set_offline(False)
    expect(desk.found().liked).to_have_count(2)
    complaints.clear()  # the browser logs every request that failed


def test_a_late_answer_never_overwrites_a_newer_one(desk: Visitor) -> None:
    slow: list[Route] = []
    desk.page.route(SEARCH, lambda route: slow.append(route), times=1)
    with desk.page.expect_request(SEARCH):
        desk.click_map()
    keys = desk.click_map(dx=200).found().keys
    slow[0].fulfill(body=NOTHING)
    desk.page.wait_for_timeout(300)
    assert desk.keys == keys


def test_while_waiting_skeletons_stand_for_the_results(desk: Visitor) -> None:
    desk.page.route(SEARCH, lambda route: None, times=1)
    desk.click_map()
    expect(desk.page.locator(".result--skeleton").first).to_be_visible()
    expect(desk.page.locator("[data-results]")).to_have_attribute("aria-busy", "true")


def test_back_while_a_search_is_under_way_forgets_it(desk: Visitor) -> None:
    keys = desk.search().keys
    desk.page.route(SEARCH, lambda route: None, times=1)
    desk.click_map(dx=200)
    expect(desk.page.locator(".results--old")).to_have_count(1)
    walk(desk.page, -1)
    assert desk.found().keys == keys
    expect(desk.page.locator(".results--old")).to_have_count(0)
