"""A tile opened into smaller ones, and where in it is what one looks for."""

import numpy as np
import pytest

from search import grid, keys, localising, similarity
from search.errors import BadKey, BadQuery, NoSuchTile
from search.models import Scene
from search.query import Query
from tests.factories import build_all, make_gallery, make_map, make_raster


def scene_of(dataset):
    return Scene.objects.select_related("product__dataset").filter(product__dataset=dataset).first()


def key(dataset, level=4, row=3, col=10):
    return scene_of(dataset).address(level, row, col).pack()


def like(dataset, level=5, row=7, col=21):
    return Query(positives=(key(dataset, level, row, col),))


@pytest.fixture
def two_halves(db, tmp_path):
    """One tile of level 5 (0..9° E, 0..9° N): its north is blue, its south is red; only level 5 is indexed."""
    data = np.zeros((3, 90, 90), np.uint8)
    data[2, :45], data[0, 45:] = 200, 200
    paths = [make_raster(tmp_path / "halves.tif", data)]
    return build_all(make_map("halves", paths, levels=(5,), product="halves"))


BLUE, RED = (6, 18, 40), (6, 19, 40)  # level, row, col of the north-west and the south-west child


def test_children_lie_inside_the_tile_and_come_best_first(world):
    found = localising.children(world, key(world), like(world)).found
    assert {keys.ancestor(child.key, 4) for child in found} == {key(world)}
    assert len(found) == 4
    assert [child.score for child in found] == sorted((child.score for child in found), reverse=True)


def test_an_indexed_child_is_scored_as_the_search_scores_it(world):
    query = like(world)
    child = localising.children(world, key(world), query).found[0]
    vectors = similarity.tile_vector(world, child.key), similarity.query_vector(world, query)
    assert child.indexed
    assert child.score == pytest.approx(float(vectors[0] @ vectors[1]), abs=1e-3)


def test_children_that_are_not_indexed_are_embedded_and_said_to_be(world):
    found = localising.children(world, key(world), like(world), depth=2).found
    assert len(found) == 16
    assert not any(child.indexed for child in found)


def test_an_embedded_child_is_scored_as_if_it_were_a_query(world):
    child = localising.children(world, key(world, 5, 7, 21), like(world)).found[0]
    expected = similarity.tile_vector(world, child.key) @ similarity.query_vector(world, like(world))
    assert child.score == pytest.approx(float(expected), abs=0.02)


def test_the_half_that_looks_like_the_query_comes_first(two_halves):
    found = localising.children(two_halves, key(two_halves, 5, 9, 20), like(two_halves, *RED)).found
    assert [keys.unpack(child.key).row for child in found] == [19, 19, 18, 18]


def test_filters_of_the_search_do_not_count(world):
    query = Query(positives=(key(world),), area=(0, 80, 1, 81), min_score=0.999)
    assert len(localising.children(world, key(world), query).found) == 4


def test_children_without_data_are_left_out_and_counted(two_halves):
    children = localising.children(two_halves, key(two_halves, 4, 4, 10), like(two_halves, 5, 9, 20), depth=1)
    assert (len(children.found), children.empty) == (1, 3)


def test_children_say_how_many_pixels_they_have(two_halves):
    assert localising.children(two_halves, key(two_halves, 5, 9, 20), like(two_halves, 5, 9, 20), 3).pixels == 11.25


@pytest.mark.parametrize("depth", [0, 4])
def test_a_depth_beyond_three_levels_is_refused(world, depth):
    with pytest.raises(BadQuery, match="depth"):
        localising.children(world, key(world), like(world), depth)


def test_below_the_finest_level_there_is_nothing(world):
    with pytest.raises(NoSuchTile, match="finest"):
        localising.children(world, key(world, grid.GEOGRAPHIC.deepest, 0, 0), like(world))


def test_a_tile_of_another_dataset_is_refused(world, two_halves):
    with pytest.raises(BadKey):
        localising.children(world, key(two_halves), like(world))


def test_heat_is_read_from_the_index_where_it_is_fine_enough(world):
    heat = localising.heat(world, key(world, 3, 1, 5), like(world))
    assert (heat.level, heat.window, heat.values.shape) == (5, 0.25, (4, 4))


def test_heat_from_the_index_lies_where_the_children_do(world):
    heat = localising.heat(world, key(world, 3, 1, 5), like(world, 5, 5, 22))
    assert np.unravel_index(np.argmax(heat.values), (4, 4)) == (1, 2)  # the query's own tile


