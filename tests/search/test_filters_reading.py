"""The JSON of a filter, and what is refused of it."""

from datetime import date

import pytest

from search import filters
from search.errors import BadQuery
from search.filters import Filter, Labels, Scores

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [20, 0], [20, 20], [0, 20], [0, 0]]]}
EVERYTHING = {
    "products": ["true-colour"], "levels": [4, 5], "from": "2004-01-01", "to": "2004-02-01", "bbox": [0, 0, 9, 9],
    "polygon": SQUARE, "metrics": {"sharpness": [10, None]}, "values": {"station": ["a", "b"]},
    "labels": [{"campaign": 3, "answers": ["yes"]}], "scores": [{"campaign": 3, "sweep": 1, "range": [0.5, None]}],
    "collections": ["a"], "not_collections": ["b"],
}  # fmt: skip


def test_all_that_a_filter_says_is_read():
    assert filters.read(EVERYTHING) == Filter(
        products=("true-colour",), levels=(4, 5), first=date(2004, 1, 1), last=date(2004, 2, 1), area=(0, 0, 9, 9),
        polygon=SQUARE, metrics={"sharpness": (10, None)}, values={"station": ("a", "b")},
        labels=(Labels(3, ("yes",)),), scores=(Scores(3, 1, 0.5, None),), collections=("a",), not_collections=("b",),
    )  # fmt: skip


def test_what_is_read_is_written_as_it_was():
    assert filters.as_json(filters.read(EVERYTHING)) == EVERYTHING


def test_what_is_null_or_empty_does_not_filter():
    assert filters.read(dict.fromkeys(EVERYTHING)) == filters.read({"levels": [], "metrics": {}}) == Filter()
    assert filters.as_json(Filter()) == {}


def test_bounds_of_dates_are_days_since_1970():
    assert filters.read({"metrics": {"taken": ["1970-01-02", None]}}).metrics == {"taken": (1.0, None)}


def test_answers_may_be_left_out_for_any_label():
    assert filters.read({"labels": [{"campaign": 3}]}).labels == (Labels(3),)


REFUSED = [
    ([], "A filter is a JSON object"),
    ({"sharpness": [1, 2]}, "has no sharpness. It may have: products, levels, from"),
    ({"products": "true-colour"}, "products must be a list"),
    ({"products": [7]}, "products must be a list of texts: '7'"),
    ({"levels": ["5"]}, "levels must be a whole number"),
    ({"levels": [True]}, "levels must be a whole number"),
    ({"levels": [99]}, "There is no level 99"),
    ({"levels": list(range(2000))}, "2,000 entries; 1,000 are allowed"),
    ({"from": "yesterday"}, "from must be a date: write YYYY-MM-DD"),
    ({"from": "1500-01-01"}, "dates begin with 1900-01-01"),
    ({"from": "2004-02-01", "to": "2004-01-01"}, "The dates run backwards"),
    ({"bbox": [0, 0, 9]}, "bbox must be four numbers"),
    ({"bbox": [0, 0, 9, float("nan")]}, "'nan' is not a number"),
    ({"bbox": [0, 9, 9, 0]}, "with south below north"),
    ({"metrics": [1, 2]}, "metrics must be an object"),
    ({"metrics": {"sharpness": 10}}, r"must be \[low, high\]"),
    ({"metrics": {"sharpness": [10, 5]}}, "The range of sharpness is empty: from 10 to 5"),
    ({"metrics": {"sharpness": [float("nan"), 5]}}, "'nan' is not a number"),
    ({"metrics": {"sharpness": [float("inf"), None]}}, "'inf' is not a number"),
    ({"metrics": {"sharpness": ["much", None]}}, "'much' is not a number"),
    ({"values": {"station": []}}, "give at least one, or leave station out"),
    ({"values": {"station": "a"}}, "station must be a list"),
    ({"labels": [3]}, "labels must be a list such as"),
    ({"labels": [{"campaign": "three"}]}, "campaign must be a whole number"),
    ({"labels": [{"campaign": 3, "answer": "yes"}]}, "labels must be a list such as"),
    ({"scores": [{"campaign": 3}]}, "Which sweep's scores?"),
    ({"scores": [{"campaign": 3, "sweep": 1, "range": [0.9, 0.1]}]}, "the scores of campaign 3 is empty"),
    ({"collections": ["a"], "not_collections": ["a"]}, "both in 'a' and not in it"),
]


@pytest.mark.parametrize(("data", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_what_cannot_be_is_refused_with_what_to_change(data, said):
    with pytest.raises(BadQuery, match=said):
        filters.read(data)


def polygon(*places):
    return {"polygon": {"type": "Polygon", "coordinates": [[list(place) for place in places]]}}


CROSSED = polygon((0, 0), (10, 10), (10, 0), (0, 10), (0, 0))
WRONG = [
    ({"polygon": "square"}, "must be GeoJSON"),
    ({"polygon": {"type": "Point", "coordinates": [0, 0]}}, "must be GeoJSON"),
    ({"polygon": {"type": "Polygon", "coordinates": []}}, "is empty"),
    ({"polygon": {"type": "Polygon"}}, "is empty: draw one"),
    (polygon((0, 0), (1, 1)), "cannot be read|cannot be used"),
    (polygon((0, 0), (0, "north"), (1, 1), (0, 0)), "cannot be read|not numbers"),
    (polygon((0, 0), (float("nan"), 1), (1, 1), (0, 0)), "not numbers"),
    (polygon((0, 0), (9, 0), (9, 95), (0, 0)), "not on Earth"),
    (polygon((0, 0), (5, 5), (9, 9), (0, 0)), "cannot be used|no area"),
    (CROSSED, r"Self-intersection\[5 5\]. Draw it without crossing itself"),
    (polygon(*((i / 1e4, (i % 2) + 1) for i in range(20_001)), (2, 0), (0, 0), (0, 1)), "simplify it to 20,000"),
]


@pytest.mark.parametrize(("data", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_polygon_that_is_none_is_refused(data, said):
    with pytest.raises(BadQuery, match=said):
        filters.read(data)
