"""How good the index is: beside the results, against an exact search, and on the dataset's page."""

from playwright.sync_api import expect

from tests.browser.visitor import Visitor


def test_results_say_how_far_the_index_can_be_trusted(desk: Visitor) -> None:
    desk.search()
    expect(desk.page.locator("[data-index-words]")).to_contain_text("every tile was compared")


def test_an_exact_search_is_compared_with_the_index(desk: Visitor) -> None:
    desk.search().filters()
    desk.page.get_by_label("Compare with an exact search").check()
    expect(desk.page.locator("[data-compared]")).to_contain_text("The index finds the same.")
    desk.expect_address(exact="1")


def test_what_the_index_missed_is_marked(desk: Visitor) -> None:
    """The index's answer is cut by two results on its way."""

    def cut(route: object) -> None:
        response = route.fetch()  # type: ignore[attr-defined]
        body = response.json()
        if '"exact":true' not in (route.request.post_data or ""):  # type: ignore[attr-defined]
            body["results"] = body["results"][:-2]
        route.fulfill(json=body)  # type: ignore[attr-defined]

    desk.page.route("**/api/v1/datasets/*/search", cut)
    desk.go(desk.page.url + "&exact=1").search()
    expect(desk.page.locator("[data-compared]")).to_contain_text("48 of these 50 are found by the index too")
    expect(desk.page.locator(".result__missed:visible")).to_have_count(2)


def test_the_dataset_has_a_page_and_a_way_back(desk: Visitor) -> None:
    desk.page.get_by_role("link", name="About Blue Marble").click()
    expect(desk.page.get_by_role("heading", name="Blue Marble", level=1)).to_be_visible()
    desk.page.get_by_role("link", name="Back to the map").click()
    expect(desk.ready().page.locator("[data-map]")).to_be_visible()


def test_the_dataset_page_lists_the_shards_of_a_size(desk: Visitor) -> None:
    desk.page.goto("/datasets/earth/")
    desk.page.get_by_role("link", name="List the shards").click()
    expect(desk.page.get_by_role("row", name="1 Mar 2004 ready")).to_be_visible()


def test_the_details_of_the_index_lead_to_the_dataset_page(desk: Visitor) -> None:
    desk.search()
    desk.page.locator("[data-index] a").click()
    expect(desk.page.get_by_role("heading", name="Index")).to_be_visible()
