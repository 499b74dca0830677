"""GET /api/v1/datasets/…"""

import pytest

from search import grid, importing
from search.describing import describe_dataset
from search.models import Scene
from tests.factories import build_all, make_gallery, make_map, picture_bytes


def test_datasets_are_listed_with_products_dates_levels_and_shards(client, world):
    dataset = next(d for d in client.get("/api/v1/datasets/").json()["results"] if d["slug"] == "world")
    product = dataset["products"][0]
    assert [date["date"] for date in product["dates"]] == ["2004-01-01", "2004-03-01"]
    assert [level["level"] for level in product["dates"][0]["levels"]] == [4, 5]
    assert dataset["levels"] == [
        {"level": 4, "degrees": 18.0, "kilometres": 2000, "searchable": True},
        {"level": 5, "degrees": 9.0, "kilometres": 1000, "searchable": True},
    ]
    assert (dataset["shards"]["ready"], dataset["shards"]["tiles_ready"]) == (4, 2000)


def test_a_dataset_describes_its_grid(client, world):
    described = client.get("/api/v1/datasets/world/").json()["grid"]
    assert (described["crs"], described["origin"], described["tile_size"]) == ("EPSG:4326", [-180, 90], 512)
    assert len(described["levels"]) == grid.GEOGRAPHIC.deepest + 1


def test_a_client_can_make_keys_by_itself(client, world):
    body = client.get("/api/v1/datasets/world/", {"brief": "1"}).json()
    date, bits = body["products"][0]["dates"][1], body["grid"]["key_bits"]
    key = int(date["key"]) + sum(value << bits[part] for part, value in {"level": 5, "row": 7, "col": 21}.items())
    tile = client.get(f"/api/v1/datasets/world/tiles/{key}/").json()
    assert (tile["date"], tile["level"], tile["row"], tile["col"]) == (date["date"], 5, 7, 21)


def test_a_brief_description_leaves_out_the_levels_of_each_date(client, world):
    dates = client.get("/api/v1/datasets/world/", {"brief": "true"}).json()["products"][0]["dates"]
    assert [set(date) for date in dates] == [{"date", "version", "key"}] * 2


def test_a_description_asks_the_database_as_often_for_few_dates_as_for_many(world, django_assert_num_queries):
    with django_assert_num_queries(7):
        describe_dataset(world)


def test_the_tile_at_a_place(client, world):
    tile = client.get("/api/v1/datasets/world/tiles", {"lon": 10, "lat": 20, "level": 5, "date": "2004-03-01"}).json()
    assert (tile["row"], tile["col"], tile["date"]) == (7, 21, "2004-03-01")


def test_without_a_date_it_is_the_latest(client, world):
    tile = client.get("/api/v1/datasets/world/tiles", {"lon": 10, "lat": 20, "level": 5}).json()
    assert tile["date"] == "2004-03-01"


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"lat": 95}, 400),
     ({"level": 14}, 400), ({"level": -1}, 400), ({"lon": "east"}, 400), ({"date": "2004-02-01"}, 404),
     ({"date": "soon"}, 400), ({"product": "infrared"}, 404), ({"lon": "nan"}, 400)],
)  # fmt: skip
def test_a_place_that_makes_no_sense_is_refused(client, world, changes, status):
    response = client.get("/api/v1/datasets/world/tiles", {"lon": 10, "lat": 20, "level": 5, **changes})
    assert response.status_code == status
    assert response.json()["error"]["message"]


def test_a_tile_by_key_has_its_metrics(client, world):
    key = Scene.objects.filter(product__dataset=world).first().address(5, 7, 21).pack()
    tile = client.get(f"/api/v1/datasets/world/tiles/{key}/").json()
    assert tile["key"] == str(key)
    assert tile["metrics"]["luminance"] > 100  # the Sahara


def test_a_tile_that_is_not_indexed_has_no_metrics(client, world):
    key = Scene.objects.filter(product__dataset=world).first().address(7, 7, 21).pack()
    assert client.get(f"/api/v1/datasets/world/tiles/{key}/").json()["metrics"] is None


@pytest.mark.parametrize("key", ["0", "nonsense", str(2**63), "1"])
def test_a_key_of_a_tile_that_does_not_exist_is_refused(client, world, key):
    assert client.get(f"/api/v1/datasets/world/tiles/{key}/").status_code in (400, 404)


def test_products_dates_and_shards_have_addresses_of_their_own(client, world):
    assert client.get("/api/v1/datasets/world/products/").json()["results"][0]["name"] == "true-colour"
    assert len(client.get("/api/v1/datasets/world/products/true-colour/dates/").json()["results"]) == 2
    assert client.get("/api/v1/datasets/world/products/infrared/dates/").status_code == 404
    assert client.get("/api/v1/datasets/world/shards/").json()["totals"]["ready"] == 4


@pytest.mark.django_db
def test_a_gallery_is_paged(client, tmp_path):
    build_all(make_gallery(tmp_path / "g", count=5))
    page = client.get("/api/v1/datasets/pictures/tiles/", {"offset": 3, "limit": 10}).json()
    assert page["count"] == 5
    assert [tile["name"] for tile in page["results"]] == ["frame-3.png", "frame-4.png"]
    assert page["results"][0]["bbox"] is None


@pytest.mark.django_db
def test_progress_counts_what_waits(client):
    make_map("waiting")
    assert client.get("/api/v1/datasets/waiting/").json()["shards"]["waiting"] == 1


def test_the_schema_describes_the_search(client, world):
    schema = client.get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    assert "/api/v1/datasets/{slug}/search" in schema["paths"]


def test_a_wrong_method_is_refused_in_the_same_shape(client, world):
    response = client.put("/api/v1/datasets/world/")
    assert response.status_code == 405
    assert response.json()["error"]["code"] == "method_not_allowed"


def test_a_picture_from_a_class_folder_carries_its_label(client, db, tmp_path):
    for seed, name in enumerate(("cats", "dogs")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.png").write_bytes(picture_bytes(seed=seed))
    importing.import_images([tmp_path], importing.Options(slug="pets", encoder="colour", public=True))
    found = client.get("/api/v1/datasets/pets/tiles").json()["results"]
    assert {tile["label"] for tile in found} == {"cats", "dogs"}
