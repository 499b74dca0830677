from pathlib import Path

import numpy as np
import pytest

from ml.errors import BadVectors, MLError
from ml.index import ENGINES, AnnoyIndex, IndexParameters, best, parameters, recall, scan, unit, widened
from tests.ml.making import DIM, make_vectors

GOOD = parameters(2000, DIM)


def build(path: Path, vectors: np.ndarray, chosen: IndexParameters = GOOD) -> AnnoyIndex:
    AnnoyIndex.build(path, vectors.astype(np.float16), chosen, lambda stage, done, total: None)
    return AnnoyIndex.open(path, len(vectors), DIM, chosen)


def test_the_chosen_parameters_reach_a_good_recall(tmp_path: Path) -> None:
    vectors = make_vectors(5000).astype(np.float16)
    assert recall(build(tmp_path / "a", vectors), vectors, queries=100, k=50) > 0.95


def test_annoys_own_default_would_not(tmp_path: Path) -> None:
    vectors = make_vectors(5000).astype(np.float16)
    assert recall(build(tmp_path / "a", vectors, IndexParameters(5, 5, 1)), vectors, queries=100, k=50) < 0.9


def test_the_same_vectors_make_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        build(tmp_path / name, make_vectors(3000))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_thousands_of_identical_vectors_hurt_little(tmp_path: Path) -> None:
    vectors = np.concatenate([make_vectors(1).repeat(3000, axis=0), make_vectors(1000, seed=1)]).astype(np.float16)
    assert recall(build(tmp_path / "a", vectors), vectors, queries=100, k=50) > 0.9


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    AnnoyIndex.build(tmp_path / "a", make_vectors(10).astype(np.float16), GOOD, lambda *step: seen.append(step))
    assert seen[-1] == ("index", 10, 10)


@pytest.mark.parametrize("damage", [b"", b"not an index", b"\0" * 1000])
def test_a_file_that_is_no_index_is_refused(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "a").write_bytes(damage)
    with pytest.raises(MLError, match=r"a is not an Annoy index|a indexes"):
        AnnoyIndex.open(tmp_path / "a", 10, DIM, GOOD)


def test_an_index_of_other_vectors_is_refused(tmp_path: Path) -> None:
    build(tmp_path / "a", make_vectors(10))
    with pytest.raises(MLError, match="indexes 10 vectors instead of 11"):
        AnnoyIndex.open(tmp_path / "a", 11, DIM, GOOD)


def test_search_k_grows_with_k_from_its_floor() -> None:
    chosen = IndexParameters(trees=10, effort=20, floor=500)
    assert (chosen.search_k(1), chosen.search_k(1000)) == (500, 20_000)


def test_scan_is_the_cosine() -> None:
    vectors = make_vectors(50).astype(np.float16)
    wide = vectors.astype(np.float64)
    expected = wide @ unit(wide[3]) / np.linalg.norm(wide, axis=1)
    np.testing.assert_allclose(scan(vectors, unit(vectors[3]), None), expected, atol=1e-6)
    np.testing.assert_allclose(scan(vectors, unit(vectors[3]), np.array([7, 5])), expected[[7, 5]], atol=1e-6)


def test_widened_is_exact_for_every_finite_half() -> None:
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    finite = halves[np.isfinite(halves)]
    np.testing.assert_array_equal(widened(finite), finite.astype(np.float32))
    np.testing.assert_array_equal(np.signbit(widened(finite)), np.signbit(finite))


@pytest.mark.parametrize("k", [1, 3, 5, 9])
def test_best_is_sorted_and_breaks_ties_by_position(k: int) -> None:
    assert best(np.array([0.1, 0.9, 0.5, 0.9, 0.5], np.float32), k).tolist() == [1, 3, 2, 4, 0][:k]


@pytest.mark.parametrize("bad", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_a_vector_without_direction_is_refused(bad: list[float]) -> None:
    with pytest.raises(BadVectors, match="points nowhere"):
        unit(np.array(bad))


def test_engines_are_known_by_the_name_in_shard_json() -> None:
    assert ENGINES["annoy"] is AnnoyIndex
