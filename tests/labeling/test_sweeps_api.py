"""/api/v1/campaigns/<id>/sweeps…: hosts do all of it; others find nothing there."""

import io
import json
import zipfile
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling.models import Campaign, Sweep, SweepPart
from labeling.sweeps import running
from search.models import Dataset
from tests.campaigns import make_campaign
from tests.factories import build_all, make_map
from tests.sweeping import make_round, make_sweep

pytestmark = pytest.mark.django_db
STREAMED = pytest.mark.django_db(transaction=True)  # between two parts, connections may be closed
KINDS = {
    "tiles.geojson": "application/geo+json", "tiles.parquet": "application/vnd.apache.parquet",
    "tiles.csv": "text/csv; charset=utf-8", "tiles.kml": "application/vnd.google-earth.kml+xml",
    "coco.json": "application/json", "tiles.tar": "application/x-tar", "images.zip": "application/zip",
}  # fmt: skip


def signed_in(name: str, **fields: Any) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(name, **fields))
    return client


@pytest.fixture
def host() -> Client:
    return signed_in("ann")


@pytest.fixture
def campaign(host: Client, world: Dataset) -> Campaign:
    return make_campaign(world, 0, owner=User.objects.get(username="ann"))


@pytest.fixture
def sweep(campaign: Campaign) -> Sweep:
    return make_sweep(campaign)


def at(campaign: Campaign, place: str = "") -> str:
    return f"/api/v1/campaigns/{campaign.pk}/sweeps{place}"


def post(client: Client, address: str, **body: Any) -> Any:
    return client.post(address, body, content_type="application/json")


def test_a_sweep_is_begun_run_and_read(host: Client, campaign: Campaign) -> None:
    make_round(campaign, 3)
    made = post(host, at(campaign))
    assert (made.status_code, made.json()["number"], made.json()["round"]) == (201, 1, 3)
    assert post(host, at(campaign), round=3).status_code == 200
    for part in SweepPart.objects.select_related("sweep__campaign__dataset"):
        running.run_here(part)
    told = host.get(at(campaign, "/1")).json()
    assert (told["status"], told["done"], told["total"], told["shards"]) == (
        "ready", 2000, 2000, {"ready": 4, "total": 4},
    )  # fmt: skip
    assert (len(told["histogram"]), sum(told["histogram"]), told["threshold"]) == (200, 2000, 0.5)
    assert (told["levels"], told["products"]) == ([4, 5], ["true-colour"])
    assert told["dates"] == ["2004-01-01", "2004-03-01"]
    assert told["tiles_per_second"] > 0
    assert host.get(at(campaign)).json()["results"] == [told]


def test_there_is_nothing_to_sweep_with_yet(host: Client, campaign: Campaign) -> None:
    refused = post(host, at(campaign))
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_ready")
    assert post(host, at(campaign), rounds=3).status_code == 400
    assert post(host, at(campaign), round=0).status_code == 400


def test_a_sweep_is_stopped_and_goes_on(host: Client, campaign: Campaign) -> None:
    make_round(campaign)
    post(host, at(campaign))
    assert post(host, at(campaign, "/1/cancel")).json()["status"] == "cancelled"
    assert post(host, at(campaign, "/1/resume")).json()["status"] == "waiting"


def test_tiles_come_best_first_with_their_boxes_and_labels(host: Client, campaign: Campaign, sweep: Sweep) -> None:
    found = host.get(at(campaign, "/1/tiles?level=5&date=2004-01-01&limit=3")).json()
    assert found["count"] == 800
    assert [tile["score"] for tile in found["results"]] == sorted(
        (tile["score"] for tile in found["results"]), reverse=True
    )
    first = found["results"][0]
    assert (first["bbox"], first["score"], first["label"]) == ([-180, 81, -171, 90], 1, None)
    assert post(host, at(campaign, "/1/labels"), keys=[first["key"]], answer="yes").json() == {"changed": 1}
    again = host.get(at(campaign, "/1/tiles?level=5&date=2004-01-01&limit=3&offset=0")).json()
    assert again["results"][0] == {**first, "label": "yes"}
    high = host.get(at(campaign, "/1/tiles?min=0.9&max=0.95&product=true-colour&bbox=-180,-90,180,90")).json()
    assert 0 < high["count"] < 200
    assert all(0.9 <= tile["score"] <= 0.95 for tile in high["results"])


