"""/api/v1/models/"""

import base64
import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from ml import modelstore as store
from search import datasets, encoders, modelstore, uploads
from search.models import Dataset, Encoder
from tests.factories import make_map, picture_bytes
from tests.ml.making import make_entry

pytestmark = pytest.mark.django_db
URL = "/api/v1/models/"
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture(autouse=True)
def empty_store():
    """Rows are rolled back after each test; files are not."""
    yield
    shutil.rmtree(modelstore.store(), ignore_errors=True)
    shutil.rmtree(uploads.root(), ignore_errors=True)


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_user("admin", is_staff=True))
    return client


@pytest.fixture
def visitor() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("visitor"))
    return client


def published(tmp_path: Path, name: str = "mine", card: dict | None = None, **config: object) -> store.Version:
    folder = make_entry(tmp_path / f"e{len(list(tmp_path.iterdir()))}", **config)
    (folder / "card.json").write_text(json.dumps({"precision_10": 0.8, **(card or {})}))
    (folder / "strips.png").write_bytes(picture_bytes())
    place = store.publish(folder, modelstore.store(), name)
    return modelstore.find(name, place.name)


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    entry = {"name": "brought", "version": "1", "kind": "colour", "licence": "none"}
    with zipfile.ZipFile(out, "w") as made:
        for name, data in {"encoder.json": json.dumps(entry).encode(), **files}.items():
            made.writestr(name, data)
    return out.getvalue()


def send(client: Client, data: bytes, file: str = "brought.zip", **more: object) -> HttpResponse:
    return client.post(URL, {"file": SimpleUploadedFile(file, data), **more})


def message(response: HttpResponse) -> str:
    return response.json()["error"]["message"]


def test_the_list_has_what_comes_along_and_what_is_ours(client, tmp_path):
    published(tmp_path)
    told = {one["reference"]: one for one in client.get(URL).json()["results"]}
    assert told["mobilenet-colour"]["comes_with"]
    assert (told["mine/1"]["numbers"]["precision_10"], told["mine/1"]["page"]) == (0.8, "/datasets/models/mine/1/")


def test_one_is_described_with_its_card_and_its_users(client, tmp_path):
    version = published(tmp_path)
    dataset = make_map("with-mine")
    dataset.encoder = encoders.named("mine/1")
    dataset.save()
    told = client.get(f"{URL}mine/1/").json()
    assert (told["card"]["precision_10"], told["used_by"]) == (0.8, [{"slug": "with-mine", "name": "with-mine"}])
    assert str(version.folder) not in json.dumps(told)
    assert client.get(f"{URL}mine/1/card").json()["precision_10"] == 0.8


def test_a_name_alone_means_the_promoted_version(admin, tmp_path):
    published(tmp_path), published(tmp_path)
    assert admin.get(f"{URL}mine/").json()["version"] == "2"
    assert admin.post(f"{URL}mine/1/promote/").json()["promoted"]
    assert admin.get(f"{URL}mine/").json()["version"] == "1"
    assert Encoder.objects.get(name="mine").folder == "models/mine/1"


def test_the_picture_of_neighbours_is_a_picture(client, tmp_path):
    published(tmp_path)
    response = client.get(f"{URL}mine/1/strips.png")
    assert (response["Content-Type"], response.content) == ("image/png", picture_bytes())
    assert client.get(f"{URL}colour/1/strips.png").status_code == 404


def test_two_are_compared(client, tmp_path):
    published(tmp_path), published(tmp_path, card={"precision_10": 0.9})
    told = client.get(f"{URL}compare?versions=mine/1,mine/2").json()
    assert next(row["best"] for row in told["numbers"] if row["key"] == "precision_10") == 1
    assert client.get(f"{URL}compare?versions=mine/1").status_code == 400
    assert client.get(f"{URL}compare?versions=mine/1,mine/9").status_code == 404


