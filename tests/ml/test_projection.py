from pathlib import Path

import numpy as np
import pytest

from ml.index.exact import ExactScan
from ml.index.projection import Projection
from tests.ml.making import clustered


def test_the_axes_are_orthonormal() -> None:
    axes = Projection.fit(clustered(500, 128).astype(np.float16)).axes
    np.testing.assert_allclose(axes.T @ axes, np.eye(axes.shape[1]), atol=1e-5)


def test_products_are_kept_where_the_vectors_are_narrow() -> None:
    vectors = clustered(500, 128).astype(np.float16)
    projection = Projection.fit(vectors)
    small, wide = projection(vectors.astype(np.float32)), vectors.astype(np.float32)
    np.testing.assert_allclose(small @ small.T, wide @ wide.T, atol=0.05)


def test_vectors_without_strongest_directions_keep_as_much_as_fits() -> None:
    spread = np.random.default_rng(0).normal(size=(4000, 256)).astype(np.float16)
    assert Projection.fit(spread).width == 128


def test_few_dimensions_are_all_kept() -> None:
    projection = Projection.fit(clustered(500, 16).astype(np.float16))
    assert (projection.width, round(projection.kept, 6)) == (16, 1.0)


def test_it_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    projection = Projection.fit(clustered(500, 128).astype(np.float16))
    projection.save(tmp_path)
    np.testing.assert_array_equal(Projection.open(tmp_path, 128).axes, projection.axes)


@pytest.mark.parametrize("k", [1, 20, 300])
@pytest.mark.parametrize("share", [None, 0.05, 0.9])
def test_the_scan_finds_what_the_formula_does(k: int, share: float | None) -> None:
    vectors, query = clustered(300).astype(np.float16), clustered(1, seed=9)[0]
    allowed = None if share is None else np.random.default_rng(0).random(300) < share
    scores = vectors.astype(np.float64) @ query
    expected = np.argsort(-(scores if allowed is None else np.where(allowed, scores, -9)))[:k]
    if allowed is not None:
        expected = expected[allowed[expected]]
    assert set(ExactScan(vectors).nearest(query, k, allowed)) == set(expected)


def test_the_scan_sees_the_vectors_themselves_not_a_copy() -> None:
    vectors = clustered(300).astype(np.float16)
    scan = ExactScan(vectors)
    vectors[7] = clustered(1, seed=9)[0]
    assert scan.nearest(clustered(1, seed=9)[0], 1, None).tolist() == [7]


def test_the_scan_keeps_the_vectors_alive() -> None:
    scan = ExactScan(clustered(300).astype(np.float16))  # nobody else holds them
    assert len(scan.nearest(clustered(1)[0], 300, None)) == 300


def test_nothing_is_found_among_nothing() -> None:
    assert ExactScan(np.empty((0, 16), np.float16)).nearest(clustered(1)[0], 5, None).tolist() == []
