"""/api/v1/datasets/<slug>/selections/"""

import numpy as np
import pytest
from django.contrib.auth.models import User

from search import collecting, frames, tasks
from search.models import Collection, Dataset, Selection
from search.selecting import making

pytestmark = pytest.mark.django_db
SELECTIONS = "/api/v1/datasets/world/selections/"


@pytest.fixture
def member(client, world):
    user = User.objects.create_user("member")
    client.force_login(user)
    return user


def ask(client, recipe):
    return client.post(SELECTIONS, recipe, content_type="application/json")


def preview(client, **body):
    return client.post(SELECTIONS + "duplicates", body, content_type="application/json")


@pytest.fixture
def made(client, member):
    number = ask(client, {"n": 7, "name": "seven"}).json()["id"]
    tasks.make_selection(number)
    return number


def test_a_selection_is_asked_for_watched_and_fetched(client, member, world):
    response = ask(client, {"share": 0.01, "name": "mine"})
    said = response.json()
    assert (response.status_code, said["status"], said["recipe"]["share"]) == (202, "waiting", 0.01)
    tasks.make_selection(said["id"])
    said = client.get(f"{SELECTIONS}{said['id']}/").json()
    assert (said["status"], said["collection"]["name"], said["collection"]["count"]) == ("ready", "mine", 20)
    assert said["report"]["compared"]["chosen"] == 20


def test_the_order_is_rows_of_the_frame(client, made, world):
    frame = frames.opened(world)
    response = client.get(f"{SELECTIONS}{made}/order", {"frame": frame.fingerprint})
    rows = np.frombuffer(response.content, "<i4")
    assert rows.tolist() == making.order(Selection.objects.get(pk=made), frame).tolist()
    assert client.get(f"{SELECTIONS}{made}/order", {"frame": "0"}).json()["error"]["code"] == "stale_frame"


def test_lists_leave_the_comparison_out(client, made):
    (said,) = client.get(SELECTIONS).json()["results"]
    assert (said["id"], said["report"]["chosen"], "compared" in said["report"]) == (made, 7, False)


def test_the_command_line_repeats_it(client, made):
    said = client.get(f"{SELECTIONS}{made}/").json()["command"]
    assert said.startswith('python manage.py select world --recipe \'{"n": 7,')
    assert "seven" not in said


@pytest.mark.parametrize(
    ("recipe", "field", "part"),
    [({"n": 10**7}, "n", "or fewer"), ({}, "n", "Say how many tiles"),
     ({"n": 1, "objectives": [{"kind": "weight", "column": "none"}]}, "objectives.0", "no column 'none'"),
     ({"n": 1, "objectives": [{"kind": "diversity", "strength": -1}]}, "objectives.0", "strength must be"),
     ({"n": 1, "thresholds": {"luminance": [5, 1]}}, "thresholds", "Swap them"),
     ({"n": 1, "filter": {"levels": [9]}}, "filter", "Widen the filter"), ({"n": 1, "name": "x" * 99}, "name", "99")],
)  # fmt: skip
def test_refusals_stand_beside_what_to_change(client, member, recipe, field, part):
    response = ask(client, recipe)
    error = response.json()["error"]
    assert (response.status_code, error["code"], list(error["fields"])) == (400, "bad_selection", [field])
    assert part in error["message"] == error["fields"][field][0]
    assert not Selection.objects.exists()


@pytest.mark.parametrize("body", ["[1]", "7", "not json"])
def test_what_is_no_recipe_is_refused(client, member, body):
    assert client.post(SELECTIONS, body, content_type="application/json").status_code == 400


def test_a_guest_may_look_and_not_ask(client, world):
    assert ask(client, {"n": 1}).status_code == 401
    assert client.get(SELECTIONS).json() == {"results": []}


def test_it_is_stopped(client, member):
    number = ask(client, {"n": 1}).json()["id"]
    assert client.post(f"{SELECTIONS}{number}/cancel").json()["status"] == "cancelled"
    tasks.make_selection(number)
    assert not Collection.objects.exists()


def test_others_may_not_stop_or_remove_it(client, made):
    client.force_login(User.objects.create_user("other"))
    assert client.get(f"{SELECTIONS}{made}/").json()["may_change"] is False
    assert client.post(f"{SELECTIONS}{made}/cancel").status_code == 403
    assert client.delete(f"{SELECTIONS}{made}/").status_code == 403


def test_the_datasets_owner_may(client, made, world):
    owner = User.objects.create_user("owner")
    Dataset.objects.filter(pk=world.pk).update(owner=owner)
    client.force_login(owner)
    assert client.delete(f"{SELECTIONS}{made}/").status_code == 204


def test_its_collection_stays(client, made):
    folder = Selection.objects.get(pk=made).folder
    assert client.delete(f"{SELECTIONS}{made}/").status_code == 204
    assert (folder.exists(), Collection.objects.get().name) == (False, "seven")
    assert client.get(f"{SELECTIONS}{made}/").json()["error"]["code"] == "no_such_job"


def test_an_outsider_sees_nothing_of_it(client, made, world):
    Dataset.objects.filter(pk=world.pk).update(is_public=False)
    client.force_login(User.objects.create_user("outsider"))
    assert client.get(SELECTIONS).status_code == client.get(f"{SELECTIONS}{made}/").status_code == 404


def test_near_duplicates_are_shown_before_they_go(client, world):
    said = preview(client, distance=0.1, most=3).json()
    assert (len(said["pairs"]), said["tiles"], said["sampled"]) == (3, 2000, False)
    assert {"a", "b", "distance"} == said["pairs"][0].keys()
    assert said["pairs"][0]["a"]["thumbnail"].startswith("/tiles/world/")
    assert [one["removed"] for one in said["curve"]] == sorted(one["removed"] for one in said["curve"])


def test_they_are_those_of_the_filter(client, world):
    assert preview(client, distance=0.1, filter={"levels": [4]}).json()["tiles"] == 400
    assert preview(client, distance=0.1, filter={"levels": [9]}).json()["pairs"] == []


@pytest.mark.parametrize(
    ("body", "part"),
    [({}, "distance"), ({"distance": -1}, "distance"), ({"distance": "nan"}, "valid number"),
     ({"distance": 0.1, "most": 1000}, "most"), ({"distance": 0.1, "filter": {"x": 1}}, "x")],
)  # fmt: skip
def test_bad_previews_are_refused(client, world, body, part):
    response = preview(client, **body)
    assert response.status_code == 400
    assert part in response.json()["error"]["message"]


def test_a_collection_with_tiles_of_other_frames_still_serves(client, member, world):
    frame = frames.opened(world)
    gone = int(frame.keys[-1]) + 5
    collecting.create(world, "partly", [int(frame.keys[0]), gone], None)
    number = ask(client, {"n": 2, "continue_from": "partly"}).json()["id"]
    tasks.make_selection(number)
    assert client.get(f"{SELECTIONS}{number}/").json()["report"]["before"] == 1
