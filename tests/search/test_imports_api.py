"""/api/v1/datasets/… made, changed, deleted; /api/v1/imports/…; /api/v1/gibs/…"""

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

from search import joblog, recipes
from search.models import Dataset, Import, Status
from tests.factories import make_map
from tests.gibs_server import GibsServer

pytestmark = pytest.mark.django_db
JSON = "application/json"
LAYER = "MODIS_Terra_CorrectedReflectance_TrueColor"
BOX = {"layer": LAYER, "from": "2012-07-09", "levels": [5], "bbox": [0, 0, 20, 20]}


@pytest.fixture
def owner():
    return User.objects.create_user("owner")


@pytest.fixture
def dataset(owner):
    return make_map("mine", owner_id=owner.pk, public=False)


@pytest.fixture
def owned(client, owner, dataset):
    client.force_login(owner)
    return client


@pytest.fixture
def stranger(client):
    client.force_login(User.objects.create_user("stranger"))
    return client


@pytest.fixture
def nasa(settings):
    cache.clear()
    with GibsServer() as server:
        settings.GIBS_URL = server.url
        yield server


def post(client, address, data=None):
    return client.post(f"/api/v1/{address}", data or {}, content_type=JSON)


def test_a_dataset_is_made_changed_and_deleted(owned, owner):
    made = post(
        owned, "datasets/", {"name": "New one", "encoder": "colour", "tms": "GIBS_EPSG3413", "edges": "complete"}
    )
    assert made.status_code == 201
    assert made.json()["may"] == {"import": True, "manage": True}
    dataset = Dataset.objects.get(slug="new-one")
    assert (dataset.owner, dataset.tms, dataset.edges) == (owner, "GIBS_EPSG3413", "complete")
    changed = owned.patch("/api/v1/datasets/new-one/", {"description": "Ice"}, content_type=JSON)
    assert changed.json()["description"] == "Ice"
    assert owned.delete("/api/v1/datasets/new-one/").status_code == 204
    assert owned.get("/api/v1/datasets/new-one/").status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "x", "kind": "film"}, {"name": "x", "min_valid": 2}, {"name": "Mine"},
             {"name": "x", "levels_wanted": ["deep"]}, {"name": "x", "slug": "a/b"}, {"name": "x", "encoder": "no"}],
)  # fmt: skip
def test_a_dataset_that_cannot_be_is_refused(owned, body):
    assert post(owned, "datasets/", body).status_code == 400


def test_making_one_needs_an_account(client):
    assert post(client, "datasets/", {"name": "x"}).status_code == 401


@pytest.mark.parametrize(("slug", "status"), [("mine", 404), ("world", 403), ("atlantis", 404)])
def test_others_change_and_delete_nothing(stranger, dataset, world, slug, status):
    assert stranger.patch(f"/api/v1/datasets/{slug}/", {"name": "x"}, content_type=JSON).status_code == status
    assert stranger.delete(f"/api/v1/datasets/{slug}/").status_code == status
    assert post(stranger, f"datasets/{slug}/imports/", {"kind": "files", "recipe": {}}).status_code == status


def test_an_import_is_started_watched_stopped_and_gone_on_with(owned):
    started = post(
        owned, "datasets/mine/imports/", {"kind": "files", "recipe": {"paths": ["https://example.org/a.tif"]}}
    )
    assert started.status_code == 201
    number = started.json()["id"]
    joblog.write(Import.objects.get(), "Looking")
    assert owned.get(f"/api/v1/imports/{number}/").json()["log"][0]["text"] == "Looking"
    assert post(owned, f"imports/{number}/cancel/").json()["status"] == Status.CANCELLED
    assert post(owned, f"imports/{number}/resume/").json()["status"] == Status.WAITING
    repeated = post(owned, f"imports/{number}/repeat/")
    assert (repeated.status_code, repeated.json()["recipe"]) == (201, started.json()["recipe"])
    assert len(owned.get("/api/v1/datasets/mine/imports/").json()["results"]) == 2


@pytest.mark.parametrize(
    "body", [{}, {"kind": "films", "recipe": {}}, {"kind": "files"}, {"kind": "files", "recipe": {}},
             {"kind": "files", "recipe": {"paths": "x"}}, {"kind": "files", "recipe": {"paths": [3]}},
             {"kind": "files", "recipe": {"paths": ["https://x.org/a.tif"], "bands": ["red"]}},
             {"kind": "composite", "recipe": {"method": "wishes"}},
             {"kind": "embeddings", "recipe": {"paths": ["https://x.org/a.parquet"], "wish": 1}},
             {"kind": "files", "recipe": {}, "uploads": ["../x"]}],
)  # fmt: skip
def test_an_import_that_makes_no_sense_is_refused(owned, body):
    assert post(owned, "datasets/mine/imports/", body).status_code == 400
    assert not Import.objects.exists()


