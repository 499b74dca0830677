"""python -m ml.classify, as a researcher calls it."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ml.classify import Classifier, fit
from ml.shards import Shard
from tests.ml.making import DIM, make_shard
from tests.ml.test_commands import call

SOURCE = {"fingerprint": "f1", "encoder": "test", "dim": DIM}


def make_classifier(shard: Shard, **overrides: object) -> Classifier:
    features = shard.vectors.astype(np.float32)
    targets = (features[:, 0] > 0.1).astype(np.float32)
    options = {"sources": [SOURCE], **overrides}
    return fit(features, targets, np.ones(len(targets), np.float32), **options)  # type: ignore[arg-type]


@pytest.fixture
def shard(tmp_path: Path) -> Shard:
    make_shard(tmp_path / "shard")
    return Shard.open(tmp_path / "shard")


@pytest.fixture
def classifier(shard: Shard, tmp_path: Path) -> Path:
    make_classifier(shard).save(tmp_path / "classifier")
    return tmp_path / "classifier"


def test_a_shard_becomes_a_table_of_keys_bounds_and_scores(classifier: Path, shard: Shard, tmp_path: Path) -> None:
    done = call("ml.classify", classifier, shard.folder, "--out", tmp_path / "scores.parquet")
    assert (done.returncode, "300 of 300 tiles" in done.stdout) == (0, True), done.stderr
    table = pq.read_table(tmp_path / "scores.parquet")
    assert table.column_names == ["shard", "key", "name", "score", "west", "south", "east", "north"]
    assert table["key"].to_pylist() == shard.keys.tolist()
    expected = Classifier.load(classifier).predict(shard.vectors)
    assert table["score"].to_numpy() == pytest.approx(expected, abs=2e-6)


def test_several_shards_are_told_apart(classifier: Path, shard: Shard, tmp_path: Path) -> None:
    make_shard(tmp_path / "other", 50)
    done = call("ml.classify", classifier, shard.folder, tmp_path / "other", "--out", tmp_path / "s.parquet")
    assert done.returncode == 0, done.stderr
    assert pq.read_table(tmp_path / "s.parquet")["shard"].value_counts().to_pylist() == [
        {"values": "shard", "counts": 300},
        {"values": "other", "counts": 50},
    ]


def test_low_scores_can_be_left_out_and_csv_written(classifier: Path, shard: Shard, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    done = call("ml.classify", classifier, shard.folder, "--out", out, "--csv", "--min", "0.5", "--json")
    told = json.loads(done.stdout)
    rows = list(csv.DictReader(out.open()))
    assert 0 < told["written"] == len(rows) < told["tiles"] == sum(told["histogram"]) == 300
    assert all(float(row["score"]) >= 0.5 for row in rows)


def test_an_empty_shard_is_an_empty_table(classifier: Path, tmp_path: Path) -> None:
    make_shard(tmp_path / "empty", 0)
    done = call("ml.classify", classifier, tmp_path / "empty", "--out", tmp_path / "s.parquet")
    assert (done.returncode, pq.read_table(tmp_path / "s.parquet").num_rows) == (0, 0), done.stderr


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"fingerprint": "f2"}, "trained on vectors of test f1"),
        ({"dim": 5}, "vectors of 16 numbers"),
    ],
)
def test_a_shard_of_another_encoder_is_refused(
    overrides: dict[str, object], words: str, classifier: Path, tmp_path: Path
) -> None:
    make_other(tmp_path / "other", **overrides)
    done = call("ml.classify", classifier, tmp_path / "other", "--out", tmp_path / "s.parquet")
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr
    assert not list(tmp_path.glob("*s.parquet*"))


def make_other(folder: Path, dim: int = DIM, **overrides: object) -> None:
    from tests.ml.making import make_metrics, make_vectors, make_writer

    with make_writer(folder.with_name("work"), 20, dim=dim, **overrides) as writer:
        writer.append(make_vectors(20, dim), make_metrics(20))
        writer.finish(folder, meta={"encoder": "test"})


def test_the_imagerys_version_does_not_matter(classifier: Path, tmp_path: Path) -> None:
    make_other(tmp_path / "site", fingerprint="f1-20260101")
    assert call("ml.classify", classifier, tmp_path / "site", "--out", tmp_path / "s.parquet").returncode == 0


def test_a_classifier_of_several_squares_is_refused(shard: Shard, tmp_path: Path) -> None:
    made = make_classifier(shard, sources=[SOURCE, {**SOURCE, "relation": "parent"}])
    made.save(tmp_path / "two")
    done = call("ml.classify", tmp_path / "two", shard.folder, "--out", tmp_path / "s.parquet")
    assert (done.returncode, "the tile itself, parent" in done.stderr) == (2, True)


def test_a_damaged_classifier_is_named(classifier: Path, shard: Shard, tmp_path: Path) -> None:
    (classifier / "weights.safetensors").write_bytes(b"x")
    done = call("ml.classify", classifier, shard.folder, "--out", tmp_path / "s.parquet")
    assert (done.returncode, "weights.safetensors is damaged" in done.stderr) == (2, True)


def test_a_damaged_shard_fails(classifier: Path, shard: Shard, tmp_path: Path) -> None:
    (shard.folder / "vectors.npy").write_bytes(b"x")
    done = call("ml.classify", classifier, shard.folder, "--out", tmp_path / "s.parquet")
    assert (done.returncode, "is damaged" in done.stderr) == (1, True)


def test_what_exists_is_not_overwritten(classifier: Path, shard: Shard, tmp_path: Path) -> None:
    (tmp_path / "s.parquet").write_text("mine")
    done = call("ml.classify", classifier, shard.folder, "--out", tmp_path / "s.parquet")
    assert (done.returncode, (tmp_path / "s.parquet").read_text()) == (2, "mine")


def test_help_says_what_the_things_are(tmp_path: Path) -> None:
    done = call("ml.classify", "--help")
    assert (done.returncode, "probability" in done.stdout, "ml.embed" in done.stdout) == (0, True, True)
    assert call("ml.classify", "a", "b", "--out", tmp_path / "c", "--min", "7").returncode == 2
