"""Imports of kinds files and embeddings, as rows that run."""

import pytest
from django.contrib.auth.models import User

from search import imports, joblog, uploads
from search.errors import BadImagery, NotAllowed
from search.models import Dataset, Import, Scene
from tests.factories import make_raster, noise
from tests.search.test_import_embeddings import table

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(world) -> Dataset:
    return Dataset.objects.create(number=Dataset.next_number(), slug="empty", name="Empty", encoder=world.encoder)


def job(dataset: Dataset, kind: str, *paths: object, owner: User | None = None, **options: object) -> Import:
    recipe = {"paths": [str(path) for path in paths], "options": options}
    return imports.start(dataset, kind, recipe, owner, background=False)


def told(row: Import) -> str:
    return "\n".join(line["text"] for line in joblog.tail(row))


def test_files_become_scenes_and_each_refusal_is_said(dataset, tmp_path):
    make_raster(tmp_path / "2020-01-01.tif", noise())
    (tmp_path / "bad.tif").write_text("<html>")
    row = job(dataset, "files", tmp_path, levels=[5])
    assert imports.run_here(row)
    row.refresh_from_db()
    assert (row.status, row.summary["scenes"], row.summary["shards"], row.summary["refused_count"]) == (
        "ready",
        1,
        1,
        1,
    )
    assert "bad.tif is not an image that can be read: it is a web page" in told(row)


def test_a_job_that_can_use_nothing_fails_with_the_sentence(dataset, tmp_path):
    (tmp_path / "bad.tif").write_text("<html>")
    row = job(dataset, "files", tmp_path)
    with pytest.raises(BadImagery):
        imports.run_here(row)
    row.refresh_from_db()
    assert (row.status, "a web page" in row.error) == ("failed", True)


def test_uploads_are_kept_in_the_datasets_own_folder(dataset, tmp_path):
    owner = User.objects.create_user("somebody")
    raster = make_raster(tmp_path / "a.tif", noise())
    upload = uploads.create(dataset, owner, name="a.tif", size=raster.stat().st_size)
    with raster.open("rb") as stream:
        uploads.append(upload, 0, stream)
    assert imports.run_here(job(dataset, "files", upload.file, owner=owner))
    uploads.remove(upload)
    file = Scene.objects.get(product__dataset=dataset).files.get()
    assert "/imagery/empty/" in file.path
    assert file.path.endswith("-a.tif")


@pytest.mark.parametrize("kind", ["files", "embeddings"])
def test_somebody_elses_upload_and_the_servers_files_are_refused(dataset, tmp_path, kind):
    owner = User.objects.create_user("somebody")
    row = job(dataset, kind, make_raster(tmp_path / "a.tif", noise()), owner=owner)
    with pytest.raises(NotAllowed):
        imports.run_here(row)


def test_a_recipes_footprints_are_held_against_the_same_rules(dataset, tmp_path):
    owner = User.objects.create_user("somebody")
    with pytest.raises(NotAllowed):
        imports.run_here(job(dataset, "files", owner=owner, footprints=str(tmp_path / "a.json")))


def test_embeddings_become_shards(dataset, tmp_path):
    row = job(dataset, "embeddings", table(tmp_path / "a.parquet"), model="clay v1", product="clay")
    assert imports.run_here(row)
    row.refresh_from_db()
    assert (row.summary["vectors"], row.summary["level"]) == (20, 13)
    assert Dataset.objects.get(pk=dataset.pk).encoder.name == "clay-v1"
    assert "20 vectors are searchable" in told(row)
