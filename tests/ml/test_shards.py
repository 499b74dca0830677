"""Writing a shard and reading it back."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ml.errors import BadVectors, ShardBusy, ShardMismatch
from ml.index import ENGINES
from ml.shards import Shard, rebuild_index
from ml.shards.files import _own_sum, sha256
from tests.ml.making import DIM, content, indexed_from, make_metrics, make_shard, make_vectors, make_writer


def test_the_folder_holds_the_columns_and_nothing_else(tmp_path: Path) -> None:
    make_shard(tmp_path / "s")
    assert sorted(content(tmp_path / "s")) == ["shard.json", "tiles.parquet", "vectors.npy"]
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


@pytest.mark.parametrize(("engine", "file"), [("annoy", "index.ann"), ("faiss", "index.faiss")])
def test_with_enough_tiles_there_is_an_index_too(tmp_path: Path, engine: str, file: str) -> None:
    with indexed_from(300):
        make_shard(tmp_path / "s", engine=engine)
    assert sorted(content(tmp_path / "s")) == [file, "projection.npy", "shard.json", "tiles.parquet", "vectors.npy"]


def test_other_tools_can_read_it(tmp_path: Path) -> None:
    make_shard(tmp_path / "s", 20, bounds=np.arange(80).reshape(20, 4))
    table = pq.read_table(tmp_path / "s" / "tiles.parquet")
    assert table.column_names == ["key", "west", "south", "east", "north", "luminance", "nodata_share"]
    assert table["east"].to_pylist()[0] == 78  # the last tile has the lowest key
    assert np.load(tmp_path / "s" / "vectors.npy").dtype == np.float16


def test_shard_json_says_what_it_is(tmp_path: Path) -> None:
    make_shard(tmp_path / "s")
    said = json.loads((tmp_path / "s" / "shard.json").read_text())
    assert (said["format"], said["encoder"], said["fingerprint"], said["dim"], said["count"]) == (
        2,
        "test",
        "f1",
        DIM,
        300,
    )
    assert said["files"]["vectors.npy"]["sha256"] == sha256(tmp_path / "s" / "vectors.npy")
    assert said["index"] == {"engine": "scan", "recall": 1.0}


@pytest.mark.parametrize("engine", ENGINES)
def test_shard_json_says_what_the_index_finds_and_how_that_was_measured(tmp_path: Path, engine: str) -> None:
    with indexed_from(0):
        index = make_shard(tmp_path / "s", engine=engine).meta["index"]
    assert (index["engine"], index["target"]) == (engine, 0.98)
    assert 0.95 < index["recall"] <= 1
    assert index["measured_on"] == {"k": 50, "queries": 200, "seed": 0, "tiles": 300}


def test_rows_are_in_order_of_key(tmp_path: Path) -> None:
    shard = make_shard(tmp_path / "s", 30)
    assert shard.keys.tolist() == list(range(0, 300, 10))
    assert shard.column("luminance").tolist() == list(range(29, -1, -1))
    np.testing.assert_allclose(shard.vector(0), make_vectors(30)[29], atol=1e-3)


def test_tiles_without_data_are_left_out(tmp_path: Path) -> None:
    missing, vectors = np.zeros(10, np.float32), make_vectors(10)
    missing[3], vectors[3] = 1, np.nan
    with make_writer(tmp_path / "w", 10) as writer:
        writer.append(vectors, make_metrics(10, nodata_share=missing))
        assert writer.finish(tmp_path / "s", meta={})["count"] == 9
    assert Shard.open(tmp_path / "s").row_of(60) is None


def test_a_shard_without_any_data_is_legal_and_answers_nothing(tmp_path: Path) -> None:
    with make_writer(tmp_path / "w", 5) as writer:
        writer.append(np.zeros((5, DIM)), make_metrics(5, nodata_share=np.ones(5)))
        assert writer.finish(tmp_path / "s", meta={})["index"] is None
    shard = Shard.open(tmp_path / "s")
    assert (shard.count, len(shard.search(make_vectors(1)[0], 5)[0])) == (0, 0)


def test_names_of_a_gallery_are_a_column(tmp_path: Path) -> None:
    shard = make_shard(tmp_path / "s", 3, names=["c.png", "b.png", "a.png"], bounds=np.full((3, 4), np.nan))
    assert shard.column("name").tolist() == ["a.png", "b.png", "c.png"]
    assert np.isnan(shard.column("west").astype(float)).all()


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="no column 'beauty', only key, west"):
        make_shard(tmp_path / "s", 3).column("beauty")


def test_several_columns_are_read_at_once_and_kept(tmp_path: Path) -> None:
    shard = make_shard(tmp_path / "s", 3)
    shard.read(["west", "luminance", "west"])
    (tmp_path / "s" / "tiles.parquet").unlink()
    assert len(shard.column("west")) == len(shard.column("luminance")) == 3
    shard.read(["west"])


def test_of_several_columns_the_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="no column 'beauty', only key, west"):
        make_shard(tmp_path / "s", 3).read(["west", "beauty"])


def test_row_of_finds_keys_and_nothing_else(tmp_path: Path) -> None:
    shard = make_shard(tmp_path / "s", 30)
    assert [shard.row_of(key) for key in (0, 290, 5, -1, 300, 2**62)] == [0, 29, None, None, None, None]


def test_vectors_must_have_length_one(tmp_path: Path) -> None:
    with make_writer(tmp_path / "w", 4) as writer, pytest.raises(BadVectors, match="length 1"):
        writer.append(make_vectors(4) * 2, make_metrics(4))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_vectors_must_be_numbers(tmp_path: Path, value: float) -> None:
    vectors = make_vectors(4)
    vectors[2, 1] = value
    with make_writer(tmp_path / "w", 4) as writer, pytest.raises(BadVectors, match="length 1"):
        writer.append(vectors, make_metrics(4))


def test_vectors_of_another_encoder_do_not_fit(tmp_path: Path) -> None:
    with make_writer(tmp_path / "w", 4) as writer, pytest.raises(BadVectors, match=r"\(m, 16\)"):
        writer.append(make_vectors(4, 17), make_metrics(4))


def test_more_tiles_than_planned_do_not_fit(tmp_path: Path) -> None:
    with make_writer(tmp_path / "w", 4) as writer, pytest.raises(ShardMismatch, match="do not fit"):
        writer.append(make_vectors(5), make_metrics(5))


def test_metrics_must_be_the_same_all_along(tmp_path: Path) -> None:
    with make_writer(tmp_path / "w", 4) as writer:
        writer.append(make_vectors(2), make_metrics(2))
        with pytest.raises(ShardMismatch, match="do not fit"):
            writer.append(make_vectors(2), {"luminance": np.zeros(2)})


def test_metrics_must_have_one_number_per_tile(tmp_path: Path) -> None:
    with make_writer(tmp_path / "w", 4) as writer, pytest.raises(ShardMismatch, match="one number"):
        writer.append(make_vectors(2), make_metrics(3))


def test_an_unfinished_shard_cannot_be_finished(tmp_path: Path) -> None:
    with make_writer(tmp_path / "w", 4) as writer, pytest.raises(ShardMismatch, match="0 of 4"):
        writer.finish(tmp_path / "s", meta={})


@pytest.mark.parametrize("plan", [{"keys": [1, 2, 2]}, {"bounds": np.zeros((2, 4))}, {"names": ["a"]}])
def test_a_plan_that_does_not_fit_itself_is_refused(tmp_path: Path, plan: dict[str, object]) -> None:
    with pytest.raises(ShardMismatch):
        make_writer(tmp_path / "w", 3, **plan)


def test_two_writers_do_not_share_a_folder(tmp_path: Path) -> None:
    with make_writer(tmp_path / "w", 4), pytest.raises(ShardBusy, match="Another process"):
        make_writer(tmp_path / "w", 4)


def test_an_existing_folder_is_never_overwritten(tmp_path: Path) -> None:
    make_shard(tmp_path / "s")
    before = content(tmp_path / "s")
    with pytest.raises(FileExistsError):
        make_shard(tmp_path / "s", 5)
    assert content(tmp_path / "s") == before


def test_the_index_can_be_rebuilt_with_another_engine(tmp_path: Path) -> None:
    with indexed_from(0):
        before = make_shard(tmp_path / "s").meta
        after = rebuild_index(tmp_path / "s", engine="faiss")
    assert after["index"]["engine"] == "faiss"
    assert after["files"]["vectors.npy"] == before["files"]["vectors.npy"]
    assert Shard.open(tmp_path / "s").search(make_vectors(300)[0], 1)[0].tolist() == [299]


def test_an_engine_nobody_knows_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    make_shard(tmp_path / "s")
    before = content(tmp_path / "s")
    with pytest.raises(ShardMismatch, match="use annoy, faiss"):
        rebuild_index(tmp_path / "s", engine="scann")
    assert content(tmp_path / "s") == before


def test_a_shard_of_the_first_format_is_searched_without_its_index(tmp_path: Path) -> None:
    make_shard(tmp_path / "s")
    said = json.loads((tmp_path / "s" / "shard.json").read_text())
    said |= {"format": 1, "index": {"engine": "annoy", "trees": 25, "effort": 80, "floor": 8000, "recall": 0.98}}
    (tmp_path / "s" / "shard.json").write_text(json.dumps(said | {"sha256": _own_sum(said)}))
    shard = Shard.open(tmp_path / "s")
    assert (shard.engine, shard.search(make_vectors(300)[0], 1)[0].tolist()) == ("scan", [299])


@pytest.mark.parametrize("engine", ENGINES)
def test_rebuilding_with_the_same_engine_changes_no_byte(tmp_path: Path, engine: str) -> None:
    with indexed_from(0):
        make_shard(tmp_path / "s", engine=engine)
        before = content(tmp_path / "s")
        rebuild_index(tmp_path / "s")
    assert content(tmp_path / "s") == before
