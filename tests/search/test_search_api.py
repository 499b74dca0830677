"""POST /api/v1/datasets/<slug>/search"""

import csv
import io
import json

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from search.models import Dataset, Scene
from tests.factories import make_gallery, make_map, picture_bytes

URL = "/api/v1/datasets/world/search"


def key(dataset, level=5, row=7, col=21):
    return str(Scene.objects.filter(product__dataset=dataset).first().address(level, row, col).pack())


def ask(client, url=URL, **body):
    return client.post(url, body, content_type="application/json")


def refused(response, status, text):
    assert response.status_code == status, response.content
    error = response.json()["error"]
    assert set(error) == {"code", "message", "fields"}
    assert text in error["message"]
    return error


def test_a_search_answers_tiles_with_scores(client, world):
    body = ask(client, positives=[key(world)], levels=[5], k=3).json()
    assert [set(result) for result in body["results"]] == [{"tile", "score"}] * 3
    assert body["searched"] == {"shards": 2, "tiles": 1600}
    assert body["skipped"] == []
    assert body["took_ms"] > 0


def test_a_result_says_where_and_when_it_is(client, world):
    tile = ask(client, positives=[key(world)], levels=[5], k=1, exclude_query=False).json()["results"][0]["tile"]
    assert (tile["key"], tile["product"], tile["date"], tile["level"]) == (key(world), "true-colour", "2004-01-01", 5)
    assert (tile["row"], tile["col"], tile["bbox"]) == (7, 21, [9.0, 18.0, 18.0, 27.0])
    assert client.get(tile["thumbnail"]).status_code == 200


def test_keys_are_strings(client, world):
    results = ask(client, positives=[key(world)], k=5).json()["results"]
    assert all(isinstance(result["tile"]["key"], str) for result in results)


def test_an_uploaded_picture_is_a_query(client, world):
    image = SimpleUploadedFile("sand.png", picture_bytes(), "image/png")
    body = client.post(URL, {"image": image, "k": "4", "levels": "[5]"}).json()
    assert len(body["results"]) == 4


def test_a_kept_picture_is_a_query_again(client, world):
    image = SimpleUploadedFile("sand.png", picture_bytes(), "image/png")
    kept = client.post("/api/v1/datasets/world/images/", {"image": image})
    assert kept.status_code == 201
    assert len(ask(client, images=[kept.json()["id"]], k=2).json()["results"]) == 2
    assert client.get(kept.json()["thumbnail"])["Content-Type"] == "image/webp"


def test_geojson_has_a_polygon_for_each_result(client, world):
    response = ask(client, URL + "?format=geojson", positives=[key(world)], k=3)
    features = response.json()["features"]
    assert response["Content-Type"] == "application/geo+json"
    assert [f["geometry"]["type"] for f in features] == ["Polygon"] * 3
    assert all(f["geometry"]["coordinates"][0][0] == f["geometry"]["coordinates"][0][-1] for f in features)


def test_csv_has_a_line_for_each_result(client, world):
    response = ask(client, URL + "?format=csv", positives=[key(world)], k=3)
    lines = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert [line["rank"] for line in lines] == ["1", "2", "3"]
    assert lines[0]["image"].startswith("http://testserver/tiles/world/")


@pytest.mark.parametrize("form", ["geojson", "csv"])
def test_a_plain_link_downloads(client, world, form):
    query = json.dumps({"positives": [key(world)], "k": 2})
    response = client.get(f"/api/v1/datasets/world/search.{form}", {"q": query})
    assert f'filename="world-lookalikes.{form}"' in response["Content-Disposition"]


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({}, 400, "Nothing to look for"),
        ({"k": 0}, 400, "k: "),
        ({"k": 10**9}, 400, "k: "),
        ({"k": "many"}, 400, "k: "),
        ({"positives": ["elephant"]}, 400, "not a tile key"),
        ({"positives": "1"}, 400, "positives"),
        ({"positives": [str(2**62)]}, 400, "not one of"),
        ({"levels": [99]}, 400, "levels"),
        ({"bbox": [1, 2, 3]}, 400, "bbox"),
        ({"from": "soon"}, 400, "from"),
        ({"images": ["../../etc/passwd"]}, 400, "images"),
        ({"metrics": {"luminance": [1]}}, 400, "metrics"),
        ({"colour": "red"}, 400, "Unknown field colour"),
        ({"text": "an island"}, 400, "pictures only"),
    ],
)
def test_bad_queries_say_what_to_change(client, world, body, status, text):
    positives = {"positives": [key(world)]} if set(body) & {"k", "levels", "bbox", "from", "metrics", "colour"} else {}
    refused(ask(client, **{**positives, **body}), status, text)


