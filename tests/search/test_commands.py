"""manage.py import_images, embed, build_index, similar, demo"""

import io
import json

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from PIL import Image

from ml.encoders import DEFAULT
from search.models import Dataset, Encoder, Shard
from tests.factories import JANUARY, build_all, make_map, make_raster, noise, picture_bytes
from tests.ml.making import indexed_from


def run(*arguments):
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


@pytest.mark.django_db
def test_import_images_makes_a_searchable_map():
    told = json.loads(
        run("import_images", JANUARY, "--dataset", "new", "--levels", 4, "--encoder", "colour", "--now", "--json")
    )
    assert told["dataset"] == "new"
    assert told["shards"] == [{"shard": "new/images 2004-01-01 level 4", "status": "ready", "tiles": 200}]


@pytest.mark.django_db
def test_import_images_takes_a_folder_of_frames(tmp_path):
    (tmp_path / "hubble-1.jpg").write_bytes(picture_bytes(form="JPEG"))
    (tmp_path / "hubble-2.tif").write_bytes(picture_bytes(form="TIFF"))
    told = json.loads(run("import_images", tmp_path, "--dataset", "hubble", "--encoder", "colour", "--now", "--json"))
    assert told["shards"][0]["tiles"] == 2
    assert Dataset.objects.get(slug="hubble").kind == "gallery"


@pytest.mark.django_db
def test_import_images_lists_what_it_left_out(tmp_path):
    make_raster(tmp_path / "good.tif", noise())
    (tmp_path / "bad.tif").write_text("not a raster")
    told = json.loads(
        run("import_images", tmp_path, "--dataset", "new", "--kind", "map", "--encoder", "colour", "--json")
    )
    assert [entry["path"] for entry in told["refused"]] == [str(tmp_path / "bad.tif")]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["/nowhere"], "no file or folder"), ([JANUARY, "--encoder", "psychic"], "no encoder 'psychic'"),
     ([JANUARY, "--levels", "20"], "no level 20")],
)  # fmt: skip
def test_import_images_says_what_is_wrong(arguments, message):
    with pytest.raises(CommandError, match=message):
        run("import_images", "--dataset", "new", *arguments)


@pytest.mark.django_db
def test_embed_adds_a_level():
    build_all(make_map("small", levels=(3,)))
    told = json.loads(run("embed", "small", "--levels", 4, "--json"))
    assert [(row["status"], row["tiles"]) for row in told] == [("ready", 50), ("ready", 200)]


@pytest.mark.django_db
def test_embed_changes_the_encoder(tmp_path):
    from ml.encoders import builtin

    build_all(make_map("small", levels=(3,)))
    entry = json.loads((builtin()["colour"] / "encoder.json").read_text())
    (tmp_path / "tinted").mkdir()
    (tmp_path / "tinted" / "encoder.json").write_text(json.dumps({**entry, "name": "tinted", "version": "2"}))
    run("embed", "small", "--encoder", tmp_path / "tinted")
    shard = Shard.objects.of(Dataset.objects.get(slug="small")).get()
    assert (shard.encoder.name, shard.status) == ("tinted", "ready")


@pytest.mark.django_db
def test_build_index_measures_its_recall():
    build_all(make_map("small", levels=(4,)))
    with indexed_from(0):
        told = json.loads(run("build_index", "small", "--json"))
    assert (told[0]["tiles"], told[0]["engine"]) == (200, "annoy")
    assert 0.9 < told[0]["recall"] <= 1


@pytest.mark.django_db
def test_build_index_changes_the_datasets_engine():
    dataset = build_all(make_map("small", levels=(4,)))
    with indexed_from(0):
        run("build_index", "small", "--engine", "faiss")
    dataset.refresh_from_db()
    assert (dataset.engine, Shard.objects.of(dataset).get().engine) == ("faiss", "faiss")


@pytest.mark.django_db
def test_a_dataset_is_imported_with_the_engine_asked_for():
    run("import_images", JANUARY, "--dataset", "new", "--levels", 4, "--encoder", "colour", "--engine", "faiss")
    assert Dataset.objects.get(slug="new").engine == "faiss"


def test_similar_prints_a_table(world):
    table = run("similar", "world", "--at", 15, 23, "--level", 5, "-k", 3)
    assert "score" in table
    assert len([line for line in table.splitlines() if "2004-" in line]) == 3


def test_similar_answers_json_and_geojson(world):
    query = ["similar", "world", "--at", 15, 23, "--level", 5, "-k", 3]
    assert len(json.loads(run(*query, "--json"))["results"]) == 3
    assert len(json.loads(run(*query, "--geojson"))["features"]) == 3


def test_similar_takes_a_picture(world, tmp_path):
    (tmp_path / "sand.png").write_bytes(picture_bytes())
    assert len(json.loads(run("similar", "world", "--image", tmp_path / "sand.png", "-k", 2, "--json"))["results"]) == 2


def test_similar_draws_a_sheet(world, tmp_path):
    run("similar", "world", "--at", 15, 23, "--level", 5, "-k", 12, "--sheet", tmp_path / "s.png", "--json")
    assert Image.open(tmp_path / "s.png").width > 1000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["atlantis", "--key", "1"], "There are: world"), (["world"], "Nothing to look for"),
     (["world", "--at", "0", "0"], "needs --level"), (["world", "--key", "x"], "not a tile key"),
     (["world", "--key", "1", "-k", "0"], "k: "), (["world", "--text", "dune"], "pictures only"),
     (["world", "--image", "/nowhere.png"], "No such file")],
)  # fmt: skip
def test_similar_says_what_is_wrong(world, arguments, message):
    with pytest.raises(CommandError, match=message):
        run("similar", *arguments)


@pytest.mark.django_db
def test_demo_makes_one_administrator_and_queues_august_level_6_first():
    first, second = run("demo"), run("demo")
    shards = Shard.objects.filter(scene__product__dataset__slug="blue-marble").order_by("queued_at", "pk")
    assert [(s.scene.written_day, s.level) for s in shards][:3] == [
        ("2004-08-01", 6),
        ("2004-08-01", 5),
        ("2004-08-01", 7),
    ]
    assert len(shards) == 11
    assert User.objects.filter(is_superuser=True).count() == 1
    assert "password" in first
    assert "password" not in second


@pytest.mark.django_db
def test_the_demo_follows_the_default_encoder():
    run("demo")
    older = Encoder.objects.create(name=DEFAULT, fingerprint="older", dim=256, size=128)
    Dataset.objects.filter(slug="blue-marble").update(encoder=older)
    run("demo")
    dataset = Dataset.objects.get(slug="blue-marble")
    assert dataset.encoder != older
    assert Shard.objects.of(dataset).filter(status="waiting").count() == 11


@pytest.mark.django_db
def test_the_demos_password_is_the_one_printed():
    password = run("demo").split("password ")[1].split()[0]
    assert User.objects.get(username="admin").check_password(password)