def test_heat_without_an_index_shows_the_half_that_is_alike(two_halves):
    heat = localising.heat(two_halves, key(two_halves, 5, 9, 20), like(two_halves, *RED))
    assert (heat.level, heat.values.shape) == (None, (8, 8))
    assert heat.values[5:].min() > heat.values[:3].max()


def test_heat_has_no_value_where_there_is_no_data(two_halves):
    values = localising.heat(two_halves, key(two_halves, 4, 4, 10), like(two_halves, 5, 9, 20)).values
    assert np.isfinite(values[4:, :4]).all()
    assert np.isnan(values[:3]).all()


def test_a_tile_without_data_has_no_heat(two_halves):
    with pytest.raises(NoSuchTile, match="too little data"):
        localising.heat(two_halves, key(two_halves, 5, 2, 2), like(two_halves, 5, 9, 20))


def test_the_same_tile_is_embedded_once(two_halves, monkeypatch):
    first = localising.heat(two_halves, key(two_halves, 5, 9, 20), like(two_halves, *RED)).values
    monkeypatch.setattr(localising.encoders, "loaded", None)
    again = localising.heat(two_halves, key(two_halves, 5, 9, 20), like(two_halves, 5, 9, 20)).values
    assert first.shape == again.shape


def test_a_cell_is_the_mean_of_the_windows_over_it():
    scores = np.zeros((7, 7))
    scores[0, 0], scores[0, 1] = 1, 3
    assert localising.spread_over(scores)[0, :4].tolist() == [1, 2, 1.5, 0]


@pytest.mark.django_db
def test_a_picture_of_a_gallery_has_heat_but_no_children(tmp_path):
    dataset = build_all(make_gallery(tmp_path / "g"))
    address = keys.image_address(dataset.number, 1, scene_of(dataset).day, 0)
    query = Query(positives=(address.pack(),))
    assert np.isnan(localising.heat(dataset, address.pack(), query).values[0]).all()  # the margin
    with pytest.raises(NoSuchTile, match="gallery"):
        localising.children(dataset, address.pack(), query)


URL = "/api/v1/datasets/world/tiles"


def ask(client, what, packed, url=URL, **body):
    return client.post(f"{url}/{packed}/{what}", body, content_type="application/json")


def query_body(world):
    return {"positives": [str(key(world, 5, 7, 21))]}


def test_the_api_answers_children(client, world):
    body = ask(client, "children", key(world), query=query_body(world), depth=2).json()
    assert (len(body["results"]), body["level"], body["empty"]) == (16, 6, 0)
    assert set(body["results"][0]) == {"tile", "score", "indexed"}
    assert body["tile"]["key"] == str(key(world))


def test_the_api_answers_heat(client, world):
    body = ask(client, "heat", key(world, 5, 7, 21), query=query_body(world)).json()
    assert (body["measured"], body["level"], body["window"]) == ("windows", None, 0.25)
    assert body["low"] == min(map(min, body["values"]))


@pytest.mark.parametrize("what", ["children", "heat"])
@pytest.mark.parametrize(
    ("body", "text"),
    [({}, "query"), ({"query": 1}, "query"), ({"query": {}}, "Nothing to look for"),
     ({"query": {"positives": ["x"]}}, "not a tile key"), ({"query": {"colour": "red"}}, "Unknown field colour")],
)  # fmt: skip
def test_the_api_refuses_a_bad_query(client, world, what, body, text):
    response = ask(client, what, key(world), **body)
    assert response.status_code == 400
    assert text in response.json()["error"]["message"]


@pytest.mark.parametrize(("packed", "status"), [("nonsense", 400), ("1", 400), (str(2**63), 400)])
def test_the_api_refuses_a_bad_key(client, world, packed, status):
    assert ask(client, "heat", packed, query=query_body(world)).status_code == status


def test_the_api_refuses_a_tile_that_does_not_exist(client, world):
    assert ask(client, "children", key(world, 4, 11, 3), query=query_body(world)).status_code == 404


def test_the_api_refuses_a_depth_beyond_three(client, world):
    response = ask(client, "children", key(world), query=query_body(world), depth=4)
    assert response.status_code == 400


@pytest.mark.parametrize("what", ["children", "heat"])
def test_the_api_does_not_know_a_dataset_that_strangers_may_not_see(client, world, tmp_path, what):
    make_gallery(tmp_path / "g", "private", public=False)
    response = ask(client, what, key(world), "/api/v1/datasets/private/tiles", query=query_body(world))
    assert response.status_code == 404
