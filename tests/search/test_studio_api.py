"""/api/v1/datasets/<slug>/studio/: all tiles as arrays."""

import json
import os
from urllib.parse import unquote

import numpy as np
import pytest
from django.contrib.auth.models import User

from search import frames
from search.api import curation
from search.layouts import cache, pca
from search.models import Collection, Dataset
from search.selecting import columns
from tests.factories import build_all, make_gallery

pytestmark = pytest.mark.django_db
STUDIO = "/api/v1/datasets/world/studio/"


@pytest.fixture
def frame(world):
    return frames.opened(world)


def post(client, path, body):
    return client.post(STUDIO + path, body, content_type="application/json")


def read(response, kind):
    assert (response.status_code, response["Content-Type"]) == (200, "application/octet-stream")
    return np.frombuffer(response.content, kind)


def message(response):
    return response.json()["error"]["message"]


def test_it_begins_with_what_there_is(client, world, frame):
    said = client.get(STUDIO).json()
    assert (said["frame"], said["tiles"], said["may_edit"]) == (frame.fingerprint, frame.count, False)
    assert {"luminance", "@cluster", "@date", "@level", "@product"} <= {column["name"] for column in said["columns"]}


def test_a_member_may_edit_and_has_views(client, world):
    user = User.objects.create_user("member")
    user.view_set.create(dataset=world, name="bright", filter={"metrics": {"luminance": [99, None]}})
    client.force_login(user)
    said = client.get(STUDIO).json()
    assert (said["may_edit"], [view["name"] for view in said["views"]]) == (True, ["bright"])


def test_keys_are_those_of_the_frame(client, frame):
    assert read(client.get(STUDIO + "keys"), "<i8").tolist() == frame.keys.tolist()


def test_what_follows_from_a_frame_is_kept_for_ever(client, frame):
    response = client.get(STUDIO + "keys", {"frame": frame.fingerprint})
    assert "immutable" in response["Cache-Control"]
    again = client.get(STUDIO + "keys", headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content, again["Cache-Control"]) == (304, b"", "private, no-cache")


@pytest.mark.parametrize("path", ["keys", "pca", "columns/luminance"])
def test_positions_of_another_frame_are_refused(client, world, path):
    response = client.get(STUDIO + path, {"frame": "0123456789abcdef"})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "stale_frame")


def test_the_pca_map_lies_within_its_square(client, frame):
    points = read(client.get(STUDIO + "pca"), "<f4").reshape(-1, 2)
    assert len(points) == frame.count
    assert np.abs(points).max() == pytest.approx(1)


def test_the_pca_map_is_the_one_of_all_vectors(frame):
    vectors = frame.vectors().astype(np.float64)
    _, _, axes = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    wanted = (vectors - vectors.mean(axis=0)) @ axes[:2].T
    found = np.asarray(pca.components(frame)[:, :2], np.float64)
    assert np.abs(np.abs(found) - np.abs(wanted)).max() < 1e-3


def test_it_is_made_once(frame, monkeypatch):
    first = np.array(pca.points(frame))
    monkeypatch.setattr(pca, "projected", None)
    assert (pca.points(frame) == first).all()


def test_vectors_of_one_number_have_a_map_too():
    assert pca.fitted(np.array([[0.0], [2.0]])).tolist() == [[-1, 0], [1, 0]]
    assert pca.fitted(np.array([[5.0, 5.0]])).tolist() == [[0, 0]]


def test_a_column_of_numbers(client, frame):
    assert read(client.get(STUDIO + "columns/luminance"), "<f4") == pytest.approx(frame.column("luminance"))


def test_dates_are_days_since_1970(client, frame):
    days = read(client.get(STUDIO + "columns/@date"), "<f4")
    assert np.unique(days.astype("datetime64[D]")).astype(str).tolist() == ["2004-01-01", "2004-03-01"]


def test_a_column_of_texts_has_codes(client, frame):
    response = client.get(STUDIO + "columns/@level")
    levels = json.loads(unquote(response["X-Values"]))
    assert (levels, np.bincount(read(response, "<i4")).tolist()) == (["4", "5"], [400, 1600])


def test_clusters_are_numbered_by_size(client, frame):
    response = client.get(STUDIO + "columns/@cluster")
    sizes = np.bincount(read(response, "<i4"))
    assert sizes.tolist() == sorted(sizes.tolist(), reverse=True)
    assert len(json.loads(unquote(response["X-Values"]))) == len(sizes) == 20


