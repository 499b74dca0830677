"""/api/v1/uploads/: tus 1.0.0"""

import base64
import hashlib
import os
import shutil
import time

import pytest
from django.contrib.auth.models import User

from search import uploads
from search.models import Dataset, Import
from tests.factories import make_map, make_raster, noise

pytestmark = pytest.mark.django_db
TUS = {"Tus-Resumable": "1.0.0"}
URL = "/api/v1/uploads/"


@pytest.fixture(autouse=True)
def no_others():
    """Rows are rolled back after each test; files are not."""
    yield
    shutil.rmtree(uploads.root(), ignore_errors=True)


@pytest.fixture
def dataset(owner):
    return make_map("mine", owner_id=owner.pk, public=False)


@pytest.fixture
def owner():
    return User.objects.create_user("owner")


@pytest.fixture
def owned(client, owner):
    client.force_login(owner)
    return client


@pytest.fixture
def tiff(tmp_path):
    return make_raster(tmp_path / "a.tif", noise()).read_bytes()


def announce(client, size, name="a.tif", dataset="mine", **headers):
    pairs = {"filename": name, "dataset": dataset}
    coded = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    return client.post(URL, headers={**TUS, "Upload-Length": str(size), "Upload-Metadata": coded, **headers})


def send(client, address, offset, piece, **headers):
    kind = "application/offset+octet-stream"
    return client.patch(address, piece, content_type=kind, headers={**TUS, "Upload-Offset": str(offset), **headers})


def test_a_file_arrives_in_pieces(owned, dataset, tiff):
    address = announce(owned, len(tiff))["Location"]
    first = send(owned, address, 0, tiff[:1000])
    assert (first.status_code, first["Upload-Offset"], first["Tus-Resumable"]) == (204, "1000", "1.0.0")
    assert send(owned, address, 1000, tiff[1000:])["Upload-Offset"] == str(len(tiff))
    (upload,) = uploads.of(dataset)
    assert upload.file.read_bytes() == tiff


def test_after_a_cut_the_client_asks_where_to_go_on(owned, dataset, tiff):
    address = announce(owned, len(tiff))["Location"]
    send(owned, address, 0, tiff[:1234])
    state = owned.head(address, headers=TUS)
    assert (state["Upload-Offset"], state["Upload-Length"]) == ("1234", str(len(tiff)))
    assert state["Cache-Control"] == "no-store"
    assert "GMT" in state["Upload-Expires"]


def test_a_piece_that_begins_elsewhere_is_refused(owned, dataset, tiff):
    address = announce(owned, len(tiff))["Location"]
    send(owned, address, 0, tiff[:1000])
    response = send(owned, address, 0, tiff[:1000])
    assert response.status_code == 409
    assert "1000 bytes have arrived" in response.json()["error"]["message"]


def test_a_piece_damaged_on_its_way_leaves_no_trace(owned, dataset, tiff):
    address = announce(owned, len(tiff))["Location"]
    wrong = base64.b64encode(hashlib.sha1(b"other").digest()).decode()
    assert send(owned, address, 0, tiff[:1000], **{"Upload-Checksum": f"sha1 {wrong}"}).status_code == 460
    assert owned.head(address, headers=TUS)["Upload-Offset"] == "0"
    right = base64.b64encode(hashlib.sha256(tiff[:1000]).digest()).decode()
    assert send(owned, address, 0, tiff[:1000], **{"Upload-Checksum": f"sha256 {right}"}).status_code == 204


@pytest.mark.parametrize("checksum", ["crc32 AAAA", "sha1 not-base64!"])
def test_a_checksum_nobody_knows_is_refused(owned, dataset, tiff, checksum):
    address = announce(owned, len(tiff))["Location"]
    assert send(owned, address, 0, tiff[:10], **{"Upload-Checksum": checksum}).status_code == 400


def test_more_than_was_announced_is_refused(owned, dataset, tiff):
    address = announce(owned, 100)["Location"]
    assert send(owned, address, 0, tiff[:101]).status_code == 400
    assert owned.head(address, headers=TUS)["Upload-Offset"] == "0"


def test_a_file_that_lies_about_its_type_is_refused_with_its_first_piece(owned, dataset):
    address = announce(owned, 100)["Location"]
    response = send(owned, address, 0, b"<!DOCTYPE html><title>404</title>")
    assert response.status_code == 415
    assert "a web page" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("name", "size", "status"),
    [("report.docx", 10, 415), ("a.tif", 0, 400), ("", 10, 400), ("...", 10, 400), ("a", 10, 415)],
)
def test_what_cannot_be_imported_is_refused_before_it_is_sent(owned, dataset, name, size, status):
    assert announce(owned, size, name).status_code == status