@pytest.mark.parametrize("address", ["nobody/", "mine/9/", "mine/9/download", "mine/9/card", "mine/9/strips.png"])
def test_what_is_not_there_is_a_404(admin, tmp_path, address):
    published(tmp_path)
    assert admin.get(URL + address).status_code == 404


def test_a_retired_version_is_not_offered_but_its_datasets_go_on(admin, tmp_path):
    published(tmp_path)
    assert ("mine", "brought to this site") in datasets.encoder_choices()
    row = encoders.named("mine")
    assert admin.post(f"{URL}mine/1/retire/").json()["standing"] == "retired"
    assert "mine" not in dict(datasets.encoder_choices())
    assert "mine/1" not in [one["reference"] for one in admin.get(URL).json()["results"]]
    assert "mine/1" in [one["reference"] for one in admin.get(f"{URL}?retired=1").json()["results"]]
    assert row.load().dim == 512
    admin.post(f"{URL}mine/1/unretire/")
    assert "mine" in dict(datasets.encoder_choices())


@pytest.mark.parametrize("action", ["promote", "retire", "unretire"])
def test_only_administrators_change_the_store(client, visitor, tmp_path, action):
    published(tmp_path)
    for one in (client, visitor):
        response = one.post(f"{URL}mine/1/{action}/")
        assert response.status_code == 403
    assert "Only administrators" in message(response)


def test_what_comes_along_cannot_be_changed(admin):
    response = admin.post(f"{URL}colour/1/retire/")
    assert (response.status_code, "comes with Lookalike" in message(response)) == (400, True)


def test_a_retired_version_is_not_promoted(admin, tmp_path):
    published(tmp_path)
    admin.post(f"{URL}mine/1/retire/")
    assert "is retired" in message(admin.post(f"{URL}mine/1/promote/"))


def test_a_damaged_version_is_not_promoted(admin, tmp_path):
    (published(tmp_path).folder / "card.json").write_text("{}")
    response = admin.post(f"{URL}mine/1/promote/")
    assert (response.status_code, "card.json was changed" in message(response)) == (400, True)


async def read(response: HttpResponse) -> bytes:
    return b"".join([piece async for piece in response.streaming_content])


def downloaded(client: Client) -> bytes:
    from asgiref.sync import async_to_sync

    response = client.get(f"{URL}mine/1/download")
    assert response["Content-Disposition"] == 'attachment; filename="mine-1.zip"'
    return async_to_sync(read)(response)


def test_a_download_can_be_brought_in_again(admin, tmp_path):
    published(tmp_path)
    response = send(admin, downloaded(admin), "mine-1.zip", name="again")
    assert (response.status_code, response.json()["reference"]) == (201, "again/1")


def test_a_download_needs_an_account(client, tmp_path):
    published(tmp_path)
    assert client.get(f"{URL}mine/1/download").status_code in (401, 403)


@pytest.mark.parametrize(
    ("name", "data", "status", "said"),
    [
        ("model.pt", b"\x80\x02}", 415, "can run any code"),
        ("weights.safetensors", b"\x80\x02}q\x00.", 415, "a pickle under another name"),
        ("weights.safetensors", b"PK\x03\x04" + bytes(99), 415, "a pickle under another name"),
        ("notes.docx", b"PK", 415, "is not an encoder"),
        ("e.zip", archive(**{"w.pt": b"\x80\x02"}), 400, "can run any code"),
        ("e.zip", archive(**{"weights.safetensors": b"\x80\x02}"}), 400, "is a pickle"),
        ("e.zip", archive(**{"../encoder.json": b"{}"}), 400, "leads elsewhere"),
        ("e.zip", b"PK rubbish", 400, "damaged or no archive"),
        ("e.zip", archive(**{"encoder.json": b'{"kind": "magic"}'}), 400, "unknown kind"),
    ],
)
def test_what_is_refused_says_why_and_leaves_nothing(admin, name, data, status, said):
    response = send(admin, data, name)
    assert (response.status_code, said in message(response)) == (status, True), message(response)
    assert str(settings.DATA_DIR) not in message(response)
    assert not [path for path in modelstore.store().rglob("*") if path.is_file()]
    assert not list(uploads.root().glob("*"))


