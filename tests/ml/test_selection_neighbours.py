"""Mean distances to the nearest neighbours."""

import numpy as np
import pytest

from ml.selection import Recipe, neighbours, select
from tests.ml import greedy_by_hand as by_hand
from tests.ml.making import clustered


@pytest.mark.parametrize("k", [1, 3, 20, 200, 999])
def test_the_largest_of_each_row_are_found(k: int) -> None:
    values = np.random.default_rng(0).integers(0, 500, (40, 1003)).astype(np.float32)  # with equals
    found = np.sort(neighbours.largest(values, k), axis=1)
    assert (found == np.sort(values, axis=1)[:, -k:]).all()


def test_the_mean_distance_is_to_the_nearest_others() -> None:
    vectors = clustered(1500)
    wide = vectors.astype(np.float64) / np.linalg.norm(vectors, axis=1, keepdims=True)
    found, said = neighbours.mean_distance(vectors, np.arange(1500), 20, np.random.default_rng(0))
    assert found == pytest.approx(-by_hand.typicality(wide, 20), abs=1e-3)
    assert said == ""


def test_beyond_so_many_tiles_it_is_sampled_about_right_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, rows = clustered(2000), np.arange(2000)
    exact, _ = neighbours.mean_distance(vectors, rows, 20, np.random.default_rng(0))
    monkeypatch.setattr(neighbours, "EXACT", 500)
    found, _ = neighbours.mean_distance(vectors, rows, 20, np.random.default_rng(0))
    assert np.corrcoef(np.argsort(np.argsort(exact)), np.argsort(np.argsort(found)))[0, 1] > 0.8
    objectives = [{"kind": "typicality"}]
    told = select(vectors, Recipe.read({"n": 5, "objectives": objectives})).approximations
    assert told == ["Typicality is sampled: the 5 nearest among 500 of 2,000 tiles, not the 20 nearest of all."]