@pytest.mark.parametrize("length", ["", "-1", "many", "9" * 20])
def test_a_length_that_is_no_number_is_refused(owned, dataset, length):
    assert announce(owned, length).status_code == 400


def test_a_name_with_folders_stays_in_its_own(owned, dataset, tiff):
    address = announce(owned, len(tiff), "../../etc/pass wd.tif")["Location"]
    send(owned, address, 0, tiff)
    (upload,) = uploads.of(dataset)
    assert upload.file.name == "pass wd.tif"
    assert upload.file.parent.parent == uploads.root()


def test_another_version_of_the_protocol_is_refused(owned, dataset):
    response = announce(owned, 10, **{"Tus-Resumable": "0.2.2"})
    assert (response.status_code, response["Tus-Version"]) == (412, "1.0.0")


def test_the_server_says_what_it_can_do(owned, settings):
    settings.UPLOAD_QUOTA = 1000
    response = owned.options(URL)
    assert response.status_code == 204
    assert (response["Tus-Extension"], response["Tus-Max-Size"]) == ("creation,termination,checksum,expiration", "1000")


def test_a_quota_is_kept(owned, dataset, settings):
    settings.UPLOAD_QUOTA = 1000
    assert announce(owned, 600).status_code == 201
    assert announce(owned, 600).status_code == 413


def test_a_full_disk_is_said_before_the_file_is_sent(owned, dataset, settings, monkeypatch):
    settings.UPLOAD_QUOTA = 0
    assert announce(owned, 10**15 - 1).status_code == 507


def test_a_disk_that_fills_up_keeps_what_has_arrived(owned, dataset, tiff, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    address = announce(owned, len(tiff))["Location"]
    send(owned, address, 0, tiff[:1000])
    monkeypatch.setattr(uploads, "write", full)
    assert send(owned, address, 1000, tiff[1000:]).status_code == 507
    assert owned.head(address, headers=TUS)["Upload-Offset"] == "1000"


def test_an_upload_can_be_ended(owned, dataset):
    address = announce(owned, 10)["Location"]
    assert owned.delete(address, headers=TUS).status_code == 204
    assert owned.head(address, headers=TUS).status_code == 404


def test_uploads_are_listed_for_their_owner_only(owned, dataset, client):
    announce(owned, 10)
    assert [one["name"] for one in owned.get(URL).json()["results"]] == ["a.tif"]
    client.force_login(User.objects.create_user("other"))
    assert client.get(URL).json()["results"] == []


def test_an_outsider_cannot_add_to_an_upload(owned, dataset, client, tiff):
    address = announce(owned, len(tiff))["Location"]
    client.force_login(User.objects.create_user("other"))
    assert send(client, address, 0, tiff).status_code == 404
    assert announce(client, 10).status_code == 404


def test_who_may_only_look_may_not_upload(client, world):
    client.force_login(User.objects.create_user("other"))
    assert announce(client, 10, dataset="world").status_code == 403


def test_a_member_may_upload(client, dataset):
    member = User.objects.create_user("member")
    dataset.members.add(member)
    client.force_login(member)
    assert announce(client, 10).status_code == 201


def test_without_an_account_nothing_is_accepted(client, dataset):
    assert announce(client, 10).status_code == 401


def test_what_nobody_goes_on_with_is_tidied_away(owned, dataset, owner):
    stale = uploads.create(dataset, owner, name="old.tif", size=10)
    used = uploads.create(dataset, owner, name="used.tif", size=10)
    fresh = uploads.create(dataset, owner, name="new.tif", size=10)
    Import.objects.create(dataset=dataset, kind="files", recipe={"paths": [str(used.file)]})
    for upload in (stale, used):
        old = time.time() - 8 * 24 * 3600
        os.utime(upload.folder / "part", (old, old))
    assert uploads.tidy() == [stale]
    assert fresh.folder.exists()


def test_uploads_of_a_deleted_dataset_are_tidied_away(dataset, owner):
    upload = uploads.create(dataset, owner, name="a.tif", size=10)
    Dataset.objects.filter(pk=dataset.pk).delete()
    assert uploads.tidy() == [upload]