def test_only_administrators_bring_encoders_in(client, visitor):
    assert send(client, archive()).status_code == 403
    assert send(visitor, archive()).status_code == 403


@pytest.mark.parametrize("given", [{}, {"upload": "0" * 32, "file": SimpleUploadedFile("e.zip", b"PK")}])
def test_one_file_or_one_upload_is_asked_for(admin, given):
    response = admin.post(URL, given)
    assert (response.status_code, "one of the two" in message(response)) == (400, True)


def announce(client: Client, data: bytes, name: str) -> HttpResponse:
    pairs = {"filename": name, "for": "models"}
    coded = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    headers = {**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": coded}
    return client.post("/api/v1/uploads/", headers=headers)


def sent(client: Client, data: bytes, name: str = "brought.zip") -> str:
    """The id of a whole upload."""
    address = announce(client, data, name)["Location"]
    kind = "application/offset+octet-stream"
    assert client.patch(address, data, content_type=kind, headers={**TUS, "Upload-Offset": "0"}).status_code == 204
    return address.rsplit("/", 1)[1]


def test_a_large_one_comes_in_pieces_and_the_upload_is_tidied_away(admin):
    response = admin.post(URL, {"upload": sent(admin, archive()), "name": "pieces"}, content_type="application/json")
    assert (response.status_code, response.json()["reference"]) == (201, "pieces/1")
    assert not list(uploads.root().glob("*"))


def test_a_pickle_is_refused_before_it_is_sent(admin):
    response = announce(admin, b"x", "RemoteCLIP-ViT-B-32.pt")
    assert (response.status_code, "import-openclip" in message(response)) == (415, True)


def test_uploads_of_encoders_are_for_administrators(visitor):
    assert announce(visitor, b"x", "e.zip").status_code == 403


def test_an_upload_for_a_dataset_is_no_encoder(admin):
    make_map("mine-too", owner_id=User.objects.get().pk)
    upload = uploads.create(Dataset.objects.get(slug="mine-too"), User.objects.get(), name="a.zip", size=1)
    response = admin.post(URL, {"upload": upload.id}, content_type="application/json")
    assert "not a whole file for the model store" in message(response)


def test_uploads_that_nobody_goes_on_with_are_tidied_away(admin, settings):
    sent(admin, archive())
    assert uploads.tidy() == []
    settings.UPLOAD_DAYS = 0
    assert len(uploads.tidy()) == 1


def test_an_encoder_of_many_bands_is_refused_for_the_sites_pictures(tmp_path):
    pytest.importorskip("torch")
    from tests.ml.networks import ssl_entry

    store.publish(ssl_entry(tmp_path / "e", bands=13), modelstore.store(), "many")
    from search.errors import BadQuery

    with pytest.raises(BadQuery, match="looks at images of 13 bands.* python -m ml.embed"):
        encoders.named("many")
    assert "many" not in dict(datasets.encoder_choices())


@pytest.fixture
def secret(tmp_path: Path) -> store.Version:
    """Learnt from a dataset that only its owner sees."""
    make_map("secret", public=False, name="Secret base", owner_id=User.objects.create_user("owner").pk)
    return published(tmp_path, card={"data": {"source": "Secret base: 2004-01-01", "digest": "ab"}})


def test_what_an_encoder_learnt_from_stays_with_those_who_may_see_it(visitor, admin, secret):
    told = visitor.get(f"{URL}mine/1/").json()
    assert (told["card"]["data"], told["strips"]) == ({"digest": "ab"}, None)
    assert visitor.get(f"{URL}mine/1/strips.png").status_code == 403
    assert visitor.get(f"{URL}mine/1/download").status_code == 403
    assert admin.get(f"{URL}mine/1/").json()["card"]["data"]["source"] == "Secret base: 2004-01-01"
