"""Is the embedding any good? The form is sent, the work is watched, and the answer comes by itself."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accounts import account, sign_in
from tests.browser.chromium import PHONE
from tests.browser.visitor import Visitor
from tests.webapp.site import Site

LONG = 120_000  # the worker may be building
SET_UP = """
import numpy as np
from search import collecting, frames
from search.models import Dataset
frame = frames.opened(Dataset.objects.get(slug='earth'))
order = np.argsort(frame.column('luminance'))
collecting.create(frame.dataset, 'dark tiles', frame.keys[order[:30]], None)
collecting.create(frame.dataset, 'bright tiles', frame.keys[order[-30:]], None)
"""


@pytest.fixture(scope="module")
def judge(site: Site) -> str:
    site.prompt.shell(SET_UP)
    return account(site, "judge")


@pytest.fixture
def signed_in(visit: Callable[..., Visitor], judge: str) -> Callable[..., Page]:
    def opened(**options: object) -> Page:
        page = visit("/accounts/login/?next=/studio/earth/embedding/", wait=False, **options).page
        sign_in(page, judge)
        expect(page.locator("html")).to_have_attribute("data-ready", "", timeout=60_000)
        return page

    return opened


def test_encoders_are_measured_and_the_answer_comes_by_itself(signed_in) -> None:
    page = signed_in()
    page.get_by_label("Labels", exact=True).select_option("collections")
    for name in ("dark tiles", "bright tiles"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("button", name="Measure").click()
    expect(page.locator("[data-at-work]")).to_be_visible()
    expect(page.get_by_role("heading", name="Collections", exact=True)).to_be_visible(timeout=LONG)
    expect(page.get_by_role("region", name="Encoders side by side")).to_contain_text("of the dataset's shards")
    expect(page.locator("[data-at-work]")).to_have_count(0)


def test_the_form_asks_for_collections_only_where_they_are_the_classes(signed_in) -> None:
    page = signed_in(**PHONE)
    form = page.locator("details.evaluate")
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    boxes = page.get_by_role("group", name="Collections (tags)")
    expect(boxes).to_be_hidden()
    page.get_by_label("Labels", exact=True).select_option("collections")
    expect(boxes).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
