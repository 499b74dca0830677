"""Is the embedding any good? The form is sent, the work is watched, and the answer comes by itself."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import PHONE
from tests.browser.conftest import manage
from tests.browser.visitor import Visitor
from tests.webapp.site import Site

PASSWORD = "a password of the tests"
LONG = 120_000  # the worker may be building
SET_UP = f"""
import numpy as np
from django.contrib.auth.models import User
from search import collecting, frames
from search.models import Dataset
User.objects.create_user('judge', password='{PASSWORD}')
frame = frames.opened(Dataset.objects.get(slug='earth'))
order = np.argsort(frame.column('luminance'))
collecting.create(frame.dataset, 'dark tiles', frame.keys[order[:30]], None)
collecting.create(frame.dataset, 'bright tiles', frame.keys[order[-30:]], None)
"""


@pytest.fixture(scope="module")
def account(site: Site) -> str:
    manage(site, "shell", "-c", SET_UP)
    return "judge"


@pytest.fixture
def sign_in(visit: Callable[..., Visitor], account: str) -> Callable[..., Page]:
    def opened(**options: object) -> Page:
        page = visit("/accounts/login/?next=/studio/earth/embedding/", wait=False, **options).page
        page.get_by_label("Username").fill(account)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        expect(page.locator("html")).to_have_attribute("data-ready", "", timeout=60_000)
        return page

    return opened


def test_encoders_are_measured_and_the_answer_comes_by_itself(sign_in) -> None:
    page = sign_in()
    page.get_by_label("Labels", exact=True).select_option("collections")
    for name in ("dark tiles", "bright tiles"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("button", name="Measure").click()
    expect(page.locator("[data-at-work]")).to_be_visible()
    expect(page.get_by_role("heading", name="Collections", exact=True)).to_be_visible(timeout=LONG)
    expect(page.get_by_role("region", name="Encoders side by side")).to_contain_text("of the dataset's shards")
    expect(page.locator("[data-at-work]")).to_have_count(0)


def test_the_form_asks_for_collections_only_where_they_are_the_classes(sign_in) -> None:
    page = sign_in(**PHONE)
    form = page.locator("details.evaluate")
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    boxes = page.get_by_role("group", name="Collections (tags)")
    expect(boxes).to_be_hidden()
    page.get_by_label("Labels", exact=True).select_option("collections")
    expect(boxes).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
