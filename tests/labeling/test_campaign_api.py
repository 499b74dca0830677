"""/api/v1/campaigns/: hosts do all of it; others find nothing there."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling.exporting import labels
from labeling.models import Campaign, Card, ShareLink, Vote
from labeling.people import exclude, join
from labeling.recording import Said, record
from search.models import Scene
from tests.campaigns import make_people, vote
from tests.factories import build_all, make_gallery, make_map

pytestmark = pytest.mark.django_db
STREAMED = pytest.mark.django_db(transaction=True)  # between two parts, connections may be closed


@pytest.fixture
def scene() -> Scene:
    return Scene.objects.select_related("product__dataset").get(product__dataset=make_map())


def signed_in(name: str, **fields: Any) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(name, **fields))
    return client


@pytest.fixture
def host() -> Client:
    return signed_in("ann")


def post(client: Client, address: str, **body: Any) -> Any:
    return client.post(f"/api/v1/campaigns/{address}", body, content_type="application/json")


def keys_of(scene: Scene, count: int) -> list[str]:
    return [str(scene.address(4, 3, col).pack()) for col in range(count)]


@pytest.fixture
def campaign(host: Client, scene: Scene) -> Campaign:
    made = post(host, "", dataset="small", question="Is there an island?", tiles={"keys": keys_of(scene, 5)})
    assert made.status_code == 201, made.text
    return Campaign.objects.get(pk=made.json()["id"])


def text_of(response: Any) -> str:
    return b"".join(response).decode()


def test_a_campaign_is_made_read_changed_and_listed(host: Client, campaign: Campaign) -> None:
    address = f"/api/v1/campaigns/{campaign.pk}/"
    read = host.get(address).json()
    assert (read["progress"]["tiles"], [a["code"] for a in read["answers"]]) == (5, ["yes", "no", "unsure", "bad"])
    changed = host.patch(address, {"question": "And now?", "votes_wanted": 1}, content_type="application/json")
    assert (changed.json()["question"], changed.json()["votes_wanted"]) == ("And now?", 1)
    assert [c["question"] for c in host.get("/api/v1/campaigns/").json()["results"]] == ["And now?"]
    assert host.delete(address).status_code == 204
    assert host.get(address).status_code == 404


def test_tiles_come_from_a_search_an_area_and_a_gallery(host: Client, scene: Scene, tmp_path) -> None:
    build_all(scene.product.dataset)
    make_gallery(tmp_path / "p")
    area = {"product": "true-colour", "date": "2004-01-01", "level": 4, "bbox": [1, 1, 19, 19]}
    search = {"positives": keys_of(scene, 1), "k": 7}
    for slug, tiles, count in (
        ("small", {"search": search}, 7),
        ("small", {"area": area}, 4),
        ("pictures", {"all": True}, 5),
    ):
        made = post(host, "", dataset=slug, question="Is there?", tiles=tiles)
        assert (made.status_code, made.json()["progress"]["tiles"]) == (201, count)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400), ({"question": ""}, 400), ({"dataset": "atlantis"}, 404), ({"colour": 1}, 400),
        ({"tiles": {}}, 400), ({"tiles": {"keys": ["x"]}}, 400), ({"tiles": {"keys": ["5"], "all": True}}, 400),
        ({"tiles": {"keys": ["5"]}}, 404), ({"answers": [{"word": "Yes"}]}, 400), ({"votes_wanted": 99}, 400),
        ({"answers": [{"word": "a"}, {"word": "a"}]}, 400), ({"tiles": {"search": {"k": 5}}}, 400),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_leaves_no_campaign(
    host: Client, scene: Scene, body: dict, status: int
) -> None:
    usual = {"dataset": "small", "question": "Is there?"} if body else {}
    refused = post(host, "", **{**usual, **body})
    assert refused.status_code == status
    assert refused.json()["error"]["message"]
    assert not Campaign.objects.exists()


def test_tiles_of_a_dataset_that_one_may_not_see_cannot_be_asked_about(host: Client) -> None:
    scene = Scene.objects.get(product__dataset=make_map("hidden", public=False))
    assert post(host, "", dataset="hidden", question="?", tiles={"keys": keys_of(scene, 1)}).status_code == 404


ADDRESSES = [
    ("get", ""), ("patch", ""), ("delete", ""), ("post", "state"), ("get", "progress"), ("get", "cards"),
    ("post", "cards"), ("get", "cards/1/"), ("post", "decisions"), ("post", "gold"), ("post", "examples"),
    ("delete", "examples/1"), ("get", "links"), ("post", "links"), ("post", "links/1/revoke"), ("get", "people"),
    ("patch", "people/1"), ("get", "votes.csv"), ("get", "labels.csv"), ("get", "labels.geojson"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "rest"), ADDRESSES)
def test_other_hosts_and_outsiders_find_nothing(campaign: Campaign, method: str, rest: str) -> None:
    address = f"/api/v1/campaigns/{campaign.pk}/{rest}"
    link, _token = ShareLink.make(campaign)
    guest = Client()
    guest.cookies[link.cookie] = join(link, "Ada")[1]
    for client, status in ((signed_in("bob"), 404), (Client(), 401), (guest, 401)):
        assert getattr(client, method)(address, {}, content_type="application/json").status_code == status


def test_numbers_of_another_campaign_are_not_found_in_ones_own(host: Client, campaign: Campaign, scene: Scene) -> None:
    other = Campaign.objects.get(
        pk=post(host, "", dataset="small", question="?", tiles={"keys": keys_of(scene, 1)}).json()["id"]
    )
    [person] = make_people(other, 1)
    mine, card = f"{campaign.pk}/", other.cards.get()
    assert host.get(f"/api/v1/campaigns/{mine}cards/{card.pk}/").status_code == 404
    assert post(host, f"{mine}decisions", cards=[card.pk], answer="yes").status_code == 404
    assert post(host, f"{mine}links/{person.link_id}/revoke").status_code == 404
    assert (
        host.patch(
            f"/api/v1/campaigns/{mine}people/{person.pk}", {"excluded": True}, content_type="application/json"
        ).status_code
        == 404
    )


def test_progress_counts_votes_and_labels(host: Client, campaign: Campaign) -> None:
    people, card = make_people(campaign, 3), campaign.cards.first()
    for person in people:
        vote(person, card)
    said = host.get(f"/api/v1/campaigns/{campaign.pk}/progress").json()
    assert (said["votes"], said["settled"], said["people"], said["per_minute"]) == (3, 1, 3, 3)
    assert said["answers"][0] == {"code": "yes", "votes": 3, "labels": 1}
    assert len(said["here"]) == 3


def test_cards_are_filtered_and_one_tells_its_votes(host: Client, campaign: Campaign) -> None:
    people, (first, second, *_) = make_people(campaign, 3), campaign.cards.all()
    for person in people:
        vote(person, first)
    vote(people[0], second, "yes")
    vote(people[1], second, "no")
    address = f"/api/v1/campaigns/{campaign.pk}/cards"
    counts = {
        q: host.get(f"{address}?{q}").json()["count"]
        for q in ("", "label=yes", "label=none", "disputed=1", "settled=1", "settled=0")
    }
    assert counts == {"": 5, "label=yes": 1, "label=none": 4, "disputed=1": 1, "settled=1": 1, "settled=0": 4}
    one = host.get(f"{address}/{second.pk}/").json()
    assert sorted((s["nickname"], s["answer"]) for s in one["said"]) == [("Person 0", "yes"), ("Person 1", "no")]
    assert one["thumbnail"].startswith("/tiles/small/")
    assert host.get(f"{address}?limit=9999").status_code == 400


def test_an_audits_tiles_are_found_among_the_others(host: Client, campaign: Campaign) -> None:
    card = campaign.cards.all()[3]
    campaign.cards.filter(pk=card.pk).update(held_out=True)
    found = host.get(f"/api/v1/campaigns/{campaign.pk}/cards?held_out=1").json()
    assert [one["id"] for one in found["results"]] == [card.pk]


def test_the_hosts_word_decides(host: Client, campaign: Campaign) -> None:
    cards = list(campaign.cards.values_list("pk", flat=True)[:2])
    assert post(host, f"{campaign.pk}/decisions", cards=cards, answer="no").json() == {"changed": 2}
    assert campaign.cards.filter(label__code="no", label_from="host").count() == 2
    post(host, f"{campaign.pk}/decisions", cards=cards[:1], answer=None)
    assert campaign.cards.filter(decision=None).count() == 4
    assert post(host, f"{campaign.pk}/decisions", cards=cards, answer="perhaps").status_code == 400


def test_gold_and_examples_are_set(host: Client, campaign: Campaign, scene: Scene) -> None:
    key = keys_of(scene, 1)[0]
    assert post(host, f"{campaign.pk}/gold", keys=[key], answer="yes").json() == {"changed": 1}
    [example] = post(host, f"{campaign.pk}/examples", key=key, answer="yes", caption="So").json()["results"]
    assert host.delete(f"/api/v1/campaigns/{campaign.pk}/examples/{example['id']}").status_code == 204
    assert host.delete(f"/api/v1/campaigns/{campaign.pk}/examples/{example['id']}").status_code == 404


def test_a_links_address_is_told_once_and_revoking_ends_it(host: Client, campaign: Campaign) -> None:
    made = post(host, f"{campaign.pk}/links", name="Team A", passphrase="x").json()
    assert made["address"] == f"http://testserver/l/{made['token']}/"
    [listed] = host.get(f"/api/v1/campaigns/{campaign.pk}/links").json()["results"]
    assert made["token"] not in json.dumps(listed)
    assert (listed["passphrase"], listed["works"]) == (True, True)
    assert post(host, f"{campaign.pk}/links/{listed['id']}/revoke").json()["works"] is False
    assert Client().get(f"/l/{made['token']}/").status_code == 404
    assert post(host, f"{campaign.pk}/links", expires_at="2001-01-01T00:00:00Z").status_code == 400


def test_somebody_excluded_counts_no_longer_and_may_come_back(host: Client, campaign: Campaign) -> None:
    [person] = make_people(campaign, 1)
    vote(person, campaign.cards.first())
    address = f"/api/v1/campaigns/{campaign.pk}/people/{person.pk}"
    for excluded, votes in ((True, 0), (False, 1)):
        assert (
            host.patch(address, {"excluded": excluded}, content_type="application/json").json()["excluded"] is excluded
        )
        assert host.get(f"/api/v1/campaigns/{campaign.pk}/progress").json()["votes"] == votes
    assert Vote.objects.count() == 1


def test_pausing_is_told(host: Client, campaign: Campaign) -> None:
    assert post(host, f"{campaign.pk}/state", state="paused").json()["state"] == "paused"
    assert post(host, f"{campaign.pk}/state", state="gone").status_code == 400


def test_who_helps_hosts_too_but_only_the_owner_deletes(campaign: Campaign) -> None:
    client = signed_in("cleo")
    campaign.hosts.add(User.objects.get(username="cleo"))
    assert client.get(f"/api/v1/campaigns/{campaign.pk}/").status_code == 200
    assert client.delete(f"/api/v1/campaigns/{campaign.pk}/").status_code == 403


@STREAMED
def test_every_vote_is_in_the_table_and_nothing_runs_in_a_spreadsheet(
    host: Client, campaign: Campaign, monkeypatch
) -> None:
    monkeypatch.setattr(labels, "AT_ONCE", 2)
    link, _ = ShareLink.make(campaign)
    person = join(link, "=cmd()")[0]
    cards = list(campaign.cards.all())
    for card in cards:
        vote(person, card)
    first = Vote.objects.get(card=cards[0])
    record([Said(id=first.pk.__class__(int=5), person_id=person.pk, campaign_id=person.campaign_id, undoes=first.pk)])
    exclude(person)
    lines = text_of(host.get(f"/api/v1/campaigns/{campaign.pk}/votes.csv")).splitlines()
    assert len(lines) == 6
    assert lines[0].startswith("vote,card,key,person,nickname")
    assert all("'=cmd()" in line and ",True,yes," in line for line in lines[1:])
    assert sum("00000000-0000-0000-0000-000000000005" in line for line in lines) == 1


@STREAMED
def test_labels_are_written_as_csv_and_geojson(host: Client, campaign: Campaign, monkeypatch) -> None:
    monkeypatch.setattr(labels, "AT_ONCE", 2)
    people = make_people(campaign, 3)
    for person in people:
        vote(person, campaign.cards.first())
    lines = text_of(host.get(f"/api/v1/campaigns/{campaign.pk}/labels.csv")).splitlines()
    assert (len(lines), lines[0].endswith("votes_yes,votes_no,votes_unsure,votes_bad")) == (6, True)
    assert lines[1].endswith(",3,0,0,0")
    found = json.loads(text_of(host.get(f"/api/v1/campaigns/{campaign.pk}/labels.geojson")))
    feature = found["features"][0]
    assert (len(found["features"]), feature["properties"]["label"], feature["geometry"]["type"]) == (
        5,
        "yes",
        "Polygon",
    )
    assert feature["geometry"]["coordinates"][0][0] == [feature["bbox"][0], feature["bbox"][1]]


@STREAMED
def test_labels_of_pictures_have_no_place(host: Client, tmp_path) -> None:
    make_gallery(tmp_path / "p")
    number = post(host, "", dataset="pictures", question="Is it sharp?", tiles={"all": True}).json()["id"]
    found = json.loads(text_of(host.get(f"/api/v1/campaigns/{number}/labels.geojson")))
    assert {feature["geometry"] for feature in found["features"]} == {None}
    assert Card.objects.count() == 5
