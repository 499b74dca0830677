"""/api/v1/datasets/<slug>/tables/ and …/measuring/, and the forms on the dataset's page that do the same."""

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from search import frames, tables
from search.models import Dataset, Shard, Status, Table
from tests.factories import build_all, make_map, make_raster, noise

TABLES, MEASURING = "/api/v1/datasets/m/tables/", "/api/v1/datasets/m/measuring/"


@pytest.fixture
def people(db) -> dict[str, User]:
    return {name: User.objects.create_user(name) for name in ("owner", "member", "other", "stranger")}


@pytest.fixture
def dataset(people, tmp_path) -> Dataset:
    """Public: 16 tiles of level 7."""
    raster = make_raster(tmp_path / "m.tif", noise(), (0.1, 0.1, 8.9, 8.9))
    made = build_all(make_map("m", [raster], levels=(7,), owner_id=people["owner"].pk))
    made.members.set([people["member"], people["other"]])
    return made


def keys_of(dataset: Dataset) -> list[int]:
    return np.sort(frames.opened(dataset).keys).tolist()


def sent(dataset: Dataset, name: str = "depths.csv", **fields: str) -> dict[str, object]:
    first, second = keys_of(dataset)[:2]
    text = f"key,depth,station\n{first},1.5,north\n{second},2,south\n7,3,west\n"
    return {"file": SimpleUploadedFile(name, text.encode()), **fields}


def as_(client, user: User) -> object:
    client.force_login(user)
    return client


def test_a_member_brings_a_table(client, dataset, people):
    answer = as_(client, people["member"]).post(TABLES, sent(dataset))
    assert answer.status_code == 201
    told = answer.json()
    assert (told["rows"], told["matched"], told["examples"]) == (3, 2, ["7"])
    assert [(one["name"], one["kind"]) for one in told["table"]["columns"]] == [
        ("depth", "number"),
        ("station", "text"),
    ]
    assert told["table"]["owner"] == "member"
    assert tables.numbers(dataset, "depth", np.array(keys_of(dataset)[:1])) == [1.5]


def test_the_column_of_keys_may_be_named(client, dataset, people):
    content = f"where;x\n{keys_of(dataset)[0]};1,5\n".encode()
    form = {"file": SimpleUploadedFile("t.csv", content), "key": "where", "delimiter": ";"}
    assert as_(client, people["member"]).post(TABLES, form).json()["matched"] == 1


def test_everyone_who_sees_the_dataset_sees_its_tables(client, dataset, people):
    as_(client, people["member"]).post(TABLES, sent(dataset))
    client.logout()
    assert [one["name"] for one in client.get(TABLES).json()["results"]] == ["depths.csv"]
    number = Table.objects.get().pk
    assert client.get(f"{TABLES}{number}/").json()["rows"] == 3


@pytest.mark.parametrize("who", ["stranger", None])
def test_others_bring_none(client, dataset, people, who):
    if who:
        as_(client, people[who])
    answer = client.post(TABLES, sent(dataset))
    assert answer.status_code == 403
    assert answer.json()["error"]["message"].startswith("Only the owner and the members")
    assert not Table.objects.exists()


def test_who_may_not_see_the_dataset_is_told_that_there_is_none(client, dataset, people):
    Dataset.objects.filter(pk=dataset.pk).update(is_public=False)
    assert as_(client, people["stranger"]).get(TABLES).status_code == 404
    assert client.post(TABLES, sent(dataset)).status_code == 404


@pytest.mark.parametrize(("who", "status"), [("member", 204), ("owner", 204), ("other", 403), ("stranger", 403)])
def test_one_removes_ones_own_and_the_owner_anyones(client, dataset, people, who, status):
    as_(client, people["member"]).post(TABLES, sent(dataset))
    answer = as_(client, people[who]).delete(f"{TABLES}{Table.objects.get().pk}/")
    assert answer.status_code == status
    assert Table.objects.exists() == (status == 403)


def test_a_table_of_another_dataset_is_not_found(client, dataset, world, people):
    as_(client, people["owner"]).post(TABLES, sent(dataset))
    answer = client.get(f"/api/v1/datasets/world/tables/{Table.objects.get().pk}/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_table")


