"""The main job: a click on the map, results beside it, and ＋ and － to refine."""

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor


@pytest.fixture
def searched(desk: Visitor) -> Visitor:
    return desk.search()


def test_a_click_on_the_map_brings_fifty_lookalikes_best_first(searched: Visitor) -> None:
    scores = [float(text) for text in searched.page.locator(".result__score").all_text_contents()]
    assert len(scores) == 50
    assert scores == sorted(scores, reverse=True)


def test_the_clicked_tile_is_marked_as_the_example(searched: Visitor) -> None:
    expect(searched.liked).to_have_count(1)
    searched.expect_address(like=r"\d+", level="5")


def test_results_say_place_date_and_likeness(searched: Visitor) -> None:
    name = str(searched.results.first.locator(".result__show").get_attribute("aria-label"))
    expect(searched.results.first.locator(".result__title")).to_have_text(name.split(", 1 ")[0])
    assert name.endswith(f"likeness {searched.results.first.locator('.result__score').text_content()}")
    assert "2004" in name


def test_the_foot_says_what_was_searched(searched: Visitor) -> None:
    expect(searched.page.locator("[data-searched]")).to_contain_text("Searched 1,600 tiles in 2 shards in")


def test_plus_adds_an_example_and_searches_again(searched: Visitor) -> None:
    key = searched.act("like", 3)
    expect(searched.liked).to_have_count(2)
    searched.found().expect_address(like=rf"\d+,{key}")
    assert key not in searched.keys


def test_minus_adds_a_counterexample(searched: Visitor) -> None:
    before = searched.keys
    key = searched.act("unlike", 2)
    searched.expect_address(unlike=key)
    expect(searched.unliked).to_have_count(1)
    expect(searched.page.locator(f'.result[data-key="{key}"]')).to_have_count(0)
    assert searched.found().keys != before


def test_a_removed_example_no_longer_counts(searched: Visitor) -> None:
    before = searched.keys
    searched.act("like", 3)
    expect(searched.liked).to_have_count(2)
    searched.found().liked.nth(1).locator(".chip__remove").click()
    expect(searched.liked).to_have_count(1)
    expect(searched.page.locator(".result").first).to_have_attribute("data-key", before[0])


def test_any_result_can_become_the_query(searched: Visitor) -> None:
    key = searched.act("query", 4)
    searched.expect_address(like=rf"{key}(&|$)")
    expect(searched.liked).to_have_count(1)


def test_shift_click_adds_the_tile_of_the_map(searched: Visitor) -> None:
    searched.page.keyboard.down("Shift")
    searched.click_map(dx=180)
    expect(searched.liked).to_have_count(2)


def test_pick_unlike_makes_the_next_click_a_counterexample(searched: Visitor) -> None:
    searched.page.get_by_role("button", name="Pick unlike").click()
    expect(searched.page.locator("[data-mode-hint]")).to_be_visible()
    searched.click_map(dy=180)
    expect(searched.unliked).to_have_count(1)
    searched.page.keyboard.press("Escape")
    expect(searched.page.locator("[data-mode-hint]")).to_be_hidden()


def test_a_click_on_a_result_flies_there_on_its_date(searched: Visitor) -> None:
    card = searched.results.filter(has_text="1 Mar 2004").first
    card.locator(".result__show").click()
    searched.expect_address(date="2004-03-01")
    expect(searched.page.locator("[data-date]")).to_have_value("2004-03-01")
    expect(searched.liked).to_have_count(1)


def test_hovering_over_a_square_of_the_map_lights_its_card(searched: Visitor) -> None:
    first = searched.results.first
    first.locator(".result__show").click()
    searched.page.wait_for_timeout(300)  # the map draws its squares
    searched.page.mouse.move(*searched.middle())
    expect(searched.page.locator(".result--lit")).to_have_count(1)


def test_the_likeness_slider_hides_what_is_below(searched: Visitor) -> None:
    slider = searched.page.get_by_label("Likeness at least")
    slider.focus()
    slider.press("End")
    searched.expect_address(min=r"0\.\d+|1")
    expect(searched.results.nth(20)).to_be_hidden()


def test_start_over_returns_to_the_welcome(searched: Visitor) -> None:
    searched.page.get_by_role("button", name="Start over").click()
    expect(searched.page.get_by_role("heading", name="a tile to find its lookalikes")).to_be_visible()
    assert "like" not in searched.address


def test_a_place_to_start_from_searches_at_once(desk: Visitor) -> None:
    desk.page.get_by_role("button", name="River delta, Nile").click()
    desk.found().expect_address(like=r"\d+", at=r"3[01]\.")


def test_the_same_tile_clicked_again_leaves_the_results_as_they_are(searched: Visitor) -> None:
    keys = searched.keys
    searched.search()
    expect(searched.page.locator(".results--old")).to_have_count(0)
    assert searched.keys == keys
