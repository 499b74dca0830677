"""An image of one's own as the query."""

from playwright.sync_api import FilePayload, expect

from tests.browser.visitor import Visitor
from tests.factories import picture_bytes

PASTE = """async (bytes) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], "pasted.png", { type: "image/png" }));
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
}"""
DROP = PASTE.replace('new ClipboardEvent("paste", { clipboardData', 'new DragEvent("drop", { dataTransfer')


def picture(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": content}


def test_a_chosen_image_brings_results_and_its_own_chip(desk: Visitor) -> None:
    desk.page.locator("[data-file]").set_input_files(picture("mine.png", picture_bytes()))
    desk.found().expect_address(image="[0-9a-f]{32}")
    expect(desk.liked.filter(has_text="Your image")).to_have_count(1)


def test_a_search_by_image_survives_a_reload(desk: Visitor) -> None:
    test_a_chosen_image_brings_results_and_its_own_chip(desk)
    desk.page.reload()
    expect(desk.ready().found().liked).to_have_count(1)


def test_an_image_can_be_pasted(desk: Visitor) -> None:
    desk.page.evaluate(PASTE, list(picture_bytes()))
    desk.found().expect_address(image="[0-9a-f]{32}")


def test_an_image_can_be_dropped(desk: Visitor) -> None:
    desk.page.evaluate(DROP, list(picture_bytes()))
    desk.found().expect_address(image="[0-9a-f]{32}")


def test_a_file_that_is_no_image_is_refused_in_words(desk: Visitor, complaints: list[str]) -> None:
    desk.page.locator("[data-file]").set_input_files(picture("lie.png", b"not an image at all"))
    expect(desk.page.locator("[data-upload-error]")).to_be_visible()
    expect(desk.page.get_by_role("heading", name="a tile to find its lookalikes")).to_be_visible()
    complaints.clear()  # the browser logs the refusal


def test_without_a_text_tower_no_text_box_is_offered(desk: Visitor) -> None:
    expect(desk.page.get_by_role("searchbox")).to_have_count(0)
