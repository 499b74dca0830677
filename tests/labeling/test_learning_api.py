"""/api/v1/campaigns/<id>/learning…: a host changes how it learns and sees its rounds; others find nothing there."""

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling.models import Campaign, Card, Learner, Round
from ml.classify import Classifier
from search.models import Dataset
from tests.campaigns import make_people, vote
from tests.factories import make_map
from tests.learning import answer, make_learning, make_round, some, truth

pytestmark = pytest.mark.django_db
DOORS = [("get", "learning"), ("patch", "learning"), ("post", "learning/rounds"), ("get", "learning/rounds/1"),
         ("get", "learning/confusions"), ("post", "learning/relabel"), ("get", "learning/classifier")]  # fmt: skip


@pytest.fixture
def known(world: Dataset) -> dict[int, bool]:
    return truth(world)


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann")


@pytest.fixture
def host(ann: User) -> Client:
    client = Client()
    client.force_login(ann)
    return client


@pytest.fixture
def campaign(ann: User, world: Dataset, known: dict[int, bool]) -> Campaign:
    """Twenty labels, and learning is off."""
    campaign = make_learning(world, some(known, 10, 10), on=False)
    Campaign.objects.filter(pk=campaign.pk).update(owner=ann)
    answer(campaign, known)
    return campaign


def ask(client: Client, campaign: Campaign, method: str, door: str, **body: Any) -> Any:
    address = f"/api/v1/campaigns/{campaign.pk}/{door}"
    return getattr(client, method)(address, body or None, content_type="application/json")


def test_a_host_reads_how_it_learns(host: Client, campaign: Campaign) -> None:
    told = ask(host, campaign, "get", "learning").json()
    assert told["settings"]["positive"] == ["yes"]
    assert told["settings"]["scope"] == {"products": [], "levels": [5], "from": None, "to": None, "bbox": None}
    assert told["labels"] == {"positive": 10, "negative": 10, "fresh": 20, "needed": {"positive": 5, "negative": 5}}
    assert (told["rounds"], told["advice"]["code"]) == ([], "begin")


def test_learning_is_turned_on_and_a_round_begins(host: Client, campaign: Campaign) -> None:
    told = ask(host, campaign, "patch", "learning", on=True, mix={"random": 0.3}, scope={"levels": [5], "bbox": None})
    assert told.status_code == 200, told.text
    assert told.json()["settings"]["mix"] == {"likely": 0.5, "unsure": 0.3, "diverse": 0.1, "random": 0.3}
    assert [(one["trigger"], one["status"]) for one in told.json()["rounds"]] == [("start", "waiting")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"every": 0}, {"batch": 1001}, {"pool": 5}, {"neighbours": 101}, {"head": "forest"}, {"on": "perhaps"},
        {"evry": 3}, {"mix": {"likely": -1}}, {"mix": {"lucky": 1}}, {"positive": []}, {"positive": ["maybe"]},
        {"positive": ["no"]}, {"mix": {"likely": 0, "unsure": 0, "diverse": 0, "random": 0}}, {"sources": ["sky"]},
        {"scope": {"levels": [9]}}, {"scope": {"products": ["x"]}}, {"scope": {"colour": "red"}},
        {"scope": {"from": "2004-03-01", "to": "2004-01-01"}}, {"scope": {"from": "yesterday"}},
        {"scope": {"bbox": [1, 2, 3]}}, {"scope": {"bbox": [0, 50, 10, 40]}},
        {"on": True, "scope": {"from": "2031-01-01"}},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_changed(
    host: Client, campaign: Campaign, wrong: dict[str, Any]
) -> None:
    refused = ask(host, campaign, "patch", "learning", **wrong)
    assert refused.status_code == 400, refused.text
    assert refused.json()["error"]["message"]
    assert ask(host, campaign, "get", "learning").json()["settings"]["batch"] == 10
    assert not Learner.objects.get(campaign=campaign).on


def test_a_dataset_without_shards_cannot_be_learnt_from_yet(host: Client, ann: User) -> None:
    campaign = make_learning(make_map("bare"), on=False, scope={})
    Campaign.objects.filter(pk=campaign.pk).update(owner=ann)
    assert ask(host, campaign, "patch", "learning", on=True).status_code == 409


