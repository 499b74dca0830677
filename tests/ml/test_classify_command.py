"""python -m ml.classify, as a researcher calls it."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ml.classify import Classifier, fit
from ml.classify.related import Related
from ml.shards import Shard
from tests.ml.making import DIM, make_metrics, make_shard, make_vectors, make_writer
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
    with make_writer(folder.with_name("work"), 20, dim=dim, **overrides) as writer:
        writer.append(make_vectors(20, dim), make_metrics(20))
        writer.finish(folder, meta={"encoder": "test"})


def test_the_imagerys_version_does_not_matter(classifier: Path, tmp_path: Path) -> None:
    make_other(tmp_path / "site", fingerprint="f1-20260101")
    assert call("ml.classify", classifier, tmp_path / "site", "--out", tmp_path / "s.parquet").returncode == 0


def make_level(folder: Path, cells: list[tuple[int, int]], size: float, seed: int) -> Shard:
    """Squares of `size` degrees, by row and column from the north-west of the world."""
    bounds = np.array([[-180 + c * size, 90 - (r + 1) * size, -180 + (c + 1) * size, 90 - r * size] for r, c in cells])
    with make_writer(folder.with_name(f"{folder.name}-work"), len(cells), keys=np.arange(len(cells)),
                     bounds=bounds) as writer:  # fmt: skip
        writer.append(make_vectors(len(cells), seed=seed), make_metrics(len(cells)))
        writer.finish(folder, meta={"encoder": "test"})
    return Shard.open(folder)


@pytest.fixture
def levels(tmp_path: Path) -> tuple[Shard, Shard, Shard]:
    """A block of 4 x 4 squares, the 2 x 2 that hold them, and the 8 x 8 inside, but for the last."""
    parents = make_level(tmp_path / "above", [(r, c) for r in (3, 4) for c in (5, 6)], 18.0, 1)
    own = make_level(tmp_path / "own", [(r, c) for r in range(6, 10) for c in range(10, 14)], 9.0, 2)
    inner = [(r, c) for r in range(12, 20) for c in range(20, 28)]
    return parents, own, make_level(tmp_path / "below", inner[:-1], 4.5, 3)


CHILD = {"dim": DIM, "relation": "child", "down": 1, "right": 0}
SOURCES = [SOURCE, {"dim": DIM, "relation": "parent"}, CHILD]


def test_squares_above_and_below_are_found_by_their_bounds(levels: tuple[Shard, Shard, Shard]) -> None:
    parents, own, inner = levels
    found = Related(own, SOURCES, [parents, inner])[0:16].reshape(4, 4, 3, DIM)
    assert found[:, :, 0].reshape(16, DIM) == pytest.approx(own.vectors)
    assert found[1, 2, 1] == pytest.approx(parents.vectors[1])  # row 7, column 12: its parent is row 3, column 6
    assert found[2, 1, 1] == pytest.approx(parents.vectors[2])
    assert found[1, 2, 2] == pytest.approx(inner.vectors[8 * 3 + 4])  # row 15, column 24


def test_a_square_that_is_not_there_is_zeros(levels: tuple[Shard, Shard, Shard]) -> None:
    parents, own, inner = levels
    corner = Related(own, [SOURCE, {**CHILD, "right": 1}], [parents, inner])[15:16]
    assert (corner[0, DIM:] == 0).all()
    assert (Related(own, [SOURCE, CHILD], [inner])[15:16][0, DIM:] != 0).any()


def test_a_classifier_of_several_squares_takes_the_levels_beside(
    levels: tuple[Shard, Shard, Shard], tmp_path: Path
) -> None:
    parents, own, inner = levels
    features = Related(own, SOURCES, [parents, inner])[0:16]
    made = fit(features, np.arange(16) % 2.0, np.ones(16), sources=SOURCES)
    made.save(tmp_path / "three")
    done = call("ml.classify", tmp_path / "three", own.folder, "--out", tmp_path / "s.parquet", "--beside",
                parents.folder, inner.folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert pq.read_table(tmp_path / "s.parquet")["score"].to_numpy() == pytest.approx(made.predict(features), abs=2e-6)


def test_a_classifier_of_several_squares_says_what_it_lacks(levels: tuple[Shard, Shard, Shard], tmp_path: Path) -> None:
    own = levels[1]
    fit(make_vectors(16, 3 * DIM), np.arange(16) % 2.0, np.ones(16), sources=SOURCES).save(tmp_path / "three")
    done = call("ml.classify", tmp_path / "three", own.folder, "--out", tmp_path / "s.parquet")
    assert (done.returncode, "looks at the parent" in done.stderr, "--beside" in done.stderr) == (2, True, True)


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
