"""/datasets/, /datasets/new/ and the forms of /datasets/<slug>/"""

import shutil
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from search import deleting, uploads
from search.dashboard import coverage, disk
from search.models import Dataset, Import, Scene, Shard, Status
from search.models.shards import shards_folder
from tests.factories import build_all, make_map, make_raster, noise

pytestmark = pytest.mark.django_db


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


@pytest.fixture(autouse=True)
def nothing_left():
    """Rows are rolled back after each test; files are not."""
    yield
    for slug in ("mine", "new-one"):
        shutil.rmtree(shards_folder() / slug, ignore_errors=True)
    shutil.rmtree(uploads.root(), ignore_errors=True)


def text(client, address="/datasets/mine/"):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_shows_what_one_may_see(client, world, dataset):
    listed = text(client, "/datasets/")
    assert "world" in listed
    assert "/datasets/mine/" not in listed


def test_a_stranger_is_told_how_to_sign_in(client, world):
    listed = text(client, "/datasets/")
    assert "Sign in" in listed
    assert "New dataset" not in listed


def test_an_empty_list_says_what_to_do(owned):
    Dataset.objects.all().delete()
    assert "There is no imagery here yet" in text(owned, "/datasets/")


def test_a_dataset_is_made_with_a_short_name_of_its_name(owned, owner):
    response = owned.post("/datasets/new/", {"name": "New one", "kind": "map", "encoder": "colour"})
    assert response["Location"] == "/datasets/new-one/#import"
    assert Dataset.objects.get(slug="new-one").owner == owner


@pytest.mark.parametrize(
    "form", [{"name": ""}, {"name": "Mine"}, {"name": "!!!"}, {"name": "New"}, {"name": "x", "kind": "video"},
             {"name": "x", "min_valid_percent": "120"}, {"name": "x", "tms": "EPSG:9999"}, {"name": "x", "slug": "a b"},
             {"name": "x", "levels_wanted": "44"}, {"name": "x", "encoder": "clip-of-nowhere"}],
)  # fmt: skip
def test_a_dataset_that_cannot_be_is_not_made(owned, form):
    before = Dataset.objects.count()
    response = owned.post("/datasets/new/", {"kind": "map", "encoder": "colour", **form})
    assert response.status_code == 400
    assert "notice--error" in response.content.decode()
    assert Dataset.objects.count() == before


def test_making_one_needs_an_account(client):
    assert client.get("/datasets/new/")["Location"].startswith("/accounts/login/")


def test_the_owner_sees_forms_and_others_do_not(owned, world):
    assert "Bring imagery in" in text(owned)
    assert "Delete this dataset" in text(owned)
    assert "Bring imagery in" not in text(owned, "/datasets/world/")


def test_a_member_may_import_but_not_delete(client, dataset):
    member = User.objects.create_user("member")
    dataset.members.add(member)
    client.force_login(member)
    assert "Bring imagery in" in text(client)
    assert client.post("/datasets/mine/delete/", {"confirm": "mine"}).status_code == 403


@pytest.mark.parametrize(
    "address", ["imports/files/", "imports/gibs/", "shards/retry/", "settings/", "delete/", "imports/1/cancel/"]
)
def test_an_outsider_gets_a_404(stranger, dataset, address):
    assert stranger.post(f"/datasets/mine/{address}").status_code == 404


@pytest.mark.parametrize("address", ["imports/files/", "shards/retry/", "settings/", "delete/"])
def test_who_may_only_look_is_refused(stranger, world, address):
    assert stranger.post(f"/datasets/world/{address}").status_code == 403


def test_a_finished_upload_is_imported(owned, dataset, owner, tmp_path):
    content = make_raster(tmp_path / "a.tif", noise()).read_bytes()
    upload = uploads.create(dataset, owner, name="a.tif", size=len(content))
    uploads.append(upload, 0, make_raster(tmp_path / "b.tif", noise()).open("rb"))
    response = owned.post("/datasets/mine/imports/files/", {"uploads": [upload.id], "product": "own"})
    assert response["Location"] == "/datasets/mine/#activity"
    job = Import.objects.get()
    assert (job.kind, job.recipe["product"], job.recipe["paths"]) == ("files", "own", [str(upload.file)])


def test_an_import_of_nothing_says_so_on_the_page(owned):
    response = owned.post("/datasets/mine/imports/files/", {})
    assert response.status_code == 400
    assert "Choose at least one file" in response.content.decode()


def test_files_of_the_server_are_not_for_everyone(owned):
    response = owned.post("/datasets/mine/imports/files/", {"paths": "/etc/passwd"})
    assert response.status_code == 400
    assert Import.objects.count() == 0


def test_an_import_is_stopped_and_gone_on_with(owned, dataset):
    job = Import.objects.create(dataset=dataset, kind="files", recipe={"paths": ["x"]})
    owned.post(f"/datasets/mine/imports/{job.pk}/cancel/")
    job.refresh_from_db()
    assert job.status == Status.CANCELLED
    assert "Go on" in text(owned)
    owned.post(f"/datasets/mine/imports/{job.pk}/resume/")
    job.refresh_from_db()
    assert job.status == Status.WAITING


