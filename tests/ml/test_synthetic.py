import numpy as np

from ml.index.projection import Projection
from ml.synthetic import Clusters


def test_rows_are_the_same_however_they_are_asked_for() -> None:
    clusters = Clusters(dim=32)
    parts = [clusters.rows(0, 4), clusters.rows(4, 7003), clusters.rows(7003, 12_000)]
    np.testing.assert_array_equal(np.concatenate(parts), clusters.rows(0, 12_000))


def test_rows_have_length_one() -> None:
    np.testing.assert_allclose(np.linalg.norm(Clusters(dim=64).rows(0, 100).astype(np.float32), axis=1), 1, atol=1e-3)


def test_neighbours_are_nearer_than_strangers() -> None:
    """Otherwise nothing could be indexed."""
    wide = Clusters(dim=64, clusters=20).rows(0, 2000).astype(np.float32)
    scores = wide[:50] @ wide.T
    np.fill_diagonal(scores, -1)
    assert np.median(scores.max(axis=1)) > 0.6 > 0.3 > np.abs(np.median(scores))


def test_most_of_it_lies_in_few_directions() -> None:
    assert Projection.fit(Clusters().rows(0, 3000)).width == 64


def test_another_seed_is_another_archive() -> None:
    assert not np.array_equal(Clusters(dim=8, seed=0).rows(0, 5), Clusters(dim=8, seed=1).rows(0, 5))


def test_nothing_is_nothing() -> None:
    assert Clusters(dim=8).rows(5, 5).shape == (0, 8)
