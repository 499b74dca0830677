"""The encoders in the browser: listed, looked into, brought in (a pickle is not), promoted."""

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accounts import account, sign_in
from tests.browser.visitor import Visitor
from tests.webapp.site import Site


@pytest.fixture
def desk(visit: Callable[..., Visitor], site: Site) -> Page:
    """An administrator, signed in, on the list of encoders by way of the datasets."""
    page = visit("/accounts/login/?next=/datasets/", wait=False).page
    sign_in(page, account(site, "grace", staff=True))
    page.get_by_role("link", name="Encoders").click()
    expect(page.get_by_role("heading", name="Encoders", exact=True)).to_be_visible()
    return page


def brought(page: Page, name: str, data: bytes) -> None:
    if page.locator("#bring[open]").count() == 0:
        page.get_by_text("Bring an encoder in").click()
    page.get_by_label("File", exact=True).set_input_files({"name": name, "mimeType": "", "buffer": data})
    page.get_by_role("button", name="Bring it in").click()


def archive(name: str) -> bytes:
    """An encoder with a report card; computed, so that it is small."""
    out = io.BytesIO()
    entry = {"name": name, "version": "1", "kind": "colour", "licence": "CC0-1.0"}
    card = {"method": "simclr", "loss": [5.2, 4.1, 3.9, 3.7], "knn": [0.5, None, 0.7, 0.8], "precision_10": 0.84}
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("encoder.json", json.dumps(entry))
        made.writestr("card.json", json.dumps(card))
    return out.getvalue()


def test_an_encoder_is_looked_into_brought_in_and_promoted(desk: Page, complaints: list[str]) -> None:
    desk.get_by_role("link", name="mobilenet-colour", exact=True).click()
    expect(desk.get_by_role("heading", name="mobilenet-colour")).to_be_visible()
    expect(desk.get_by_text("comes with Lookalike")).to_be_visible()
    desk.get_by_role("link", name="All encoders").click()

    brought(desk, "RemoteCLIP-ViT-B-32.pt", b"\x80\x02}q\x00.")
    expect(desk.get_by_role("alert")).to_contain_text("can run any code")
    assert "415" in complaints.pop()

    brought(desk, "islands.zip", archive("islands"))
    expect(desk.get_by_role("heading", name="islands version 1")).to_be_visible(timeout=60_000)
    expect(desk.get_by_text("84.0 %")).to_be_visible()
    expect(desk.get_by_role("img", name="Loss")).to_be_visible()
    desk.get_by_role("button", name="Promote").click()
    expect(desk.get_by_text("islands means version 1 from now on")).to_be_visible()
    expect(desk.locator(".badge", has_text="promoted")).to_be_visible()


def test_two_are_compared(desk: Page) -> None:
    for name in ("colour", "mobilenet"):
        desk.get_by_label(f"Compare {name}", exact=True).check()
    desk.get_by_role("button", name="Compare the ticked ones").click()
    expect(desk.get_by_role("heading", name="Encoders side by side")).to_be_visible()
    expect(desk.get_by_role("row", name="Numbers per image")).to_contain_text("512")


def test_a_visitor_sees_no_way_to_change_anything(visit: Callable[..., Visitor]) -> None:
    page = visit("/datasets/models/colour/1/").page
    expect(page.get_by_role("heading", name="colour")).to_be_visible()
    assert page.get_by_role("button", name="Retire").count() == 0
    assert page.get_by_role("link", name="Download").count() == 0
