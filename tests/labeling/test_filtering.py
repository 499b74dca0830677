"""Labels and scores of campaigns as filters: who hosts them may, others find nothing there."""

from collections.abc import Mapping

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client

from labeling import audits, settling
from labeling.models import Campaign, Card, Sweep
from search import filters, frames
from search.errors import BadQuery
from search.models import Dataset
from tests.campaigns import make_campaign
from tests.factories import make_map
from tests.sweeping import make_sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def host(db: None) -> User:
    return User.objects.create_user("ann")


@pytest.fixture
def campaign(world: Dataset, host: User) -> Campaign:
    """With six tiles: yes, yes, no, no, no and one without a label."""
    made = make_campaign(world, frames.opened(world).keys[[3, 700, 9, 12, 1500, 20]].tolist(), owner=host)
    cards = list(made.cards.order_by("position"))
    for code, some in (("yes", cards[:2]), ("no", cards[2:5])):
        settling.decide([card.pk for card in some], made.answers.get(code=code), host)
    return made


@pytest.fixture
def sweep(campaign: Campaign) -> Sweep:
    return make_sweep(campaign)


def kept(dataset: Dataset, said: Mapping[str, object], user: User | AnonymousUser | None) -> set[int]:
    frame = frames.opened(dataset)
    return set(frame.keys[filters.compiled(dataset, filters.read(said), user).of(frame)].tolist())


def keys_of(campaign: Campaign, *codes: str) -> set[int]:
    return set(Card.objects.filter(campaign=campaign, label__code__in=codes).values_list("key", flat=True))


def test_tiles_by_their_labels(campaign: Campaign, host: User) -> None:
    labels = [{"campaign": campaign.pk, "answers": ["yes"]}]
    assert kept(campaign.dataset, {"labels": labels}, host) == keys_of(campaign, "yes")


def test_no_answer_means_any_label(campaign: Campaign, host: User) -> None:
    found = kept(campaign.dataset, {"labels": [{"campaign": campaign.pk, "answers": []}]}, host)
    assert found == keys_of(campaign, "yes", "no")
    assert len(found) == 5


def test_a_campaign_without_a_label_keeps_nothing(world: Dataset, host: User) -> None:
    fresh = make_campaign(world, 0, owner=host)
    assert kept(world, {"labels": [{"campaign": fresh.pk, "answers": []}]}, host) == set()


def test_tiles_by_their_scores(sweep: Sweep, host: User) -> None:
    dataset = sweep.campaign.dataset
    asked = [{"campaign": sweep.campaign_id, "sweep": 1, "range": [0.75, None]}]
    found = kept(dataset, {"scores": asked, "levels": [4]}, host)
    assert len(found) == len(kept(dataset, {"levels": [4]}, host)) // 4


def test_scores_of_tiles_that_an_audit_waits_for_are_not_given_away(sweep: Sweep, host: User) -> None:
    dataset, asked = sweep.campaign.dataset, {"scores": [{"campaign": sweep.campaign_id, "sweep": 1, "range": [0, 1]}]}
    audit, _ = audits.draw(sweep, 20, "host")
    blind = set(audit.tiles.values_list("key", flat=True))
    assert len(blind) == 20
    assert kept(dataset, {}, host) - kept(dataset, asked, host) == blind


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"labels": [{"campaign": 999, "answers": []}]}, "no campaign 999"),
        ({"labels": [{"campaign": 0, "answers": ["maybe"]}]}, "'maybe' is not an answer of campaign"),
        ({"scores": [{"campaign": 0, "sweep": 7, "range": [0, 1]}]}, "has no sweep 7"),
    ],
)
def test_what_is_not_there_is_refused_in_words(
    campaign: Campaign, host: User, said: dict[str, list[dict[str, object]]], sentence: str
) -> None:
    for entry in (entry for entries in said.values() for entry in entries):
        entry["campaign"] = entry["campaign"] or campaign.pk
    with pytest.raises(BadQuery, match=sentence):
        kept(campaign.dataset, said, host)


def test_a_sweep_that_goes_on_is_waited_for(sweep: Sweep, host: User) -> None:
    Sweep.objects.filter(pk=sweep.pk).update(status="running")
    asked = [{"campaign": sweep.campaign_id, "sweep": 1, "range": [0.5, 1]}]
    with pytest.raises(BadQuery, match="still goes on"):
        kept(sweep.campaign.dataset, {"scores": asked}, host)


def test_nobody_filters_by_campaigns_that_they_do_not_host(campaign: Campaign) -> None:
    asked = {"labels": [{"campaign": campaign.pk, "answers": []}]}
    for outsider in (User.objects.create_user("bob"), AnonymousUser()):
        with pytest.raises(BadQuery, match="that you host"):
            kept(campaign.dataset, asked, outsider)
    assert len(kept(campaign.dataset, asked, None)) == 5


def test_a_campaign_on_another_dataset_is_none(campaign: Campaign, host: User) -> None:
    elsewhere = make_campaign(make_map("elsewhere"), owner=host)
    with pytest.raises(BadQuery, match=f"no campaign {elsewhere.pk}"):
        kept(campaign.dataset, {"labels": [{"campaign": elsewhere.pk, "answers": []}]}, host)


def test_the_panel_is_told_of_campaigns_answers_and_sweeps(sweep: Sweep, host: User, client: Client) -> None:
    client.force_login(host)
    (told,) = client.get(f"/api/v1/datasets/{sweep.campaign.dataset.slug}/labels/").json()["results"]
    labels = {answer["code"]: answer["labels"] for answer in told["answers"]}
    assert (told["labels"], labels["yes"], labels["no"], labels["unsure"]) == (5, 2, 3, 0)
    assert [(one["number"], sum(one["histogram"])) for one in told["sweeps"]] == [(1, 2000)]


def test_others_are_told_of_nothing(sweep: Sweep, client: Client) -> None:
    address = f"/api/v1/datasets/{sweep.campaign.dataset.slug}/labels/"
    assert client.get(address).json() == {"results": []}
    client.force_login(User.objects.create_user("bob"))
    assert client.get(address).json() == {"results": []}
    assert client.get("/api/v1/datasets/nowhere/labels/").status_code == 404


def test_a_facet_counts_what_labels_keep(campaign: Campaign, host: User, client: Client) -> None:
    client.force_login(host)
    body = {"filter": {"labels": [{"campaign": campaign.pk, "answers": ["no"]}]}, "columns": ["luminance"]}
    told = client.post(f"/api/v1/datasets/{campaign.dataset.slug}/facets", body, content_type="application/json").json()
    assert (told["kept"], sum(told["columns"]["luminance"]["kept"])) == (3, 3)
    assert np.sum(told["columns"]["luminance"]["all"]) == told["tiles"]
