"""Campaigns made of what a filter keeps, and of a collection: API, form and command; what they learn from."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from labeling import campaigns, rounds
from labeling.errors import BadCampaign
from labeling.models import Campaign, Learner
from labeling.rounds import archive
from labeling.sweeps import running, starting
from search import collecting, filters, frames
from search.errors import BadQuery
from search.models import Collection, Dataset
from tests.campaigns import make_campaign
from tests.factories import build_all, make_gallery, make_map
from tests.sweeping import make_round

pytestmark = pytest.mark.django_db
BRIGHT = {"levels": [4], "metrics": {"luminance": [150, None]}}


@pytest.fixture
def ann(client: Client) -> User:
    user = User.objects.create_user("ann")
    client.force_login(user)
    return user


@pytest.fixture
def collection(world: Dataset) -> Collection:
    return collecting.create(world, "islands", frames.opened(world).keys[[5, 1, 9]], None)


def bright(dataset: Dataset) -> set[int]:
    frame = frames.opened(dataset)
    return set(frame.keys[filters.compiled(dataset, filters.read(BRIGHT), None).of(frame)].tolist())


def keys_of(campaign: Campaign) -> set[int]:
    return set(campaign.cards.values_list("key", flat=True))


def new(client: Client, dataset: Dataset, **tiles: object) -> tuple[int, Any]:
    body = {"dataset": dataset.slug, "question": "An island?", "tiles": tiles}
    answer = client.post("/api/v1/campaigns/", body, content_type="application/json")
    return answer.status_code, answer.json()


def test_a_filter_becomes_a_campaign(world: Dataset, ann: User, client: Client) -> None:
    status, told = new(client, world, filter=BRIGHT)
    campaign = Campaign.objects.get(pk=told["id"])
    assert status == 201
    assert keys_of(campaign) == bright(world)
    assert set(campaign.cards.values_list("why", flat=True)) == {"filter"}


def test_a_collection_becomes_a_campaign(collection: Collection, ann: User, client: Client) -> None:
    _, told = new(client, collection.dataset, collection=collection.pk)
    assert keys_of(Campaign.objects.get(pk=told["id"])) == set(collecting.keys_of(collection).tolist())


@pytest.mark.parametrize(
    ("tiles", "sentence"),
    [
        ({"filter": {"metrics": {"luminance": [300, None]}}}, "keeps no tile to label"),
        ({"filter": {"metrics": {"colour": [1, 2]}}}, "There is no metric 'colour'"),
        ({"filter": {"metric": {}}}, "A filter has no metric"),
        ({"filter": {"labels": [{"campaign": 12345, "answers": []}]}}, "no campaign 12345"),
        ({"collection": 12345}, "no collection 12345"),
        ({"collection": 1, "filter": BRIGHT}, "one of keys, search, filter, collection, area, all"),
    ],
)
def test_what_cannot_be_is_refused_and_no_campaign_stays(
    world: Dataset, ann: User, client: Client, tiles: dict[str, object], sentence: str
) -> None:
    status, told = new(client, world, **tiles)
    assert status in (400, 404, 422)
    assert sentence in json.dumps(told)
    assert not Campaign.objects.exists()


def test_a_collection_of_another_dataset_is_none_of_this_one(collection: Collection, ann: User, client: Client) -> None:
    status, told = new(client, make_map("elsewhere"), collection=collection.pk)
    assert (status, "no collection" in json.dumps(told)) == (404, True)


def test_an_empty_collection_is_refused(world: Dataset) -> None:
    empty = collecting.create(world, "none", [], None)
    with pytest.raises(BadCampaign, match="has no tile to label"):
        campaigns.add_collection(make_campaign(world, 0), empty)


def test_more_than_a_campaign_holds_is_refused_with_what_to_do(world: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigns, "MOST_CARDS", 100)
    with pytest.raises(BadCampaign, match="has 400 tiles; a campaign holds 100 at most. Narrow it"):
        campaigns.add_filtered(make_campaign(world, 0), filters.read({"levels": [4]}), None)


def test_pictures_of_a_gallery_by_a_filter(tmp_path: Path, ann: User) -> None:
    gallery = build_all(make_gallery(tmp_path / "pictures"))
    campaign = make_campaign(gallery, 0)
    assert campaigns.add_filtered(campaign, filters.read({"metrics": {"luminance": [0, None]}}), None) == 5


def test_its_learning_looks_at_what_the_filter_keeps(world: Dataset) -> None:
    campaign = make_campaign(world, 0)
    campaigns.add_filtered(campaign, filters.read(BRIGHT), None)
    found = archive.opened(Learner.of(campaign)).archive
    assert len(found) == len(bright(world))
    assert found.allows(np.array(sorted(bright(world)))).all()


def test_learning_within_a_collection_follows_its_changes(collection: Collection) -> None:
    campaign = make_campaign(collection.dataset, 0)
    rounds.change(campaign, {"scope": {"collections": ["islands"], "levels": [4, 5]}})
    before = archive.opened(Learner.of(campaign))
    collecting.change(collection, add=frames.opened(collection.dataset).keys[[50]])
    after = archive.opened(Learner.of(campaign))
    assert (len(before.archive), len(after.archive)) == (3, 4)
    assert before.fingerprint != after.fingerprint


@pytest.mark.parametrize("field", ["labels", "scores"])
def test_learning_is_not_bounded_by_what_it_changes(world: Dataset, ann: User, client: Client, field: str) -> None:
    campaign = make_campaign(world, 3, owner=ann)
    entry = {"campaign": campaign.pk, "answers": []} if field == "labels" else {"campaign": campaign.pk, "sweep": 1}
    address, body = f"/api/v1/campaigns/{campaign.pk}/learning", {"scope": {field: [entry]}}
    answer = client.patch(address, body, content_type="application/json")
    assert answer.status_code == 400
    assert "Make a collection of those tiles" in answer.json()["error"]["message"]


def test_learning_refuses_a_column_that_is_not_there(world: Dataset) -> None:
    with pytest.raises(BadQuery, match="no metric 'colour'"):
        rounds.change(make_campaign(world, 3), {"scope": {"metrics": {"colour": [1, 2]}}})


def handed(client: Client, query: str) -> Any:
    answer = client.get(f"/campaigns/new/?{query}")
    assert answer.status_code == 200
    return answer.context["config"]


def test_the_form_takes_a_collection_from_its_address(collection: Collection, ann: User, client: Client) -> None:
    told = handed(client, f"collection={collection.pk}")["handed"]
    assert (told["words"], told["count"], told["tiles"]) == ("collection islands", 3, {"collection": collection.pk})
    assert len(told["pictures"]) == 3


def test_the_form_takes_a_filter_from_its_address(world: Dataset, ann: User, client: Client) -> None:
    told = handed(client, f"dataset={world.slug}&filter={json.dumps(BRIGHT)}")["handed"]
    assert (told["count"], told["dataset"]) == (len(bright(world)), world.slug)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("collection=99", "There is no collection 99"), ("collection=x", "There is no collection x"),
        ("dataset=nowhere&filter={}", "There is no dataset 'nowhere'"),
        ("dataset=small&filter={", "cut short"),
        ('dataset=small&filter={"metrics":{"colour":[1,2]}}', "no metric 'colour'"),
        ('dataset=small&filter={"metrics":{"luminance":[300,null]}}', "There is no tile to label in your filter"),
    ],
)  # fmt: skip
def test_the_form_says_why_it_got_nothing(world: Dataset, ann: User, client: Client, query: str, sentence: str) -> None:
    query = query.replace("small", world.slug)
    assert sentence in str(handed(client, query)["problem"])


def test_a_hidden_collection_is_none(collection: Collection, ann: User, client: Client) -> None:
    Dataset.objects.filter(pk=collection.dataset_id).update(is_public=False)
    assert "There is no collection" in str(handed(client, f"collection={collection.pk}")["problem"])


def command(*words: object) -> Any:
    out = StringIO()
    call_command("campaign", *map(str, words), "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_command_takes_a_filter_and_a_collection(collection: Collection, tmp_path: Path) -> None:
    file = tmp_path / "bright.json"
    file.write_text(json.dumps(BRIGHT))
    first, second = (make_campaign(collection.dataset, 0) for _ in range(2))
    assert command("add", first.pk, "--filter", file)["tiles"] == len(bright(collection.dataset))
    assert command("add", second.pk, "--collection", "islands")["tiles"] == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--filter", "{"], "The filter is not JSON"),
        (["--filter", "/nowhere.json"], "No such file"),
        (["--collection", "nothing"], "has no collection 'nothing'"),
    ],
)
def test_the_command_refuses_in_words(world: Dataset, words: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        command("add", make_campaign(world, 0).pk, *words)


def test_the_command_bounds_learning_by_a_filter(world: Dataset) -> None:
    campaign = make_campaign(world, 3)
    told = command("learn", campaign.pk, "--filter", json.dumps(BRIGHT))
    assert told["settings"]["scope"]["metrics"] == {"luminance": [150, None]}


def test_all_parts_of_a_sweep_are_bounded_by_what_its_collections_held_when_it_began(collection: Collection) -> None:
    campaign = make_campaign(collection.dataset, 0)
    rounds.change(campaign, {"scope": {"collections": ["islands"], "levels": [4, 5]}})
    make_round(campaign)
    sweep, _ = starting.begin(campaign, background=False)
    collecting.change(collection, add=frames.opened(collection.dataset).keys[[50]])
    for part in sweep.parts.all():
        assert running.run_here(part)
    assert sum(sweep.parts.values_list("tiles", flat=True)) == 3