def test_a_collection_is_a_column(client, world, frame):
    from search import collecting

    row = collecting.create(world, "few", frame.keys[:3], User.objects.create_user("owner"))
    codes = read(client.get(f"{STUDIO}columns/@collection:{row.pk}"), "<i4")
    assert np.flatnonzero(codes).tolist() == [0, 1, 2]


@pytest.mark.parametrize("name", ["none", "@none", "@collection:99", "@collection:x", "@label:1"])
def test_an_unknown_column_is_refused(client, world, name):
    response = client.get(STUDIO + "columns/" + name)
    assert response.status_code == 400
    assert "There is no" in message(response)


def test_another_part_of_the_site_adds_columns(client, world, frame, monkeypatch):
    column = columns.Column("3", "A label", "", "text", None, None, "label")
    source = columns.Source(lambda dataset, user: [column], lambda frame, which, user: np.arange(frame.count))
    monkeypatch.setattr(columns, "_sources", {"label": source})
    assert "@label:3" in {one["name"] for one in client.get(STUDIO).json()["columns"]}
    assert read(client.get(STUDIO + "columns/@label:3"), "<f4")[5] == 5


def test_rare_texts_are_told_together():
    codes, texts = curation.most_frequent(np.array([*range(100), 7, 7, -1]), [f"t{n}" for n in range(100)])
    assert (len(texts), texts[-1], codes[-1], texts[codes[7]]) == (60, "(others)", -1, "t7")
    assert texts[codes[99]] == "(others)"


def test_a_filter_becomes_a_mask(client, frame):
    response = post(client, "mask", {"frame": frame.fingerprint, "filter": {"levels": [4]}})
    assert frames.unpacked(response.content, frame.count).sum() == 400


def test_a_bad_filter_says_what_is_wrong(client, frame):
    response = post(client, "mask", {"frame": frame.fingerprint, "filter": {"colour": "red"}})
    assert response.status_code == 400
    assert "colour" in message(response)


def test_tiles_come_in_the_order_asked_for(client, frame):
    tiles = post(client, "tiles", {"frame": frame.fingerprint, "rows": [1999, 0]}).json()["results"]
    assert [int(tile["key"]) for tile in tiles] == frame.keys[[1999, 0]].tolist()
    assert tiles[0]["metrics"]["luminance"] == pytest.approx(float(frame.column("luminance")[1999]))


@pytest.mark.parametrize(("rows", "part"), [([2000], "0 to 1999"), ([-1], "rows"), ([0] * 501, "500"), ("a", "list")])
def test_rows_that_are_none_are_refused(client, frame, rows, part):
    response = post(client, "tiles", {"frame": frame.fingerprint, "rows": rows})
    assert response.status_code == 400
    assert part in message(response)


def test_a_gallery_has_a_studio_too(client, tmp_path, django_db_setup):
    build_all(make_gallery(tmp_path / "pictures", count=1))
    address = "/api/v1/datasets/pictures/studio/"
    said = client.get(address).json()
    assert (said["tiles"], client.get(address + "pca").content) == (1, np.zeros(2, "<f4").tobytes())
    body = {"frame": said["frame"], "rows": [0]}
    tile = client.post(address + "tiles", body, content_type="application/json").json()["results"][0]
    assert tile["name"] == "frame-0.png"


def test_a_dataset_without_tiles_says_so(client, tmp_path, django_db_setup):
    make_gallery(tmp_path / "pictures", count=1)
    response = client.get("/api/v1/datasets/pictures/studio/")
    assert (response.status_code, response.json()["error"]["code"]) == (409, "not_indexed")


def test_an_outsider_sees_nothing(client, world):
    Dataset.objects.filter(pk=world.pk).update(is_public=False)
    client.force_login(User.objects.create_user("outsider"))
    assert client.get(STUDIO + "keys").status_code == 404


def test_frames_that_nobody_looks_at_are_tidied(settings, monkeypatch):
    old, new = (cache.root() / name for name in ("old", "new"))
    for folder in (old, new):
        cache.keep(folder / "pca.npy", np.zeros(1000, np.float32))
    monkeypatch.setattr(cache, "ROOM", 10**9)
    os.utime(old, (1, 1))
    assert cache.tidy() == [old]
    monkeypatch.setattr(cache, "ROOM", 0)
    assert new in cache.tidy()


def test_a_deleted_collection_is_no_column(client, world):
    assert not Collection.objects.exists()
    assert message(client.get(STUDIO + "columns/@collection:1")).endswith("choose another column.")
