"""/api/v1/…trainings/ and /api/v1/datasets/<slug>/encoder/"""

import io
import json

import pytest
from django.contrib.auth.models import User
from PIL import Image

from search.models import Dataset, Shard, Training
from search.training import pace
from tests.factories import JANUARY, MARCH, build_all, make_map
from tests.search.trainings import TINY

pytestmark = pytest.mark.django_db
JSON = "application/json"
TRAININGS = "/api/v1/datasets/mine/trainings/"
ENCODER = "/api/v1/datasets/mine/encoder/"


@pytest.fixture
def owner():
    return User.objects.create_user("owner")


@pytest.fixture
def dataset(owner):
    return make_map("mine", [JANUARY, MARCH], levels=(3,), owner_id=owner.pk, public=False)


@pytest.fixture
def owned(client, owner, dataset):
    client.force_login(owner)
    return client


def post(client, address, data=None):
    return client.post(address, data or {}, content_type=JSON)


def begun(client):
    answer = post(client, TRAININGS, {**TINY, "name": "small"})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_training_is_begun_watched_stopped_and_gone_on_with(owned):
    told = begun(owned)
    assert (told["status"], told["options"]["levels"], told["options"]["epochs"], told["curve"]) == (
        "waiting",
        [3],
        2,
        [],
    )
    one = f"/api/v1/trainings/{told['id']}/"
    assert owned.get(one).json()["name"] == "small"
    assert [row["id"] for row in owned.get(TRAININGS).json()["results"]] == [told["id"]]
    assert post(owned, f"{one}cancel/").json()["status"] == "cancelled"
    assert post(owned, f"{one}resume/").json()["status"] == "waiting"


def test_what_is_left_out_is_chosen(owned):
    told = post(owned, TRAININGS, {}).json()
    chosen = told["options"]
    assert (told["name"], chosen["start"], chosen["backbone"], chosen["epochs"]) == (
        "mine-own", "imagenet", "mobilenetv2_100", 40,
    )  # fmt: skip
    assert chosen["views"]["rotation"] == 180


@pytest.mark.parametrize(
    "body",
    [{"epochs": 0}, {"epochs": "many"}, {"backbone": "psychic"}, {"products": ["no"]}, {"levels": [99]},
     {"views": {"rotation": 400}}, {"name": "../up"}, {"start": "nobody"}, {"first": "2050-01-01"}, {"method": "x"},
     {"pairs": "x"}, {"size": 4}, {"preset": "forever"}],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_sentence(owned, body):
    answer = post(owned, TRAININGS, body)
    assert (answer.status_code, bool(answer.json()["error"]["message"])) == (400, True)
    assert not Training.objects.filter(dataset__slug="mine").exists()


def test_too_few_tiles_are_said(owned, owner):
    make_map("few", levels=(2,), owner_id=owner.pk)
    answer = post(owned, "/api/v1/datasets/few/trainings/")
    assert (answer.status_code, "32 are the least" in answer.json()["error"]["message"]) == (400, True)


@pytest.mark.parametrize(("slug", "status"), [("mine", 404), ("world", 403), ("atlantis", 404)])
def test_a_stranger_teaches_nothing(client, dataset, world, slug, status):
    client.force_login(User.objects.create_user("stranger"))
    for address in ("trainings/", "encoder/"):
        assert post(client, f"/api/v1/datasets/{slug}/{address}", {"encoder": "colour"}).status_code == status
    for address in ("trainings/preview", "trainings/estimate"):
        assert client.get(f"/api/v1/datasets/{slug}/{address}").status_code == status


def test_a_training_of_a_hidden_dataset_is_not_there(owned, client):
    number = begun(owned)["id"]
    client.logout()
    assert client.get(f"/api/v1/trainings/{number}/").status_code == 404
    assert post(client, f"/api/v1/trainings/{number}/cancel/").status_code == 404


def test_who_may_only_look_sees_it_and_stops_nothing(owned, client):
    number = begun(owned)["id"]
    Dataset.objects.filter(slug="mine").update(is_public=True)
    client.force_login(User.objects.create_user("guest"))
    assert client.get(f"/api/v1/trainings/{number}/").status_code == 200
    assert post(client, f"/api/v1/trainings/{number}/cancel/").status_code == 403


def test_views_are_shown_as_a_picture(owned):
    asked = json.dumps({"size": 32, "pairs": "dates+neighbours", "views": {"rotation": 0, "flips": False}})
    answer = owned.get(f"{TRAININGS}preview", {"options": asked})
    picture = Image.open(io.BytesIO(answer.content))
    assert (answer["Content-Type"], picture.format, picture.width > picture.height) == ("image/png", "PNG", True)


def test_a_preview_of_nonsense_is_refused(owned):
    assert owned.get(f"{TRAININGS}preview", {"options": "{"}).status_code == 400


def test_an_unknown_pace_is_asked_for_and_a_known_one_is_reckoned_with(owned, monkeypatch, settings, tmp_path):
    asked = []
    monkeypatch.setattr(pace.tasks, "enqueue_measurement", asked.append)
    monkeypatch.setattr(pace, "file", lambda: tmp_path / "pace.json")
    monkeypatch.setattr(pace, "_asked", {})
    told = owned.get(f"{TRAININGS}estimate").json()
    assert (told["good"]["seconds"], told["good"]["tiles"], asked) == (None, 100, ["mobilenetv2_100"])
    pace.keep("mobilenetv2_100", 64, 100.0)
    assert owned.get(f"{TRAININGS}estimate").json()["quick"]["seconds"] == pytest.approx(10)


def test_a_pace_is_measured_in_a_few_steps(monkeypatch, tmp_path):
    monkeypatch.setattr(pace, "file", lambda: tmp_path / "pace.json")
    assert pace.measure("test_resnet.r160_in1k") == pace.known()["test_resnet.r160_in1k"] > 0


def test_another_encoder_is_chosen_and_given_up(owned, dataset):
    build_all(dataset)
    answer = post(owned, ENCODER, {"encoder": "structure"})
    assert (answer.status_code, answer.json()["encoder"], answer.json()["change"]["encoder"]) == (
        202, "colour", "structure",
    )  # fmt: skip
    assert owned.get(ENCODER).json()["change"]["shards"] == 2
    assert owned.delete(ENCODER).json() == {"encoder": "colour", "version": "", "change": None}
    assert not Shard.objects.filter(scene__product__dataset=dataset, encoder__name="structure").exists()


@pytest.mark.parametrize("body", [{}, {"encoder": "psychic"}, {"encoder": "../../etc"}, {"encoder": "colour"}])
def test_an_encoder_that_cannot_be_used_is_refused(owned, body):
    assert post(owned, ENCODER, body).status_code == 400


def test_members_teach_but_only_owners_change_the_encoder(owned, client, dataset):
    member = User.objects.create_user("member")
    dataset.members.add(member)
    client.force_login(member)
    assert begun(client)["owner"] == "member"
    assert post(client, ENCODER, {"encoder": "structure"}).status_code == 403
