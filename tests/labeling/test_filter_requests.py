"""Every request that takes a filter knows who asks: labels and scores are for those who host the campaign."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling import settling
from labeling.models import Campaign
from search import frames
from search.models import Dataset
from tests.campaigns import make_campaign

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/datasets/world/"


@pytest.fixture
def campaign(world: Dataset) -> Campaign:
    """Three tiles of ann's: yes, yes, no."""
    keys = frames.opened(world).keys[[3, 700, 9]].tolist()
    made = make_campaign(world, keys, owner=User.objects.create_user("ann"))
    cards = list(made.cards.order_by("position"))
    settling.decide([card.pk for card in cards[:2]], made.answers.get(code="yes"), made.owner)
    settling.decide([cards[2].pk], made.answers.get(code="no"), made.owner)
    return made


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def requests(campaign: Campaign) -> dict[str, dict[str, object]]:
    labels = [{"campaign": campaign.pk, "answers": ["yes"]}]
    key = str(frames.opened(campaign.dataset).keys[50])
    return {
        "search": {"positives": [key], "labels": labels},
        "facets": {"columns": ["luminance"], "filter": {"labels": labels}},
        "views/": {"name": "yes", "filter": {"labels": labels}},
        "collections/": {"name": "yes", "filter": {"labels": labels}},
    }


@pytest.mark.parametrize("address", ["search", "facets", "views/", "collections/"])
def test_a_host_filters_by_labels(campaign: Campaign, address: str) -> None:
    body = requests(campaign)[address]
    answer = signed_in(campaign.owner).post(ROOT + address, body, content_type="application/json")
    assert answer.status_code in (200, 201), answer.content
    told = answer.json()
    counts = {"search": len(told.get("results", [])), "facets": told.get("kept"), "collections/": told.get("count")}
    assert counts.get(address, 2) == 2


@pytest.mark.parametrize("address", ["search", "facets", "views/", "collections/"])
def test_others_are_told_that_there_is_no_such_campaign(campaign: Campaign, address: str) -> None:
    body = requests(campaign)[address]
    answer = signed_in(User.objects.create_user("eve")).post(ROOT + address, body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_query")
    assert f"There is no campaign {campaign.pk}" in answer.json()["error"]["message"]


@pytest.mark.parametrize("address", ["search", "facets"])
def test_guests_too(campaign: Campaign, client: Client, address: str) -> None:
    answer = client.post(ROOT + address, requests(campaign)[address], content_type="application/json")
    assert f"There is no campaign {campaign.pk}" in answer.json()["error"]["message"]