def test_a_tile_that_does_not_exist_is_a_404(client, world):
    refused(ask(client, positives=[key(world, row=25)], levels=[5]), 404, "no tile in row 25")


def test_what_is_not_json_is_refused(client, world):
    refused(client.post(URL, "{", content_type="application/json"), 400, "JSON parse error")
    refused(client.post(URL, "[1]", content_type="application/json"), 400, "JSON object")


def test_an_unknown_dataset_is_a_404(client, world):
    refused(ask(client, "/api/v1/datasets/atlantis/search", positives=["1"]), 404, "no dataset 'atlantis'")


@pytest.mark.django_db
def test_a_dataset_without_index_says_so(client):
    dataset = make_map("bare")
    refused(ask(client, "/api/v1/datasets/bare/search", positives=[key(dataset, 4, 1, 1)]), 409, "indexed")


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("words.png", b"not a picture at all", "not an image"),
        ("empty.png", b"", "not an image"),
        ("cut.png", picture_bytes()[:200], "cut short"),
        ("evil.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
    ],
)
def test_what_is_not_a_picture_is_refused(client, world, name, data, text):
    image = SimpleUploadedFile(name, data, "image/png")
    refused(client.post("/api/v1/datasets/world/images/", {"image": image}), 400, text)


def test_a_png_bomb_is_refused_before_it_is_decoded(client, world):
    bomb = SimpleUploadedFile("bomb.png", png_bomb(30_000), "image/png")
    refused(client.post("/api/v1/datasets/world/images/", {"image": bomb}), 400, "pixels")


def png_bomb(side):
    """A PNG of side × side pixels in a few hundred kilobytes."""
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((side // 8 + 1) * side), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_hundred_megabytes_are_refused(client, world):
    image = SimpleUploadedFile("large.png", bytes(100 * 2**20), "image/png")
    refused(client.post("/api/v1/datasets/world/images/", {"image": image}), 413, "20 MB")


def test_a_form_without_a_picture_says_so(client, world):
    refused(client.post("/api/v1/datasets/world/images/", {"k": "1"}), 400, "form field `image`")


@pytest.mark.django_db
def test_a_private_dataset_does_not_exist_for_strangers(client, tmp_path):
    make_gallery(tmp_path / "g", "private", public=False)
    refused(ask(client, "/api/v1/datasets/private/search", positives=["1"]), 404, "no dataset")


@pytest.mark.django_db
def test_a_private_dataset_is_there_for_its_owner(tmp_path):
    owner = User.objects.create_user("owner")
    make_gallery(tmp_path / "g", "private", public=False, owner_id=owner.pk)
    client = Client()
    client.force_login(owner)
    assert client.get("/api/v1/datasets/private/").status_code == 200


def test_where_search_is_not_public_strangers_are_turned_away(client, world, settings):
    settings.PUBLIC_SEARCH = False
    refused(ask(client, positives=[key(world)]), 401, "")
    client.force_login(User.objects.create_user("member"))
    assert ask(client, positives=[key(world)]).status_code == 200


def test_a_token_opens_what_a_session_opens(client, world, settings):
    settings.PUBLIC_SEARCH = False
    User.objects.create_user("script", password="correct horse")
    answer = client.post("/api/v1/token/", {"username": "script", "password": "correct horse"})
    headers = {"HTTP_AUTHORIZATION": f"Token {answer.json()['token']}"}
    assert client.get("/api/v1/datasets/", **headers).status_code == 200


def test_too_many_requests_are_told_when_to_come_back(client, world, monkeypatch):
    from django.core.cache import cache
    from rest_framework.throttling import AnonRateThrottle

    cache.clear()
    monkeypatch.setattr(AnonRateThrottle, "THROTTLE_RATES", {"anon": "1/min"})
    client.get("/api/v1/datasets/world/")
    response = client.get("/api/v1/datasets/world/")
    cache.clear()
    refused(response, 429, "Try again in")
    assert int(response["Retry-After"]) > 0


def test_the_dataset_is_not_changed_by_searching(client, world):
    before = Dataset.objects.count()
    ask(client, positives=[key(world)])
    assert Dataset.objects.count() == before


def test_an_answer_says_how_far_its_index_can_be_trusted(client, world):
    index = ask(client, positives=[key(world)]).json()["index"]
    assert set(index) == {"engines", "recall", "exact"}


def test_sizes_of_one_place_come_as_one_result(client, world):
    results = ask(client, positives=[key(world)], k=300, merge_places=True).json()["results"]
    also = [other for result in results for other in result.get("also", [])]
    assert also
    assert all(set(other) == {"tile", "score"} for other in also)
