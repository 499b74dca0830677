"""/studio/ and /studio/<dataset>/: who gets there, and what stands there before there is anything to draw."""

import json
import re

import pytest
from django.contrib.auth.models import User

from search.models import Dataset, Scene, Shard, Status
from tests.factories import make_map

pytestmark = pytest.mark.django_db


def page(client, address, status=200):
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def test_one_dataset_is_gone_to_at_once(client, world):
    assert client.get("/studio/")["Location"] == "/studio/world/"


def test_several_are_listed_with_their_tiles(client, world):
    make_map("second")
    text = page(client, "/studio/")
    assert 'href="/studio/world/"' in text
    assert "none yet" in text[text.index('href="/studio/second/"') :]


def test_without_any_dataset_the_way_to_one_is_shown(client):
    Dataset.objects.update(is_public=False)
    assert 'href="/datasets/"' in page(client, "/studio/")


def test_the_page_says_its_script_where_to_ask_and_how_keys_are_made(client, world):
    text = page(client, "/studio/world/")
    config = json.loads(re.search(r'id="config" type="application/json">(.*?)</script>', text)[1])
    assert config["api"] == "/api/v1/datasets/world/"
    assert config["bits"]["level"] == {"shift": 27, "width": 4}
    assert config["grid"]["levels"]


def test_visitors_are_asked_to_sign_in_before_they_keep_something(client, world):
    visitors = page(client, "/studio/world/")
    client.force_login(User.objects.create_user("ada"))
    members = page(client, "/studio/world/")
    assert "data-save-form" not in visitors
    assert "/accounts/login/?next=/studio/world/" in visitors
    assert "data-save-form" in members


def test_a_dataset_that_one_may_not_see_is_not_there(client):
    make_map("secret", public=False)
    page(client, "/studio/secret/", 404)
    assert b"/studio/secret/" not in client.get("/studio/").content


def test_a_closed_site_asks_visitors_to_sign_in(client, settings):
    settings.PUBLIC_SEARCH = False
    assert client.get("/studio/")["Location"] == "/accounts/login/?next=/studio/"


def test_an_empty_dataset_says_that_imagery_is_missing(client):
    Scene.objects.filter(product__dataset=make_map("bare")).delete()
    text = page(client, "/studio/bare/")
    assert "There is no imagery in this dataset yet" in text
    assert "studio_page.js" not in text


@pytest.mark.parametrize(
    ("status", "words"), [(Status.RUNNING, "being embedded"), (Status.FAILED, "could be finished")]
)
def test_a_dataset_without_a_finished_shard_says_why(client, world, status, words):
    Shard.objects.filter(scene__product__dataset=world).update(folder="", status=status)
    assert words in page(client, "/studio/world/")


def test_every_page_leads_to_the_studio(client, world):
    assert 'href="/studio/"' in page(client, "/datasets/world/")
