"""Vectors that others made, as Major TOM, Clay and Earth Index publish them."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from django.core.management import call_command

from search import embeddings, encoders, grid, similarity
from search.errors import BadImagery, BadQuery
from search.importing import Options
from search.models import Dataset, Shard
from search.query import Query

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_library")]
SIDE = 0.04  # degrees: a footprint that fits a tile of level 13


def footprints(count: int) -> list[bytes]:
    """Squares side by side, each in a tile of its own."""
    west = np.arange(count) * 2 * SIDE
    return shapely.to_wkb(shapely.box(west, 10.0, west + SIDE, 10.0 + SIDE)).tolist()


def vectors(count: int, dim: int = 8) -> list[list[float]]:
    return np.random.default_rng(count).normal(size=(count, dim)).astype(np.float32).tolist()


def table(path: Path, count: int = 20, **columns: object) -> Path:
    usual = {"embedding": vectors(count), "geometry": footprints(count)}
    pq.write_table(pa.table({**usual, **columns}), path)
    return path


def bring(path: Path, **more: object) -> embeddings.Report:
    return embeddings.bring_in([path], Options(slug="brought", product="vectors"), **more)


FORMATS = {
    "Major TOM": {"timestamp": [datetime(2020, 5, 1, 10, tzinfo=UTC)] * 20, "grid_cell": ["1U_2R"] * 20},
    "Earth Index": {"id": [f"tile-{i}" for i in range(20)]},
}  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_published_columns_are_found(tmp_path, form):
    assert bring(table(tmp_path / "a.parquet", **FORMATS[form])).vectors == 20


def test_clays_columns_are_found(tmp_path):
    columns = {
        "embeddings": vectors(5),
        "geometry": footprints(5),
        "date": [date(2021, 1, 1)] * 5,
        "source_url": ["x"] * 5,
    }
    pq.write_table(pa.table(columns), tmp_path / "clay.gpq")
    found = bring(tmp_path / "clay.gpq")
    assert (found.vectors, found.scenes[0].date) == (5, date(2021, 1, 1))


def test_the_level_fits_the_footprints(tmp_path):
    assert bring(table(tmp_path / "a.parquet")).level == 13
    assert grid.GEOGRAPHIC.span(13) == pytest.approx(SIDE, rel=0.2)


def test_each_vector_lies_in_the_tile_that_holds_its_middle_and_keeps_its_footprint(tmp_path):
    dataset = bring(table(tmp_path / "a.parquet", count=1)).dataset
    columns = Columns(dataset)
    row, col = grid.GEOGRAPHIC.tile_at(SIDE / 2, 10 + SIDE / 2, 13)
    assert columns.column("key").tolist() == [Shard.objects.of(dataset).get().scene.address(13, row, col).pack()]
    assert [columns.column(side)[0] for side in ("west", "south", "east", "north")] == [0, 10, SIDE, 10 + SIDE]


def Columns(dataset: Dataset):  # noqa: N802
    from ml.shards import Shard as Folder

    return Folder.open(Shard.objects.of(dataset).get().path())


def test_they_are_searchable_and_the_likest_comes_first(tmp_path):
    like = vectors(20)
    like[7] = [2 * x for x in like[3]]
    dataset = bring(table(tmp_path / "a.parquet", embedding=like)).dataset
    keys = Columns(dataset).column("key")
    found = similarity.search(dataset, Query(positives=(int(keys[3]),), k=3))
    assert (found.hits[0].key, round(found.hits[0].score, 3)) == (int(keys[7]), 1.0)


def test_the_page_and_the_api_show_them(client, tmp_path):
    call_command("import_embeddings", str(table(tmp_path / "a.parquet")), dataset="brought", public=True, json=True)
    key = str(Columns(Dataset.objects.get(slug="brought")).column("key")[0])
    answer = client.post("/api/v1/datasets/brought/search", json.dumps({"positives": [key]}), "application/json")
    assert (answer.status_code, len(answer.json()["results"])) == (200, 19)
    assert client.get(answer.json()["results"][0]["tile"]["thumbnail"]).status_code == 200


@pytest.mark.parametrize("bad", [[0.0] * 8, [float("nan")] * 8, [float("inf")] * 8, [1.0] * 7, None])
def test_vectors_without_direction_are_counted_and_left_out(tmp_path, bad):
    found = bring(table(tmp_path / "a.parquet", embedding=[*vectors(19), bad]))
    assert (found.vectors, found.without_direction) == (19, 1)


def test_a_file_of_nothing_else_imports_nothing(tmp_path):
    with pytest.raises(BadImagery, match="20 are zero"):
        bring(table(tmp_path / "a.parquet", embedding=[[0.0] * 8] * 20))
    assert not Dataset.objects.filter(slug="brought").exists()


def test_places_off_the_earth_are_left_out(tmp_path):
    places = footprints(19) + shapely.to_wkb([shapely.box(0, 95, 1, 96)]).tolist()
    assert bring(table(tmp_path / "a.parquet", geometry=places)).without_place == 1


def test_two_in_a_tile_collide_and_the_nearer_stays(tmp_path):
    found = bring(table(tmp_path / "a.parquet", geometry=footprints(19) + footprints(1)))
    assert (found.vectors, found.collisions) == (19, 1)


def test_repeating_adds_nothing_and_another_file_what_is_new(tmp_path):
    first = table(tmp_path / "a.parquet")
    bring(first)
    assert bring(first).known_files == 1
    bring(table(tmp_path / "b.parquet", count=30))
    assert Shard.objects.of(Dataset.objects.get(slug="brought")).get().tiles == 30


def test_what_a_killed_import_left_is_gone_on_with(tmp_path, monkeypatch):
    path = table(tmp_path / "a.parquet")
    with monkeypatch.context() as patched:
        patched.setattr(embeddings.building, "publish", lambda *_: (_ for _ in ()).throw(OSError("No space left")))
        with pytest.raises(OSError, match="No space"):
            bring(path)
    assert (bring(path).vectors, Shard.objects.of(Dataset.objects.get(slug="brought")).get().tiles) == (20, 20)


def test_vectors_of_another_length_do_not_go_into_the_same_dataset(tmp_path):
    bring(table(tmp_path / "a.parquet"))
    with pytest.raises(BadImagery, match="holds vectors of"):
        bring(table(tmp_path / "b.parquet", embedding=vectors(20, dim=5)))


def test_points_need_a_level(tmp_path):
    points = {"geometry": shapely.to_wkb(shapely.points(np.arange(20), 5)).tolist()}
    with pytest.raises(BadImagery, match="level"):
        bring(table(tmp_path / "a.parquet", **points))
    assert bring(table(tmp_path / "a.parquet", **points), level=9).level == 9


def test_many_days_become_one_scene_and_it_is_said(tmp_path):
    found = bring(table(tmp_path / "a.parquet", count=61, date=[date.fromordinal(737000 + i) for i in range(61)]))
    assert (len(found.scenes), found.one_scene) == (1, True)


def test_metres_become_degrees(tmp_path):
    geo = {"primary_column": "geometry", "columns": {"geometry": {"crs": "EPSG:3857"}}}
    squares = shapely.to_wkb(shapely.box(np.arange(3) * 5e4, 0, np.arange(3) * 5e4 + 4000, 4000)).tolist()
    plain = pa.table({"embedding": vectors(3), "geometry": squares})
    pq.write_table(plain.replace_schema_metadata({"geo": json.dumps(geo)}), tmp_path / "a.parquet")
    found = bring(tmp_path / "a.parquet")
    assert (found.level, round(found.scenes[0].east, 2)) == (13, 0.93)


@pytest.mark.parametrize("columns", [{"geometry": [1, 2]}, {"embedding": ["a", "b"], "geometry": footprints(2)}])
def test_a_table_without_vectors_or_places_is_refused(tmp_path, columns):
    pq.write_table(pa.table({"embedding": vectors(2), **columns}), tmp_path / "a.parquet")
    with pytest.raises(BadImagery, match="vectors|lie"):
        bring(tmp_path / "a.parquet")


def test_a_file_that_is_not_parquet_is_refused(tmp_path):
    (tmp_path / "a.parquet").write_text("<html>")
    with pytest.raises(BadImagery, match="not a Parquet file"):
        bring(tmp_path / "a.parquet")


def test_words_have_a_clear_answer(tmp_path):
    dataset = bring(table(tmp_path / "a.parquet")).dataset
    with pytest.raises(BadQuery, match="brought along"):
        similarity.search(dataset, Query(text="an island"))


def test_a_picture_cannot_be_made_a_vector(tmp_path):
    dataset = bring(table(tmp_path / "a.parquet")).dataset
    with pytest.raises(BadQuery, match="brought along"):
        encoders.encode_one(dataset.encoder, np.zeros((8, 8, 3), np.uint8))
