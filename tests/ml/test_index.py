from pathlib import Path

import numpy as np
import pytest

from ml.errors import BadVectors, MLError
from ml.index import ENGINES, Ranking, Settings, VectorIndex, arithmetic, tuning
from ml.index.annoy_trees import AnnoyTrees
from ml.index.faiss_codes import FaissCodes
from ml.index.interface import BLOCK
from tests.ml.making import DIM, clustered

both = pytest.mark.parametrize("engine", list(ENGINES.values()), ids=list(ENGINES))


def quiet(stage: str, done: int, total: int) -> None:
    """Nobody watches."""


def build(folder: Path, engine: type[VectorIndex], vectors: np.ndarray) -> VectorIndex:
    folder.mkdir(exist_ok=True)
    engine.build(folder, vectors.astype(np.float16), quiet)
    return engine.open(folder, len(vectors), vectors.shape[1])


@both
def test_what_it_proposes_holds_the_nearest_once_it_is_tuned(tmp_path: Path, engine: type[VectorIndex]) -> None:
    vectors = clustered(6000, 128).astype(np.float16)
    index = build(tmp_path, engine, vectors)
    settings = tuning.tuned(index, vectors)
    asked = tuning.trial(vectors, queries=100, seed=7)
    assert tuning.recall(index, vectors, settings, asked) > 0.96


@both
def test_least_effort_finds_less_than_most(tmp_path: Path, engine: type[VectorIndex]) -> None:
    vectors = clustered(6000, 128).astype(np.float16)
    index, asked = build(tmp_path, engine, vectors), tuning.trial(vectors, queries=50, seed=7)
    little = tuning.recall(index, vectors, Settings(1, 1), asked)
    much = tuning.recall(index, vectors, Settings(index.efforts[-1], 24), asked)
    assert little < 0.9 < much


@both
def test_about_likeness_is_near_the_true_one(tmp_path: Path, engine: type[VectorIndex]) -> None:
    vectors = clustered(6000, 128).astype(np.float16)
    index, query = build(tmp_path, engine, vectors), arithmetic.unit(vectors[5])
    rows, about = index.propose(query, 50, index.efforts[-1])
    np.testing.assert_allclose(about, arithmetic.likeness(vectors, query, rows), atol=0.1)


@both
def test_the_same_vectors_make_the_same_bytes(tmp_path: Path, engine: type[VectorIndex]) -> None:
    for name in "ab":
        build(tmp_path / name, engine, clustered(3000))
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


@both
def test_thousands_of_identical_vectors_hurt_little(tmp_path: Path, engine: type[VectorIndex]) -> None:
    vectors = np.concatenate([clustered(1).repeat(3000, axis=0), clustered(1000, seed=1)]).astype(np.float16)
    index = build(tmp_path, engine, vectors)
    ranking = Ranking(vectors, index, tuning.tuned(index, vectors))
    assert tuning.measured(ranking, queries=100, seed=3) > 0.9


@both
def test_progress_ends_at_the_total(tmp_path: Path, engine: type[VectorIndex]) -> None:
    seen: list[tuple[str, int, int]] = []
    engine.build(tmp_path, clustered(BLOCK + 10).astype(np.float16), lambda *step: seen.append(step))
    assert seen[0] == ("index", BLOCK, BLOCK + 10)
    assert seen[-1] == ("index", BLOCK + 10, BLOCK + 10)


@both
@pytest.mark.parametrize("damage", [b"", b"not an index", b"\0" * 1000])
def test_a_file_that_is_no_index_is_refused(tmp_path: Path, engine: type[VectorIndex], damage: bytes) -> None:
    build(tmp_path, engine, clustered(1000))
    next(tmp_path.glob("index.*")).write_bytes(damage)
    with pytest.raises(MLError, match=r"index\.(ann|faiss) (is not|indexes)"):
        engine.open(tmp_path, 1000, DIM)


@both
def test_an_index_of_other_vectors_is_refused(tmp_path: Path, engine: type[VectorIndex]) -> None:
    build(tmp_path, engine, clustered(1000))
    with pytest.raises(MLError, match="indexes 1000 vectors"):
        engine.open(tmp_path, 1001, DIM)


@both
def test_an_index_of_other_dimensions_is_refused(tmp_path: Path, engine: type[VectorIndex]) -> None:
    build(tmp_path, engine, clustered(1000))
    with pytest.raises(MLError, match="not axes of 17 dimensions"):
        engine.open(tmp_path, 1000, 17)


@both
def test_a_missing_projection_is_refused(tmp_path: Path, engine: type[VectorIndex]) -> None:
    build(tmp_path, engine, clustered(1000))
    (tmp_path / "projection.npy").unlink()
    with pytest.raises(MLError, match="projection.npy cannot be read"):
        engine.open(tmp_path, 1000, DIM)


@both
def test_looking_harder_costs_more(tmp_path: Path, engine: type[VectorIndex]) -> None:
    index = build(tmp_path, engine, clustered(1000))
    assert index.cost(100, index.efforts[0]) < index.cost(1000, index.efforts[-1])


def test_large_shards_are_split_into_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.index.faiss_codes.CELLS_FROM", 4000)
    vectors = clustered(4096).astype(np.float16)
    index = build(tmp_path, FaissCodes, vectors)
    assert index.efforts == (8, 16, 24, 32, 48, 64)
    settings = tuning.tuned(index, vectors)
    assert tuning.recall(index, vectors, settings, tuning.trial(vectors, queries=50, seed=7)) > 0.95


def test_engines_are_known_by_the_name_in_shard_json() -> None:
    assert {"annoy": AnnoyTrees, "faiss": FaissCodes} == ENGINES


def test_tuning_takes_the_least_that_is_enough(tmp_path: Path) -> None:
    vectors = clustered(6000, 128).astype(np.float16)
    index = build(tmp_path, AnnoyTrees, vectors)
    low, high = (tuning.tuned(index, vectors, target=target) for target in (0.5, 0.99))
    assert low.effort <= high.effort
    assert low.depth <= high.depth
    assert low != high


def test_what_nothing_can_reach_gets_the_strongest_settings(tmp_path: Path) -> None:
    vectors = clustered(1000).astype(np.float16)
    index = build(tmp_path, AnnoyTrees, vectors)
    assert tuning.tuned(index, vectors, target=2).effort == index.efforts[-1]


def test_likeness_is_the_cosine() -> None:
    vectors = clustered(50).astype(np.float16)
    wide = vectors.astype(np.float64)
    expected = wide @ arithmetic.unit(wide[3]) / np.linalg.norm(wide, axis=1)
    rows = np.array([7, 5])
    np.testing.assert_allclose(
        arithmetic.likeness(vectors, arithmetic.unit(vectors[3]), rows), expected[rows], atol=1e-6
    )


def test_widened_is_exact_for_every_finite_half() -> None:
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    finite = halves[np.isfinite(halves)]
    np.testing.assert_array_equal(arithmetic.widened(finite), finite.astype(np.float32))
    np.testing.assert_array_equal(np.signbit(arithmetic.widened(finite)), np.signbit(finite))


@pytest.mark.parametrize("k", [1, 3, 5, 9])
def test_best_is_sorted_and_breaks_ties_by_position(k: int) -> None:
    assert arithmetic.best(np.array([0.1, 0.9, 0.5, 0.9, 0.5], np.float32), k).tolist() == [1, 3, 2, 4, 0][:k]


@pytest.mark.parametrize("bad", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_a_vector_without_direction_is_refused(bad: list[float]) -> None:
    with pytest.raises(BadVectors, match="points nowhere"):
        arithmetic.unit(np.array(bad))