def test_a_second_request_for_a_round_finds_the_first(host: Client, campaign: Campaign) -> None:
    first, second = (ask(host, campaign, "post", "learning/rounds") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["number"] == second.json()["number"] == 1
    assert Round.objects.count() == 1


def test_without_any_example_there_is_nothing_to_learn(host: Client, ann: User, world: Dataset) -> None:
    campaign = make_learning(world)
    Campaign.objects.filter(pk=campaign.pk).update(owner=ann)
    assert ask(host, campaign, "get", "learning").json()["advice"]["code"] == "start"
    refused = ask(host, campaign, "post", "learning/rounds")
    assert refused.status_code == 400
    assert "label one tile as yes" in refused.json()["error"]["message"]


def test_a_round_says_what_it_chose_and_why(host: Client, campaign: Campaign) -> None:
    make_round(campaign)
    told = ask(host, campaign, "get", "learning/rounds/1").json()
    assert len(told["choices"]) == sum(told["chosen"].values()) == 10
    assert {"id", "key", "bbox", "thumbnail", "why", "probability", "votes"} <= set(told["choices"][0])
    assert told["metrics"]["f1"][1] <= told["metrics"]["f1"][0] <= told["metrics"]["f1"][2]
    assert ask(host, campaign, "get", "learning/rounds/2").status_code == 404


def test_the_worst_disagreements_are_listed(host: Client, campaign: Campaign, known: dict[int, bool]) -> None:
    wrong = campaign.cards.filter(label__code="yes").first()
    assert wrong is not None
    vote(make_people(campaign, 1)[0], wrong, "no")
    vote(make_people(campaign, 1)[0], wrong, "no")  # of 3 votes, 2 are wrong
    make_round(campaign)
    told = ask(host, campaign, "get", "learning/confusions").json()
    assert told["noes"][0]["id"] == wrong.pk
    assert len(told["yeses"]) == 9
    assert [card["probability"] for card in told["yeses"]] == sorted(card["probability"] for card in told["yeses"])
    assert told["suspects"][0]["id"] == wrong.pk


def test_without_a_classifier_there_are_no_disagreements_and_no_file(host: Client, campaign: Campaign) -> None:
    told = ask(host, campaign, "get", "learning/confusions").json()
    assert told == {"round": None, "noes": [], "yeses": [], "suspects": []}
    refused = ask(host, campaign, "get", "learning/classifier")
    assert refused.status_code == 404
    assert "There is no classifier yet" in refused.json()["error"]["message"]


def test_more_votes_are_asked_about_doubtful_tiles(host: Client, campaign: Campaign) -> None:
    card = campaign.cards.filter(settled=True).first()
    assert card is not None
    assert ask(host, campaign, "post", "learning/relabel", cards=[card.pk]).json() == {"changed": 1}
    card.refresh_from_db()
    assert (card.settled, card.slots, card.least) == (False, 2, 3)
    assert card.label is not None
    vote(make_people(campaign, 1)[0], card, card.label.code)
    card.refresh_from_db()
    assert not card.settled  # the second of the votes asked for is still out


def test_more_votes_change_nothing_where_the_host_has_decided(host: Client, campaign: Campaign) -> None:
    card = campaign.cards.first()
    assert card is not None
    host.post(
        f"/api/v1/campaigns/{campaign.pk}/decisions", {"cards": [card.pk], "answer": "yes"},
        content_type="application/json",
    )  # fmt: skip
    assert ask(host, campaign, "post", "learning/relabel", cards=[card.pk]).json() == {"changed": 0}


def test_tiles_of_another_campaign_cannot_be_relabelled(host: Client, campaign: Campaign, world: Dataset) -> None:
    strange = make_learning(world, [1]).cards.get()
    refused = ask(host, campaign, "post", "learning/relabel", cards=[strange.pk])
    assert refused.status_code == 404
    assert Card.objects.get(pk=strange.pk).least == 0


def test_the_classifier_can_be_taken_away(host: Client, campaign: Campaign, tmp_path: Path) -> None:
    make_round(campaign)
    response = ask(host, campaign, "get", "learning/classifier")
    assert response["Content-Disposition"] == f'attachment; filename="campaign-{campaign.pk}-round-1.tar"'
    with tarfile.open(fileobj=io.BytesIO(response.content)) as archive:
        archive.extractall(tmp_path, filter="data")
    assert Classifier.load(tmp_path / f"campaign-{campaign.pk}-round-1").dim == campaign.dataset.encoder.dim


@pytest.mark.parametrize(("method", "door"), DOORS)
def test_others_find_nothing_there(campaign: Campaign, method: str, door: str) -> None:
    stranger = Client()
    assert ask(stranger, campaign, method, door).status_code == 401
    stranger.force_login(User.objects.create_user("stranger"))
    assert ask(stranger, campaign, method, door).status_code == 404
    assert not Round.objects.exists()


@pytest.mark.parametrize(("method", "door"), DOORS)
def test_a_campaign_that_is_none_is_not_found(host: Client, campaign: Campaign, method: str, door: str) -> None:
    campaign.pk = 10**9
    assert ask(host, campaign, method, door).status_code == 404