@pytest.mark.parametrize(
    "query", ["min=2", "level=14", "date=yesterday", "bbox=1,2,3", "bbox=1,50,3,40", "limit=0", "colour=red",
              "offset=100001"],
)  # fmt: skip
def test_a_bad_question_about_tiles_is_refused(host: Client, campaign: Campaign, sweep: Sweep, query: str) -> None:
    refused = host.get(at(campaign, f"/1/tiles?{query}"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid")


def test_heat_is_where_the_tiles_are(host: Client, campaign: Campaign, sweep: Sweep) -> None:
    heat = host.get(at(campaign, "/1/heat?min=0.5&level=4")).json()
    assert sum(tiles for _, _, tiles, _ in heat["cells"]) == 200
    assert heat["cell"] == 0.5
    assert all(lat >= -9 for _, lat, _, _ in heat["cells"])


def test_the_review_queue_leaves_labelled_tiles_out(host: Client, campaign: Campaign, sweep: Sweep) -> None:
    queue = host.get(at(campaign, "/1/review?limit=2")).json()
    assert (queue["count"], [tile["card"] for tile in queue["results"]]) == (2000, [None, None])
    assert queue["results"][0]["thumbnail"].startswith("/tiles/world/")
    keys = [tile["key"] for tile in queue["results"]]
    post(host, at(campaign, "/1/labels"), keys=keys, answer="no")
    after = host.get(at(campaign, "/1/review?limit=2")).json()
    assert after["count"] == 1998
    assert not {tile["key"] for tile in after["results"]} & set(keys)
    near = host.get(at(campaign, "/1/review?from=threshold&threshold=0.3&limit=5")).json()
    assert all(abs(tile["score"] - 0.3) < 0.01 for tile in near["results"])
    post(host, at(campaign, "/1/labels"), keys=keys[:1], answer=None)
    assert host.get(at(campaign, "/1/review?limit=1")).json()["count"] == 1999


def test_the_phones_are_asked(host: Client, campaign: Campaign, sweep: Sweep) -> None:
    assert post(host, at(campaign, "/1/ask"), **{"from": "top", "count": 5}).json() == {"asked": 5}
    queue = host.get(at(campaign, "/1/review?limit=5")).json()["results"]
    assert all(tile["card"] for tile in queue)
    assert post(host, at(campaign, "/1/ask"), keys=[queue[0]["key"]]).json() == {"asked": 1}
    assert campaign.cards.filter(why="sweep", settled=False).count() == 5


def test_bad_labels_and_bad_questions_are_refused(host: Client, campaign: Campaign, sweep: Sweep) -> None:
    key = host.get(at(campaign, "/1/tiles?limit=1")).json()["results"][0]["key"]
    labels = at(campaign, "/1/labels")
    assert post(host, labels, keys=[key], answer="maybe").json()["error"]["code"] == "unknown_answer"
    assert post(host, labels, keys=["1"], answer="yes").json()["error"]["code"] == "no_such_card"
    assert post(host, labels, keys=["abc"], answer="yes").status_code == 400
    assert post(host, labels, keys=[key]).status_code == 400
    assert post(host, at(campaign, "/1/ask")).status_code == 400
    assert post(host, at(campaign, "/1/ask"), keys=[key], count=3).status_code == 400
    assert post(host, at(campaign, "/1/ask"), **{"from": "side", "count": 3}).status_code == 400
    assert not campaign.cards.exists()


def test_an_audit_is_drawn_labelled_and_read(host: Client, campaign: Campaign, sweep: Sweep) -> None:
    assert host.get(at(campaign, "/1/audit")).status_code == 404
    made = post(host, at(campaign, "/1/audit"), tiles=60, who="host")
    assert (made.status_code, made.json()["tiles"], made.json()["status"]) == (201, 60, "labelling")
    assert post(host, at(campaign, "/1/audit"), tiles=90).status_code == 200
    cards = host.get(at(campaign, "/1/audit/cards?limit=500")).json()
    assert (cards["count"], len(cards["results"])) == (60, 60)
    assert not any("score" in card or "probability" in card for card in cards["results"])
    numbers = [card["id"] for card in cards["results"]]
    assert post(host, f"/api/v1/campaigns/{campaign.pk}/decisions", cards=numbers, answer="no").status_code == 200
    told = host.get(at(campaign, "/1/audit?threshold=0.4")).json()
    assert (told["status"], told["labelled"], told["threshold"], told["total"][0]) == ("complete", 60, 0.4, 0)
    assert {"bands", "precision", "recall", "missing", "method", "advice"} <= set(told)
    assert host.get(at(campaign, "/1")).json()["audit"]["status"] == "complete"


@pytest.mark.parametrize("body", [{"tiles": 5}, {"tiles": 100_000}, {"who": "me"}, {"size": 3}])
def test_a_bad_audit_is_refused(host: Client, campaign: Campaign, sweep: Sweep, body: dict) -> None:
    assert post(host, at(campaign, "/1/audit"), **body).status_code == 400


PLACES = [
    ("get", ""), ("post", ""), ("get", "/1"), ("post", "/1/cancel"), ("post", "/1/resume"), ("get", "/1/tiles"),
    ("get", "/1/heat"), ("get", "/1/review"), ("post", "/1/labels"), ("post", "/1/ask"), ("post", "/1/audit"),
    ("get", "/1/audit"), ("get", "/1/audit/cards"), ("get", "/1/export/tiles.csv"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "place"), PLACES)
def test_others_find_nothing(campaign: Campaign, sweep: Sweep, method: str, place: str) -> None:
    other = signed_in("bob")
    assert getattr(other, method)(at(campaign, place)).status_code == 404
    assert getattr(Client(), method)(at(campaign, place)).status_code in (401, 403)


@pytest.mark.parametrize(("method", "place"), [place for place in PLACES if "/1" in place[1]])
def test_a_sweep_that_there_is_not(host: Client, campaign: Campaign, method: str, place: str) -> None:
    answer = getattr(host, method)(at(campaign, place), content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@STREAMED
def test_the_collection_is_downloaded(host: Client) -> None:
    """The dataset is the test's own: between two parts connections are closed, so there is no transaction around it."""
    campaign = make_campaign(build_all(make_map()), 0, owner=User.objects.get(username="ann"))
    make_sweep(campaign, threshold=0.75)
    for name, kind in KINDS.items():
        answer = host.get(at(campaign, f"/1/export/{name}?min=0.995"), HTTP_HOST="127.0.0.1")
        content = b"".join(answer)
        assert (answer.status_code, answer["Content-Type"], len(content) > 500) == (200, kind, True)
        assert answer["Content-Disposition"] == f'attachment; filename="campaign-{campaign.pk}-sweep-1-{name}"'
        if name == "tiles.geojson":
            [feature] = json.loads(content)["features"]
            assert feature["properties"]["map"].startswith("http://127.0.0.1/?dataset=small")
        if name == "images.zip":
            assert len(zipfile.ZipFile(io.BytesIO(content)).namelist()) == 1 + 1
    lines = b"".join(host.get(at(campaign, "/1/export/tiles.csv"))).splitlines()
    assert len(lines) == 1 + 50
    assert b"".join(host.get(at(campaign, "/1/export/tiles.csv?labelled=1"))).count(b"\n") == 1


@pytest.mark.parametrize("place", ["tiles.csv?min=3", "tiles.csv?max=3"])
def test_a_bad_download_is_refused(host: Client, campaign: Campaign, sweep: Sweep, place: str) -> None:
    assert host.get(at(campaign, f"/1/export/{place}")).status_code == 400


def test_a_format_that_there_is_not(host: Client, campaign: Campaign, sweep: Sweep) -> None:
    assert host.get(at(campaign, "/1/export/tiles.xlsx")).status_code == 404
