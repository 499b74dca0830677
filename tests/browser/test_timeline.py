"""The line of dates: where dates lie, moving along it, playing it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import PHONE
from tests.browser.visitor import Visitor, walk

LINE = """async ([dates, method, ...given]) => {
  const { Timeline } = await import("/static/search/js/timeline.js");
  return new Timeline(dates)[method](...given);
}"""
DAILY = """async () => {
  const { Timeline } = await import("/static/search/js/timeline.js");
  const day = (n) => new Date(Date.UTC(2000, 0, 1) + n * 86400000).toISOString().slice(0, 10);
  const line = new Timeline(Array.from({ length: 7305 }, (_, n) => day(n)).filter((date) => !date.startsWith("2008")));
  const labels = line.ticks(600).map(({ label }) => label);
  return [line.dates.length, line.runs(600), labels, line.nearest(line.share("2012-07-09"))];
}"""
DATES = ["2000-01-01", "2000-01-02", "2010-01-01", "2020-01-01"]


def handle(page: Page):
    return page.get_by_role("slider", name="Date on the map")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (("share", "2010-01-01"), pytest.approx(0.5, abs=0.001)),  # by when it is, not by how many come before
        (("nearest", 0.4), "2010-01-01"),
        (("nearest", 0.0001), "2000-01-02"),
        (("step", "2000-01-02", 1), "2010-01-01"),
        (("step", "2020-01-01", 1), "2020-01-01"),
        (("step", "2005-01-01", -1), "2000-01-02"),
        (("jump", "2010-01-01", -365), "2000-01-02"),
        (("runs", 100), [[0, 1], [50, 51], [100, 101]]),
    ],
)
def test_dates_are_placed_by_time(scripts: Page, asked: tuple[object, ...], answer: object) -> None:
    assert scripts.evaluate(LINE, [DATES, *asked]) == answer


def test_twenty_years_of_days_are_few_strokes_and_a_missing_year_is_a_gap(scripts: Page) -> None:
    count, runs, labels, found = scripts.evaluate(DAILY)
    assert count == 7305 - 366
    assert len(runs) == 2
    assert runs[1][0] - runs[0][1] == pytest.approx(600 / 20, abs=3)
    assert labels[:3] == ["2000", "2002", "2004"]
    assert found == "2012-07-09"


def test_arrow_keys_move_along_the_dates(desk: Visitor) -> None:
    handle(desk.page).focus()
    desk.page.keyboard.press("ArrowLeft")
    desk.expect_address(date="2004-03-01")
    expect(handle(desk.page)).to_have_attribute("aria-valuetext", "1 Mar 2004")
    desk.page.keyboard.press("End")
    desk.expect_address(date="2004-08-01")


def test_the_handle_is_dragged_and_back_undoes_it(desk: Visitor) -> None:
    box, track = handle(desk.page).bounding_box(), desk.page.locator("[data-timeline-track]").bounding_box()
    assert box
    assert track
    desk.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    desk.page.mouse.down()
    desk.page.mouse.move(track["x"] + 5, box["y"] + 20, steps=12)
    desk.page.mouse.up()
    desk.expect_address(date="2004-03-01")
    expect(desk.page.locator("[data-date]")).to_have_value("2004-03-01")
    walk(desk.page, -1)
    expect(desk.page.locator("[data-date]")).to_have_value("2004-08-01")


def test_play_shows_every_date_and_ends(desk: Visitor) -> None:
    desk.page.get_by_role("button", name="Play the dates").click()  # the last is shown: from the first one on
    desk.expect_address(date="2004-03-01")
    desk.expect_address(date="2004-08-01")
    expect(desk.page.get_by_role("button", name="Play the dates")).to_have_attribute("aria-pressed", "false")


def test_brackets_step_through_the_dates(desk: Visitor) -> None:
    desk.page.keyboard.press("[")
    desk.expect_address(date="2004-03-01")


def test_a_finger_moves_the_date(visit: Callable[..., Visitor]) -> None:
    phone = visit(**PHONE)
    track = phone.page.locator("[data-timeline-track]").bounding_box()
    assert track
    assert track["height"] >= 44
    phone.page.touchscreen.tap(track["x"] + 3, track["y"] + 20)
    expect(phone.page).to_have_url(re.compile("date=2004-03-01"))
