"""Recipes: what is read, and what is refused with a sentence that says what to change."""

from typing import Any

import pytest

from ml.errors import BadSelection
from ml.selection import Recipe
from ml.selection.recipe import Balance, Diversity, Similarity, Typicality, Weight

FULL = {
    "n": 500,
    "seed": 7,
    "min_distance": 0.05,
    "duplicates": {"distance": 0.02},
    "objectives": [
        {"kind": "diversity", "method": "facility-location", "strength": 2.0},
        {"kind": "typicality", "neighbours": 5, "wanted": "outliers", "strength": 0.5},
        {"kind": "weight", "column": "sharpness", "prefer": "low", "strength": 1.0},
        {"kind": "balance", "column": "label", "bins": 4, "target": {"a": 0.25, "b": 0.75}, "strength": 1.0},
        {"kind": "similarity", "collection": "storms", "strength": 3.0},
    ],
    "thresholds": {"sharpness": [10.0, None]},
    "filter": {"levels": [5]},
    "name": "worth it",
}


def test_a_recipe_is_read_and_written_back_the_same() -> None:
    assert Recipe.read(FULL).as_json() == FULL


def test_objectives_get_their_defaults() -> None:
    kinds = [
        {"kind": "diversity"},
        {"kind": "typicality"},
        {"kind": "weight", "column": "a"},
        {"kind": "balance", "column": "b"},
        {"kind": "similarity", "collection": "c"},
    ]
    read = Recipe.read({"share": 0.1, "objectives": kinds})
    assert read.objectives == (Diversity(), Typicality(), Weight("a"), Balance("b"), Similarity("c"))
    assert Recipe.read(read.as_json()) == read


def test_a_recipe_knows_which_columns_it_reads() -> None:
    assert Recipe.read(FULL).columns() == ["sharpness", "label"]


def test_a_minimum_distance_alone_is_enough_to_know_when_to_stop() -> None:
    assert Recipe.read({"min_distance": 0.3}).n is None


def test_the_sites_own_fields_are_kept() -> None:
    assert Recipe.read(FULL).site == {"filter": {"levels": [5]}, "name": "worth it"}


BAD = [
    ({}, "Say how many tiles: give n, or share, or min_distance."),
    ({"n": 5, "share": 0.1}, "either n .* or share .*, not both"),
    ({"n": 0}, "n must be a whole number from 1 on, not 0"),
    ({"n": -3}, "n must be a whole number from 1 on, not -3"),
    ({"n": 2.5}, "n must be a whole number from 1 on, not 2.5"),
    ({"n": True}, "n must be a whole number"),
    ({"n": "ten"}, "n must be a whole number"),
    ({"share": 0}, "share must be a number above 0 and up to 1, not 0"),
    ({"share": 1.2}, "share must be a number above 0 and up to 1, not 1.2"),
    ({"share": float("nan")}, "share must be a number above 0"),
    ({"min_distance": 0}, "min_distance must be a number above 0 and up to 2"),
    ({"min_distance": 2.5}, "min_distance must be a number above 0 and up to 2"),
    ({"n": 5, "seed": -1}, "seed must be a whole number from 0 on"),
    ({"n": 5, "duplicates": {}}, "Say from which distance on tiles are copies"),
    ({"n": 5, "duplicates": 0.1}, "duplicates must be a JSON object"),
    ({"n": 5, "duplicates": {"distance": -1}}, "distance must be a number above 0"),
    ({"n": 5, "duplicates": {"distance": 1, "far": 2}}, "Unknown in duplicates: far. Known are distance"),
    ({"n": 5, "colour": "red"}, "Unknown in a recipe: colour. Known are n, share"),
    ({"n": 5, "objectives": {}}, "objectives is a list"),
    ({"n": 5, "objectives": ["diversity"]}, "An objective is an object"),
    ({"n": 5, "objectives": [{"kind": "beauty"}]}, 'kind must be "diversity", "typicality", .* not \'beauty\''),
    ({"n": 5, "objectives": [{}]}, "kind must be"),
    (
        {"n": 5, "objectives": [{"kind": "diversity", "method": "best"}]},
        'method must be "k-center" or "facility-location"',
    ),
    (
        {"n": 5, "objectives": [{"kind": "diversity", "strength": -1}]},
        "strength must be a number from 0 to 100, not -1",
    ),
    ({"n": 5, "objectives": [{"kind": "diversity", "strength": float("inf")}]}, "strength must be a number"),
    ({"n": 5, "objectives": [{"kind": "diversity", "colour": 1}]}, "Unknown in diversity: colour"),
    (
        {"n": 5, "objectives": [{"kind": "typicality", "neighbours": 0}]},
        "neighbours must be a whole number from 1 to 1000",
    ),
    ({"n": 5, "objectives": [{"kind": "typicality", "wanted": "odd"}]}, 'wanted must be "typical" or "outliers"'),
    ({"n": 5, "objectives": [{"kind": "weight"}]}, "weight needs the name of a column"),
    ({"n": 5, "objectives": [{"kind": "weight", "column": "a", "prefer": "both"}]}, 'prefer must be "high" or "low"'),
    (
        {"n": 5, "objectives": [{"kind": "balance", "column": "a", "bins": 1}]},
        "bins must be a whole number from 2 to 100",
    ),
    (
        {"n": 5, "objectives": [{"kind": "balance", "column": "a", "target": "even"}]},
        'target must be "uniform", "input"',
    ),
    (
        {"n": 5, "objectives": [{"kind": "balance", "column": "a", "target": {"x": 0.5, "y": 0.4}}]},
        "sum to 0.9; .* to 1",
    ),
    (
        {"n": 5, "objectives": [{"kind": "balance", "column": "a", "target": {"x": -1, "y": 2}}]},
        "The share of x must be",
    ),
    ({"n": 5, "objectives": [{"kind": "similarity"}]}, "similarity needs the name of a collection"),
    ({"n": 5, "thresholds": []}, "thresholds must be a JSON object"),
    ({"n": 5, "thresholds": {"a": 3}}, "The threshold on a must be \\[least, most\\]"),
    ({"n": 5, "thresholds": {"a": [1, "x"]}}, "The threshold on a must be two numbers"),
    ({"n": 5, "thresholds": {"a": [3, 1]}}, "goes from 3 to 1: nothing lies between"),
]


@pytest.mark.parametrize(("recipe", "message"), BAD)
def test_a_bad_recipe_is_refused_with_what_to_change(recipe: dict[str, Any], message: str) -> None:
    with pytest.raises(BadSelection, match=message):
        Recipe.read(recipe)


def test_what_is_no_recipe_at_all_is_refused() -> None:
    with pytest.raises(BadSelection, match="a recipe must be a JSON object"):
        Recipe.read([1, 2])  # type: ignore[arg-type]
