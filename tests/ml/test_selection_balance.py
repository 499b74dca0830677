"""Shares of classes, and of a number's bins, among what is chosen."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.selection import Recipe, select
from tests.ml.making import clustered

N = 1000
X = clustered(N)
RANDOM = np.random.default_rng(1)
CODES = RANDOM.choice(4, N, p=[0.7, 0.2, 0.07, 0.03])
NUMBERS = RANDOM.exponential(size=N)
COLUMNS: dict[str, Any] = {"label": (CODES, ["a", "b", "c", "d"]), "number": NUMBERS}
DIVERSE: dict[str, Any] = {"kind": "diversity"}


def chosen(*objectives: dict[str, Any], n: int = 100, **more: Any) -> NDArray[np.int64]:
    return select(X, Recipe.read({"n": n, "objectives": list(objectives)}), columns=COLUMNS, **more).rows


def balance(target: Any, **more: Any) -> dict[str, Any]:
    return {"kind": "balance", "column": "label", "target": target, **more}


def counts(rows: NDArray[np.int64]) -> list[int]:
    return np.bincount(CODES[rows], minlength=4).tolist()


def test_uniform_takes_as_many_of_each_class() -> None:
    assert counts(chosen(balance("uniform"))) == [25, 25, 25, 25]


def test_as_the_input_keeps_its_shares_to_within_one_tile() -> None:
    shares = np.bincount(CODES) / N * 100
    assert (np.abs(counts(chosen(balance("input"))) - shares) < 1).all()


def test_given_shares_are_met_and_classes_that_have_none_are_left_out() -> None:
    assert counts(chosen(balance({"b": 0.75, "c": 0.25}), n=40)) == [0, 30, 10, 0]


def test_when_the_wanted_classes_are_used_up_it_ends() -> None:
    recipe = Recipe.read({"n": 900, "objectives": [balance({"b": 0.75, "c": 0.25})]})
    found = select(X, recipe, columns=COLUMNS)
    assert len(found.rows) == ((CODES == 1) | (CODES == 2)).sum()
    assert found.stopped_by == "nothing left"


def test_a_class_that_is_used_up_leaves_the_rest_to_the_others() -> None:
    found = counts(chosen(balance("uniform"), n=400))
    assert found[3] == (CODES == 3).sum()
    assert sum(found) == 400


def test_beside_diversity_more_strength_holds_the_shares_more_firmly() -> None:
    off = [np.ptp(counts(chosen(DIVERSE, balance("uniform", strength=s)))) for s in (0, 0.3, 3)]
    assert off[0] > off[1] > off[2]
    assert off[2] <= 4


def test_inside_a_class_the_other_objectives_choose() -> None:
    rows = chosen(balance("uniform"), {"kind": "weight", "column": "number"}, n=8)
    for code in range(4):
        of_class = np.flatnonzero(code == CODES)
        best = of_class[np.argsort(-NUMBERS[of_class])][:2]
        assert set(rows[CODES[rows] == code].tolist()) == set(best.tolist())


def test_what_was_chosen_before_counts() -> None:
    before = np.flatnonzero(CODES == 0)[:20]
    assert counts(chosen(balance("uniform"), n=60, before=before)) == [0, 20, 20, 20]


def test_a_numbers_bins_come_out_level() -> None:
    rows = chosen({"kind": "balance", "column": "number", "bins": 4}, n=40)
    low, high = np.percentile(NUMBERS, (1, 99))
    edges = np.linspace(low, high, 5)
    assert np.bincount(np.searchsorted(edges[1:-1], NUMBERS[rows], side="right")).tolist() == [10, 10, 10, 10]


def test_tiles_of_an_unknown_class_keep_their_share_when_it_is_as_the_input() -> None:
    columns = {"label": (np.where(np.arange(N) < 500, -1, CODES), ["a", "b", "c", "d"])}
    recipe = Recipe.read({"n": 100, "objectives": [balance("input")]})
    rows = select(X, recipe, columns=columns).rows
    assert (rows < 500).sum() == pytest.approx(50, abs=1)


def test_two_balances_hold_together() -> None:
    other = (np.arange(N) % 2, ["even", "odd"])
    recipe = Recipe.read({"n": 80, "objectives": [balance("uniform"), {"kind": "balance", "column": "parity"}]})
    rows = select(X, recipe, columns={**COLUMNS, "parity": other}).rows
    assert counts(rows) == pytest.approx([20, 20, 20, 20], abs=2)
    assert (rows % 2).mean() == pytest.approx(0.5, abs=0.03)
