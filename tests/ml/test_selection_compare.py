"""What is chosen beside the whole, and beside a random choice of as many."""

import json
from typing import Any

import numpy as np
import pytest

from ml.errors import BadSelection
from ml.selection import Recipe, compare, comparing, select
from tests.ml.making import clustered

N = 1500
X = clustered(N)
RANDOM = np.random.default_rng(2)
NUMBERS = np.where(np.arange(N) < 10, np.nan, RANDOM.normal(size=N))
CODES = np.where(np.arange(N) % 10 == 0, -1, np.arange(N) % 3)
COLUMNS: dict[str, Any] = {"sharpness": NUMBERS, "label": (CODES, ["a", "b", "c"])}
CHOSEN = select(X, Recipe.read({"n": 60, "objectives": [{"kind": "diversity"}]})).rows
FOUND = compare(X, CHOSEN, columns=COLUMNS)


def test_it_is_json_and_says_how_many() -> None:
    assert json.loads(json.dumps(FOUND)) == FOUND
    assert (FOUND["tiles"], FOUND["chosen"], FOUND["approximations"]) == (N, 60, [])


def test_numbers_come_as_histograms_of_the_whole_and_of_the_chosen() -> None:
    told = FOUND["columns"]["sharpness"]
    assert (len(told["edges"]), len(told["all"])) == (33, 32)
    assert sum(told["all"]) == N - 10
    assert sum(told["chosen"]) == int(np.isfinite(NUMBERS[CHOSEN]).sum())
    assert told["unknown"] == {"all": 10, "chosen": int(np.isnan(NUMBERS[CHOSEN]).sum())}


def test_texts_come_as_counts_the_most_frequent_first() -> None:
    told = FOUND["columns"]["label"]
    assert sum(one["all"] for one in told["values"]) == (CODES >= 0).sum()
    assert sum(one["chosen"] for one in told["values"]) == (CODES[CHOSEN] >= 0).sum()
    assert told["unknown"]["all"] == (CODES < 0).sum()


def test_coverage_is_the_distance_to_the_nearest_chosen_tile() -> None:
    wide = X.astype(np.float64) / np.linalg.norm(X, axis=1, keepdims=True)
    far = np.sqrt(np.maximum(2 - 2 * (wide @ wide[CHOSEN].T).max(axis=1), 0))
    expected = {"mean": far.mean(), "median": np.median(far), "p95": np.percentile(far, 95), "max": far.max()}
    assert FOUND["coverage"]["chosen"] == pytest.approx(expected, abs=1e-3)


def test_k_center_leaves_no_tile_as_far_as_random_does() -> None:
    assert FOUND["coverage"]["chosen"]["max"] < FOUND["coverage"]["random"]["max"]


def test_all_clusters_are_reached_by_the_whole_and_some_by_a_few() -> None:
    assert compare(X, np.arange(N), clusters=20)["clusters"] == {"count": 20, "chosen": 1.0, "random": 1.0}
    assert compare(X, CHOSEN[:2], clusters=20)["clusters"]["chosen"] <= 0.1


def test_chosen_tiles_lie_farther_apart_than_random_ones() -> None:
    told = FOUND["neighbours"]
    assert sum(told["chosen"]) == sum(told["random"]) == 60
    assert told["median"]["chosen"] > told["median"]["random"]


def test_one_chosen_tile_has_no_neighbour() -> None:
    told = compare(X, CHOSEN[:1])["neighbours"]
    assert told["median"] == {"chosen": None, "random": None}
    assert sum(told["chosen"]) == 0


def test_only_allowed_tiles_count() -> None:
    allowed = np.arange(N) < 500
    told = compare(X, CHOSEN, allowed=allowed)
    assert (told["tiles"], told["chosen"]) == (500, int((CHOSEN < 500).sum()))


def test_of_too_many_tiles_a_sample_is_looked_at_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "_PRODUCTS", 1000)
    monkeypatch.setattr(comparing, "_LEAST", 200)
    told = compare(X, CHOSEN)
    assert told["approximations"] == ["Coverage is sampled: of 200 of 1,500 tiles, drawn at random."]
    assert told["coverage"]["chosen"]["mean"] == pytest.approx(FOUND["coverage"]["chosen"]["mean"], rel=0.1)


def test_a_column_that_is_flat_or_unknown_is_told_too() -> None:
    columns = {"flat": np.ones(N), "none": np.full(N, np.nan)}
    told = compare(X, CHOSEN, columns=columns)["columns"]
    assert sum(told["flat"]["all"]) == N
    assert told["none"]["unknown"] == {"all": N, "chosen": 60}


def test_nothing_chosen_is_refused() -> None:
    for rows in (np.empty(0, np.int64), np.array([700])):
        with pytest.raises(BadSelection, match="Nothing is chosen among these tiles"):
            compare(X, rows, allowed=np.arange(N) < 500)


def test_rows_that_there_are_not_are_refused() -> None:
    with pytest.raises(BadSelection, match="names rows outside the 1,500 tiles"):
        compare(X, np.array([N]))