def test_an_unknown_upload_is_a_404(owned):
    body = {"kind": "files", "recipe": {}, "uploads": ["0" * 32]}
    assert post(owned, "datasets/mine/imports/", body).status_code == 404


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc", "/", "file:///etc/passwd"])
def test_files_of_the_server_are_refused(owned, client, path):
    body = {"kind": "files", "recipe": {"paths": [path]}}
    assert post(owned, "datasets/mine/imports/", body).status_code in (400, 403)
    client.force_login(User.objects.create_superuser("root"))
    assert post(client, "datasets/mine/imports/", body).status_code in (400, 403)


@pytest.mark.parametrize("action", ["cancel", "resume", "repeat"])
def test_an_outsider_sees_and_stops_nothing(stranger, dataset, action):
    job = Import.objects.create(dataset=dataset, kind="files")
    assert stranger.get(f"/api/v1/imports/{job.pk}/").status_code == 404
    assert post(stranger, f"imports/{job.pk}/{action}/").status_code == 404
    assert stranger.get("/api/v1/datasets/mine/imports/").status_code == 404


def test_who_may_only_look_stops_nothing(stranger, world):
    job = Import.objects.create(dataset=world, kind="files")
    assert stranger.get(f"/api/v1/imports/{job.pk}/").status_code == 200
    assert post(stranger, f"imports/{job.pk}/cancel/").status_code == 403


def test_an_unknown_action_is_a_404(owned, dataset):
    job = Import.objects.create(dataset=dataset, kind="files")
    assert post(owned, f"imports/{job.pk}/explode/").status_code == 404


def test_layers_are_found_by_words(owned, nasa):
    found = owned.get("/api/v1/gibs/layers", {"q": "terra true color", "epsg": 4326}).json()
    assert found["results"][0]["id"] == LAYER
    assert owned.get("/api/v1/gibs/layers", {"q": "xyzzy"}).json() == {"count": 0, "results": []}


@pytest.mark.parametrize("epsg", ["27700", "north"])
def test_a_projection_that_gibs_lacks_is_refused(owned, nasa, epsg):
    assert owned.get("/api/v1/gibs/layers", {"epsg": epsg}).status_code == 400


def test_layers_and_estimates_need_an_account(client):
    assert client.get("/api/v1/gibs/layers").status_code == 401
    assert post(client, "gibs/estimate", {"dataset": "world", "recipe": {}}).status_code == 401


def test_a_download_is_estimated_without_beginning(owned, nasa):
    said = post(owned, "gibs/estimate", {"dataset": "mine", "recipe": BOX}).json()
    assert (said["tiles"], said["dates"], said["large"]) == (9, ["2012-07-09"], False)
    assert nasa.tiles_asked == 0
    assert not Import.objects.exists()


def test_a_download_is_started_with_the_layers_id(owned, nasa):
    body = {"kind": "gibs", "recipe": {**BOX, "layer": "terra true color"}}
    assert post(owned, "datasets/mine/imports/", body).status_code == 201
    assert (Import.objects.get().recipe["layer"], Import.objects.get().recipe["epsg"]) == (LAYER, 4326)


def test_a_large_download_is_asked_about_first(owned, nasa, monkeypatch):
    monkeypatch.setattr(recipes, "ASK_ABOVE", 5)
    body = {"kind": "gibs", "recipe": BOX}
    asked = post(owned, "datasets/mine/imports/", body)
    assert (asked.status_code, asked.json()["error"]["code"]) == (409, "needs_confirmation")
    assert "9 tiles" in asked.json()["error"]["message"]
    assert post(owned, "datasets/mine/imports/", {**body, "confirmed": True}).status_code == 201


@pytest.mark.parametrize(
    "change", [{"bbox": [0, 50, 10, 40]}, {"levels": [12]}, {"from": "soon"}, {"layer": "xyzzy"}, {"epsg": 3413},
               {"host": "http://127.0.0.1/"}, {"polygon": "{", "bbox": None}, {"from": "1950-01-01"}],
)  # fmt: skip
def test_a_download_that_cannot_be_is_refused_at_once(owned, nasa, change):
    response = post(owned, "datasets/mine/imports/", {"kind": "gibs", "recipe": {**BOX, **change}})
    assert response.status_code in (400, 404)
    assert not Import.objects.exists()


def test_coverage_and_disk_are_told_as_json(client, world):
    (four, five) = client.get("/api/v1/datasets/world/coverage/").json()["results"]
    assert (four["level"], five["years"]) == (4, [{"year": 2004, "dates": 2, "ready": 2}])
    dates = client.get("/api/v1/datasets/world/coverage/", {"year": "2004"}).json()["results"][0]["dates"]
    assert dates == {"2004-01-01": "ready", "2004-03-01": "ready"}
    assert client.get("/api/v1/datasets/world/disk/").json()["index"] > 0
    assert client.get("/api/v1/datasets/world/coverage/", {"product": "no"}).status_code == 404


def test_an_outsider_sees_neither_coverage_nor_disk(stranger, dataset):
    assert stranger.get("/api/v1/datasets/mine/coverage/").status_code == 404
    assert stranger.get("/api/v1/datasets/mine/disk/").status_code == 404
