"""What select refuses, and what it says about values that are missing."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.errors import BadSelection
from ml.selection import Recipe, Selection, select
from tests.ml.making import clustered

N = 100
X = clustered(N)
SHARP = np.arange(N, dtype=np.float32)
HALF = np.where(np.arange(N) < 50, np.nan, SHARP)
COLUMNS: dict[str, Any] = {
    "sharpness": SHARP,
    "half": HALF,
    "none": np.full(N, np.nan),
    "flat": np.ones(N),
    "label": (np.arange(N) % 2, ["a", "b"]),
    "one": (np.zeros(N, int), ["a"]),
    "some": (np.where(np.arange(N) < 90, -1, np.arange(N) % 2), ["a", "b"]),
    "many": (np.arange(N), [str(i) for i in range(N)]),
}


def chosen(vectors: NDArray[np.floating] = X, columns: dict[str, Any] = COLUMNS, **recipe: Any) -> Selection:
    others = {name: recipe.pop(name) for name in ("allowed", "before", "similar_to") if name in recipe}
    return select(vectors, Recipe.read({"n": 10, **recipe}), columns=columns, **others)


def weight(column: str) -> list[dict[str, Any]]:
    return [{"kind": "weight", "column": column}]


def balance(column: str, **more: Any) -> list[dict[str, Any]]:
    return [{"kind": "balance", "column": column, **more}]


def broken(value: float, rows: slice = slice(0, 3)) -> NDArray[np.float32]:
    vectors = X.copy()
    vectors[rows] = value
    return vectors


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"n": 101}, "You ask for 101 tiles of the 100. Ask for 100 or fewer."),
    ({"n": 20, "thresholds": {"sharpness": [90, None]}}, "20 tiles of the 10 that filter and thresholds leave"),
    ({"n": 60, "allowed": np.arange(N) < 50}, "60 tiles of the 50"),
    ({"allowed": np.zeros(N, bool)}, "The filter leaves no tile"),
    ({"thresholds": {"blur": [0, 1]}}, "no column blur. Known are: flat, half, label"),
    ({"thresholds": {"label": [0, 1]}}, "A threshold needs a column of numbers; label holds texts"),
    (
        {"thresholds": {"sharpness": [None, 10], "half": [80, None]}},
        "leave none of 100 tiles: sharpness from anything to 10 leaves 11; half from 80 to anything leaves 20",
    ),
    ({"objectives": weight("blur")}, "no column blur"),
    ({"objectives": weight("label")}, "A weight needs a column of numbers; label holds texts"),
    ({"objectives": weight("none")}, "None of 100 tiles has a none"),
    ({"objectives": balance("one")}, "All tiles have the same one: .* Leave it out"),
    ({"objectives": balance("flat")}, "All tiles have the same flat"),
    ({"objectives": balance("label", target={"a": 0.5, "z": 0.5})}, "label has no z. Known are: a, b"),
    ({"objectives": balance("sharpness", target={"a": 1.0})}, 'holds numbers: its target is "uniform" or "input"'),
    ({"objectives": [{"kind": "similarity", "collection": "x"}]}, "no examples called x. Known are: none"),
    ({"before": np.array([3, 100])}, "names rows outside the 100 tiles"),
    ({"before": np.array([-1])}, "names rows outside the 100 tiles"),
    ({"before": np.arange(N)}, "All 100 tiles are chosen already"),
    (
        {"before": np.array([0]), "duplicates": {"distance": 2}},
        "Each of 99 tiles is closer than 2 to one that is chosen",
    ),
    ({"vectors": np.empty((0, 4))}, "There are no vectors to choose from"),
    ({"vectors": np.ones(N)}, "There are no vectors to choose from"),
    ({"vectors": broken(np.nan, slice(None))}, "None of 100 vectors is finite"),
    ({"allowed": np.ones(3, bool)}, "100 vectors need 100 flags"),
    ({"columns": {"short": np.ones(3)}, "objectives": weight("short")}, "short has 3 values for 100 tiles"),
]


@pytest.mark.parametrize(("asked", "message"), REFUSED)
def test_what_cannot_be_chosen_is_refused_with_what_to_change(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(BadSelection, match=message):
        chosen(**asked)


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        (np.empty(0, np.int64), "x is empty"),
        (np.array([100]), "x names rows outside the 100 tiles"),
        (np.ones((2, 3)), "not such as those of the tiles"),
        (np.zeros((2, X.shape[1])), "not such as those of the tiles"),
    ],
)
def test_examples_that_cannot_be_compared_are_refused(examples: NDArray[Any], message: str) -> None:
    with pytest.raises(BadSelection, match=message):
        chosen(objectives=[{"kind": "similarity", "collection": "x"}], similar_to={"x": examples})


def test_a_balance_over_too_many_values_is_refused() -> None:
    vectors, codes = clustered(1200), np.arange(1200)
    columns = {"name": (codes, [str(i) for i in range(1200)])}
    with pytest.raises(BadSelection, match=r"name has 1,200 different values; a balance takes 1,000"):
        chosen(vectors, columns, objectives=balance("name"))


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_vectors_without_a_direction_are_left_out_and_counted(value: float) -> None:
    found = chosen(broken(value), share=1, n=None)
    assert found.notes == ["3 of 100 tiles have a vector that is not finite or all 0: left out."]
    assert sorted(found.rows.tolist()) == list(range(3, N))


def test_a_vector_without_a_direction_among_those_chosen_before_does_no_harm() -> None:
    found = chosen(broken(np.nan), before=np.array([0, 5]))
    assert not {0, 1, 2, 5} & set(found.rows.tolist())
    assert np.isfinite(found.distances).all()


def test_tiles_without_the_weights_value_are_left_out_and_counted() -> None:
    found = chosen(objectives=weight("half"), share=1, n=None)
    assert found.notes == ["50 tiles have no half: the weight leaves them out."]
    assert sorted(found.rows.tolist()) == list(range(50, N))
    assert found.stopped_by == "nothing left"


def test_tiles_without_the_thresholds_value_are_left_out_and_counted() -> None:
    found = chosen(thresholds={"half": [None, 1000]})
    assert found.notes == ["50 tiles have no half: the threshold on it leaves them out."]
    assert (found.rows >= 50).all()


def test_tiles_of_an_unknown_class_are_left_out_and_counted() -> None:
    found = chosen(objectives=balance("some"))
    assert found.notes == ["90 tiles have no some: the balance leaves them out."]
    assert sorted(found.rows.tolist()) == list(range(90, N))