def test_a_failed_import_shows_its_sentence_and_log(owned, dataset):
    Import.objects.create(dataset=dataset, kind="files", status="failed", error="BadImagery: a.tif is cut short.")
    page = text(owned)
    assert "a.tif is cut short." in page
    assert "BadImagery" not in page
    assert "Try again" in page


def test_building_is_stopped_and_taken_up_again(owned, dataset):
    owned.post("/datasets/mine/shards/cancel/")
    assert Shard.objects.of(dataset).get().status == Status.CANCELLED
    owned.post("/datasets/mine/shards/retry/")
    assert Shard.objects.of(dataset).get().status == Status.WAITING


def test_settings_are_kept(owned, dataset):
    User.objects.create_user("ann")
    owned.post("/datasets/mine/settings/", {"name": "Ours", "credit": "ESA", "is_public": "1", "members": "ann"})
    dataset.refresh_from_db()
    assert (dataset.name, dataset.credit, dataset.is_public) == ("Ours", "ESA", True)
    assert [member.username for member in dataset.members.all()] == ["ann"]


def test_a_member_nobody_knows_changes_nothing(owned, dataset):
    response = owned.post("/datasets/mine/settings/", {"name": "Ours", "members": "nobody-here"})
    assert response.status_code == 400
    dataset.refresh_from_db()
    assert dataset.name == "mine"


def test_without_the_short_name_nothing_is_deleted(owned, dataset):
    assert owned.post("/datasets/mine/delete/", {"confirm": "min"}).status_code == 400
    assert Dataset.objects.filter(slug="mine").exists()


def test_deleting_removes_rows_and_folders_and_leaves_files_read_in_place(
    owned, dataset, owner, django_capture_on_commit_callbacks
):
    build_all(dataset)
    upload = uploads.create(dataset, owner, name="a.tif", size=10)
    source = Scene.objects.filter(product__dataset=dataset).first().files.get().path
    with django_capture_on_commit_callbacks(execute=True):
        owned.post("/datasets/mine/delete/", {"confirm": "mine"})
    assert not Dataset.objects.filter(slug="mine").exists()
    assert not (shards_folder() / "mine").exists()
    assert not upload.folder.exists()
    assert Path(source).is_file()
    deleting.empty_trash("mine")
    assert not deleting.trash().exists()


def test_downloads_that_another_dataset_shows_stay(dataset, world):
    mine, other = Scene.objects.filter(product__dataset=dataset), Scene.objects.filter(product__dataset=world)
    mine.update(folder="gibs/shared")
    assert [path.name for path in deleting.downloads(dataset)] == ["shared"]
    other.filter(day=other.first().day).update(folder="gibs/shared")
    assert deleting.downloads(dataset) == []


def test_a_folder_outside_the_data_folder_is_never_removed(dataset):
    with pytest.raises(ValueError, match="does not lie below"):
        deleting.inside("../elsewhere")


def test_the_matrix_tells_what_is_there_and_what_is_missing(world):
    matrix = coverage.of(world)
    assert [(row.level, set(row.cells.values())) for row in matrix.rows] == [(4, {"ready"}), (5, {"ready"})]
    first = Shard.objects.of(world).filter(level=5).first()
    Shard.objects.filter(pk=first.pk).delete()
    assert coverage.of(world).rows[1].cells[first.scene.day] == "missing"


@pytest.mark.parametrize(
    ("status", "folder", "version", "state"),
    [("ready", "x", "1", "ready"), ("ready", "x", "0", "changed"), ("running", "x", "0", "changed"),
     ("waiting", "", "", "building"), ("failed", "", "", "failed"), ("damaged", "", "", "failed"),
     ("cancelled", "", "", "stopped")],
)  # fmt: skip
def test_each_state_of_a_shard_has_its_cell(status, folder, version, state):
    assert coverage.state_of(status, folder, version, "1") == state


def test_twenty_years_of_days_are_folded_into_years(client, world):
    product = world.products.get()
    Scene.objects.bulk_create(Scene(product=product, day=38_100 + day, version="x") for day in range(7300))
    page = text(client, "/datasets/world/")
    assert "2011" in page
    assert page.count("cell--year") < 60
    opened = text(client, "/datasets/world/?year=2005")
    assert "29 Mar 2005: imagery is there, not indexed" in opened


@pytest.mark.parametrize("year", ["soon", "12345", "-1"])
def test_a_year_that_is_none_is_a_404(client, world, year):
    product = world.products.get()
    Scene.objects.bulk_create(Scene(product=product, day=38_100 + day, version="x") for day in range(60))
    assert client.get("/datasets/world/", {"year": year}).status_code == 404


def test_disk_use_is_told_by_part(dataset, owner, tmp_path):
    build_all(dataset)
    upload = uploads.create(dataset, owner, name="a.tif", size=100)
    (upload.folder / "part").write_bytes(b"II*\0" * 10)
    used = disk.use(dataset)
    assert used.index == Shard.objects.of(dataset).get().bytes > 0
    assert used.copies >= 40
    assert used.in_place > 10_000
    assert 0 < used.free < used.total


def test_a_nearly_full_disk_is_said(client, world, monkeypatch):
    usage = shutil.disk_usage("/")._replace(total=2**40, free=2**28)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage)
    assert "nearly full" in text(client, "/datasets/world/")


def test_the_page_shows_some_tiles(client, world):
    assert text(client, "/datasets/world/").count("strip__tiles") == 2