def test_a_bad_table_is_refused_with_what_to_do(client, dataset, people):
    answer = as_(client, people["owner"]).post(TABLES, {"file": SimpleUploadedFile("t.csv", b"a,b\n1,2\n")})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_table")
    assert "name the column" in answer.json()["error"]["message"]


@pytest.mark.parametrize("form", [{}, {"file": "text"}, {"file": SimpleUploadedFile("t.csv", b"")}])
def test_a_form_without_a_file_is_refused(client, dataset, people, form):
    answer = as_(client, people["owner"]).post(TABLES, form)
    assert answer.status_code == 400
    assert "file" in answer.json()["error"]["fields"]


def test_a_file_that_is_too_large_is_refused(client, dataset, people, settings):
    settings.UPLOAD_LIMIT = 10
    answer = as_(client, people["owner"]).post(TABLES, sent(dataset))
    assert answer.status_code == 413
    assert "import_metadata" in answer.json()["error"]["message"]


def test_names_of_files_lose_their_folders(client, dataset, people):
    told = as_(client, people["owner"]).post(TABLES, sent(dataset, "C:\\data\\depths.csv")).json()
    assert told["table"]["name"] == "depths.csv"


# Shards that lack metrics


def old(dataset: Dataset) -> None:
    Shard.objects.filter(scene__product__dataset=dataset).update(measured="")


def test_a_member_has_what_is_missing_measured(client, dataset, people):
    old(dataset)
    assert client.get(MEASURING).json()["behind"] == 1
    answer = as_(client, people["member"]).post(MEASURING)
    assert (answer.status_code, answer.json()) == (202, {"behind": 0, "queued": 1})
    assert Shard.objects.get(scene__product__dataset=dataset).status == Status.WAITING


def test_others_do_not(client, dataset, people):
    old(dataset)
    assert as_(client, people["stranger"]).post(MEASURING).status_code == 403


# The dataset's page

PAGE = "/datasets/m/"


def test_the_page_brings_a_table_and_says_what_became_of_it(client, dataset, people):
    answer = as_(client, people["member"]).post(f"{PAGE}tables/", sent(dataset), follow=True)
    text = answer.content.decode()
    assert "Rows of depths.csv that name a tile: 2 of 3" in text
    assert "depths.csv" in text.split('id="columns"')[1]


def test_the_page_says_what_is_wrong_with_a_table(client, dataset, people):
    form = {"file": SimpleUploadedFile("t.csv", b"a,b\n1,2\n"), "key": "nowhere"}
    answer = as_(client, people["member"]).post(f"{PAGE}tables/", form)
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "has no column &#x27;nowhere&#x27;" in text
    assert 'value="nowhere"' in text


def test_the_page_asks_for_a_file(client, dataset, people):
    answer = as_(client, people["member"]).post(f"{PAGE}tables/", {"key": "a"})
    assert answer.status_code == 400
    assert "Choose a file" in answer.content.decode()


def test_the_page_removes_a_table(client, dataset, people):
    as_(client, people["member"]).post(TABLES, sent(dataset))
    client.post(f"{PAGE}tables/{Table.objects.get().pk}/remove/")
    assert not Table.objects.exists()


def test_guests_see_the_columns_but_no_form(client, dataset, people):
    as_(client, people["member"]).post(TABLES, sent(dataset))
    client.logout()
    text = client.get(PAGE).content.decode()
    assert "depths.csv" in text
    assert f'action="{PAGE}tables/' not in text


def test_the_page_says_how_many_shards_lack_metrics(client, dataset, people):
    assert "before some metrics existed" not in as_(client, people["member"]).get(PAGE).content.decode()
    old(dataset)
    assert "1 shard was made before some metrics existed" in client.get(PAGE).content.decode()
    client.post(f"{PAGE}measuring/")
    assert Shard.objects.get(scene__product__dataset=dataset).status == Status.WAITING
    text = client.get(PAGE).content.decode()
    assert "before some metrics existed" not in text
    assert "is being measured" in text


def test_strangers_may_not_use_the_forms(client, dataset, people):
    as_(client, people["stranger"])
    assert client.post(f"{PAGE}tables/", sent(dataset)).status_code == 403
    assert client.post(f"{PAGE}measuring/").status_code == 403
