"""/api/v1/datasets/<slug>/collections/…"""

import base64

import numpy as np
import pytest
from django.contrib.auth.models import User

from search import collecting, frames
from search.models import Collection
from tests.factories import make_map

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/datasets/world/collections/"


@pytest.fixture
def person(client, world):
    user = User.objects.create_user("ada")
    client.force_login(user)
    return user


@pytest.fixture
def frame(world):
    return frames.opened(world)


def post(client, body, address=ROOT):
    return client.post(address, body, content_type="application/json")


def written(keys):
    return [str(key) for key in keys.tolist()]


def bits(frame, rows):
    mask = np.zeros(frame.count, bool)
    mask[rows] = True
    return {"frame": frame.fingerprint, "bits": base64.b64encode(frames.packed(mask)).decode()}


def keys_of(client, address):
    return np.frombuffer(client.get(f"{address}keys").content, "<i8")


def made(client, **body):
    answer = post(client, {"name": "some", **body})
    assert answer.status_code == 201, answer.content
    return f"{ROOT}{answer.json()['id']}/"


def test_one_is_made_of_keys_listed_and_read(client, person, frame):
    one = made(client, keys=written(frame.keys[:3]), description="three")
    told = client.get(one).json()
    assert (told["name"], told["description"], told["count"], told["owner"]) == ("some", "three", 3, "ada")
    assert told["may_change"]
    assert client.get(ROOT).json() == {"results": [told]}
    assert np.array_equal(keys_of(client, one), frame.keys[:3])


def test_one_is_made_of_the_bits_of_a_frame(client, person, frame):
    one = made(client, **bits(frame, [5, 7, 1999]))
    assert np.array_equal(keys_of(client, one), frame.keys[[5, 7, 1999]])


def test_one_is_made_of_all_that_a_filter_keeps(client, person, frame):
    one = made(client, filter={"levels": [4]})
    assert client.get(one).json()["count"] == 400


def test_tiles_are_added_and_removed_by_keys(client, person, frame):
    one = made(client, keys=written(frame.keys[:3]))
    told = post(client, {"add": written(frame.keys[3:6]), "remove": written(frame.keys[:1])}, f"{one}tiles").json()
    assert told["count"] == 5
    assert np.array_equal(keys_of(client, one), frame.keys[1:6])


def test_tiles_are_added_and_removed_by_bits(client, person, frame):
    one = made(client)
    assert post(client, bits(frame, [1, 2, 3]), f"{one}tiles").json()["count"] == 3
    assert post(client, {**bits(frame, [2, 9]), "remove": True}, f"{one}tiles").json()["count"] == 2
    assert np.array_equal(keys_of(client, one), frame.keys[[1, 3]])


def test_keys_are_sent_once_while_nothing_changes(client, person, frame):
    one = made(client, keys=written(frame.keys[:3]))
    etag = client.get(f"{one}keys")["ETag"]
    assert client.get(f"{one}keys", headers={"if-none-match": etag}).status_code == 304
    post(client, {"remove": written(frame.keys[:1])}, f"{one}tiles")
    assert client.get(f"{one}keys", headers={"if-none-match": etag}).status_code == 200


def test_it_is_renamed_and_deleted(client, person):
    one = made(client)
    told = client.patch(one, {"name": "islands"}, content_type="application/json").json()
    assert told["name"] == "islands"
    assert client.delete(one).status_code == 204
    assert client.get(one).status_code == 404


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ({"name": ""}, "invalid", "name"),
        ({"keys": ["7"]}, "bad_collection", "not of"),
        ({"keys": ["seven"]}, "invalid", "is not a tile key"),
        ({"bits": "AA=="}, "bad_collection", "which frame the bits are of"),
        ({"bits": "AA==", "frame": "0" * 16}, "stale_frame", "Reload the page"),
        ({"filter": {"metrics": {"luminance": [254.9, None]}}}, "bad_collection", "leaves no tile: widen"),
        ({"filter": {"metrics": {"beauty": [1, None]}}}, "bad_query", "There is no metric 'beauty'"),
        ({"filter": {"levels": [4]}, "keys": []}, "bad_collection", "in one way: keys or filter"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_collected_is_refused(client, person, body, code, said):
    error = post(client, {"name": "some", **body}).json()["error"]
    assert error["code"] == code
    assert said in error["message"]
    assert not Collection.objects.exists()


def test_bits_that_are_not_of_the_frame_are_refused(client, person, frame):
    for wrong, said in [("?!", "not base64"), (base64.b64encode(bytes(500)).decode(), "of more tiles than the 2,000")]:
        error = post(client, {"name": "some", "frame": frame.fingerprint, "bits": wrong}).json()["error"]
        assert said in error["message"]


def test_everyone_who_sees_the_dataset_sees_it_but_only_its_maker_changes_it(client, person, frame):
    one = made(client, keys=written(frame.keys[:3]))
    client.force_login(User.objects.create_user("eve"))
    assert not client.get(one).json()["may_change"]
    assert client.delete(one).status_code == 403
    assert client.patch(one, {"name": "mine"}, content_type="application/json").status_code == 403
    assert post(client, {"remove": written(frame.keys[:1])}, f"{one}tiles").status_code == 403
    client.force_login(User.objects.create_user("staff", is_staff=True))
    assert client.delete(one).status_code == 204


def test_guests_may_look_but_not_make_any(client, world, frame):
    collecting.create(world, "some", frame.keys[:3], None)
    assert client.get(ROOT).json()["results"][0]["owner"] is None
    assert post(client, {"name": "others"}).status_code == 401


def test_strangers_are_told_that_there_is_no_such_dataset(client, person, frame):
    hidden = make_map("hidden", public=False)
    kept = collecting.create(hidden, "some", [], None)
    for address in ("", f"{kept.pk}/", f"{kept.pk}/keys", f"{kept.pk}/export.csv"):
        assert client.get(f"/api/v1/datasets/hidden/collections/{address}").status_code == 404
    assert client.get(f"{ROOT}{kept.pk}/").status_code == 404
