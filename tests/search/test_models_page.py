"""/datasets/models/ and the report cards below it."""

import shutil

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from search import encoders, modelstore
from search.dashboard import curves
from tests.factories import make_map
from tests.search.test_models_api import archive, published

pytestmark = pytest.mark.django_db
URL = "/datasets/models/"


@pytest.fixture(autouse=True)
def empty_store():
    yield
    shutil.rmtree(modelstore.store(), ignore_errors=True)


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("admin", is_staff=True))
    return client


def page(client: Client, address: str = URL, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def test_the_list_tells_ours_from_what_comes_along(client, tmp_path):
    published(tmp_path)
    text = page(client)
    assert text.index("Taught or brought here") < text.index("/datasets/models/mine/1/")
    assert text.index("Comes with Lookalike") < text.index("/datasets/models/mobilenet-colour/2/")


def test_the_datasets_page_leads_to_it(client, world):
    assert 'href="/datasets/models/"' in page(client, "/datasets/")
    assert 'href="/datasets/models/colour/"' in page(client, "/datasets/world/")


def test_only_administrators_are_offered_to_change_something(client, admin, tmp_path):
    published(tmp_path)
    for address, offer in ((URL, "Bring it in"), (f"{URL}mine/1/", ">Promote<")):
        assert offer not in page(client, address)
        assert offer in page(admin, address)


def test_the_card_is_in_words(client, tmp_path):
    card = {"loss": [3.0, 2.0], "knn": [None, None], "hardware": "2 cores", "data": {"refused": 3, "source": "photos"}}
    published(tmp_path, card=card)
    text = page(client, f"{URL}mine/1/")
    assert all(words in text for words in ("80.0 %", "Right among the first 10", "3 images that could not be read"))
    assert "Loss: how far it is from what it should have learnt, from 3.00 in epoch 1 to 2.00 in epoch 2" in text
    assert "neighbours name rightly" not in text  # nothing was measured


def test_a_collapsed_encoder_is_called_so(client, tmp_path):
    published(tmp_path, card={"collapsed": True})
    assert "all images look alike to it" in page(client, f"{URL}mine/1/")
    assert "collapsed" in page(client)


def test_a_card_that_says_nonsense_is_shown_all_the_same(client, tmp_path):
    published(tmp_path, card={"loss": "low", "knn": [1], "data": [], "config": 3, "precision_10": "good", "from": {}})
    assert "mine" in page(client, f"{URL}mine/1/")


def test_markup_in_a_card_is_text(client, tmp_path):
    published(tmp_path, card={"hardware": "<script>alert(1)</script>"}, source="<b>bold</b>")
    text = page(client, f"{URL}mine/1/")
    assert "<script>alert" not in text
    assert "<b>bold" not in text


def test_the_datasets_that_use_it_are_named_to_those_who_see_them(client, tmp_path):
    published(tmp_path)
    for slug, public in (("open-one", True), ("closed-one", False)):
        dataset = make_map(slug, public=public)
        dataset.encoder = encoders.named("mine")
        dataset.save()
    text = page(client, f"{URL}mine/1/")
    assert "open-one" in text
    assert "closed-one" not in text
    assert "1 dataset<" in page(client)


def test_a_name_alone_leads_to_its_version(client, tmp_path):
    published(tmp_path)
    assert client.get(f"{URL}mine/")["Location"] == f"{URL}mine/1/"
    assert client.get(f"{URL}colour/")["Location"] == f"{URL}colour/1/"
    page(client, f"{URL}nobody/", 404)


def test_two_are_compared(client, tmp_path):
    published(tmp_path), published(tmp_path, card={"precision_10": 0.9}, source="second")
    text = page(client, f"{URL}compare/?versions=mine/1&versions=mine/2")
    assert '90.0 % <span class="compare__mark">best' in text
    assert "second" in text
    assert client.get(f"{URL}compare/?versions=mine/1")["Location"] == URL


@pytest.mark.parametrize("action", ["promote", "retire", "unretire"])
def test_buttons_change_the_store_for_administrators_only(client, admin, tmp_path, action):
    published(tmp_path)
    assert client.post(f"{URL}mine/1/{action}/").status_code == 403
    assert admin.post(f"{URL}mine/1/{action}/")["Location"] == f"{URL}mine/1/"
    assert modelstore.find("mine", "1").retired == (action == "retire")


def test_a_retired_version_is_shown_when_asked_for(admin, client, tmp_path):
    published(tmp_path)
    admin.post(f"{URL}mine/1/retire/")
    assert "Show 1 retired version" in page(client)
    assert "/mine/1/" not in page(client)
    assert "/mine/1/" in page(client, f"{URL}?retired=1")


def test_without_scripts_a_small_file_is_brought_in(admin):
    file = SimpleUploadedFile("e.zip", archive())
    assert admin.post(f"{URL}upload/", {"file": file, "name": "small"})["Location"] == f"{URL}small/1/"


def test_without_scripts_a_refusal_stands_above_the_form(admin):
    response = admin.post(f"{URL}upload/", {"file": SimpleUploadedFile("w.pt", b"\x80\x02"), "name": "small"})
    assert response.status_code == 400
    assert "can run any code" in response.content.decode()
    assert 'value="small"' in response.content.decode()


def test_a_closed_site_asks_visitors_to_sign_in(client, settings):
    settings.PUBLIC_SEARCH = False
    assert client.get(URL)["Location"] == f"/accounts/login/?next={URL}"


def test_a_curve_spans_its_values_with_round_ticks():
    curve = curves.draw([3.9, None, 2.1], "Loss")
    assert [tick.text for tick in curve.ticks] == ["2.0", "2.5", "3.0", "3.5", "4.0"]
    assert curve.line == "M52.0 20.0L468.0 164.0"
    assert [tick.text for tick in curve.epochs] == ["1", "2", "3"]


def test_shares_are_percent():
    assert [tick.text for tick in curves.draw([0.4, 0.9], "Right", share=True).ticks] == [
        "40 %",
        "60 %",
        "80 %",
        "100 %",
    ]


@pytest.mark.parametrize("values", [[], [1.0], [None, 2.0]])
def test_one_value_is_no_curve(values):
    assert curves.draw(values, "Loss") is None


def test_a_flat_curve_can_be_drawn():
    assert curves.draw([0.0, 0.0], "Loss").ticks
