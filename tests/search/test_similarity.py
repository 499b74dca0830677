from datetime import date

import numpy as np
import pytest

from ml.errors import NoTextTower
from search import grid, library, similarity, thinning
from search.errors import BadKey, BadQuery, NoSuchTile, NotIndexed
from search.models import Scene, Shard
from search.query import Query
from tests.factories import build_all, make_gallery, make_map

MARCH, JANUARY = date(2004, 3, 1), date(2004, 1, 1)
SAHARA, AMAZON = (15, 23), (-63, -5)


def key_at(dataset, place, level=5, day=MARCH):
    scene = next(s for s in Scene.objects.filter(product__dataset=dataset) if s.date == day)
    return scene.address(level, *grid.GEOGRAPHIC.tile_at(*place, level)).pack()


def find(world, place=SAHARA, **changes):
    changes = {"levels": (5,), **changes}
    return similarity.search(world, Query(positives=(key_at(world, place),), **changes))


def columns_of(world, level, day):
    shard = next(s for s in Shard.objects.of(world) if s.level == level and s.scene.date == day)
    return library.opened(shard)


def brute_force(world, vector, k, level=5):
    scored = []
    for day in (JANUARY, MARCH):
        columns = columns_of(world, level, day)
        scores = columns.vectors.astype(np.float32) @ vector
        scored += zip(columns.keys.tolist(), scores.tolist(), strict=True)
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:k]


def test_results_equal_an_exact_search_over_all_shards(world):
    answer = find(world, k=50, exclude_query=False)
    vector = similarity.tile_vector(world, key_at(world, SAHARA))
    exact = brute_force(world, vector, 50)
    assert [hit.score for hit in answer.hits] == pytest.approx([score for _, score in exact], abs=1e-3)


def test_the_query_itself_is_left_out(world):
    assert key_at(world, SAHARA) not in [hit.key for hit in find(world).hits]


def test_the_query_itself_comes_first_when_it_may(world):
    first = find(world, exclude_query=False).hits[0]
    assert first.key == key_at(world, SAHARA)
    assert first.score == pytest.approx(1, abs=1e-3)


def test_scores_fall(world):
    scores = [hit.score for hit in find(world).hits]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("k", [1, 7, 1000])
def test_as_many_results_as_asked_for(world, k):
    assert len(find(world, k=k).hits) == k


def test_desert_finds_desert_and_not_forest(world):
    found = find(world, k=20, spread=True).hits
    amazon = similarity.tile_vector(world, key_at(world, AMAZON))
    sahara = similarity.tile_vector(world, key_at(world, SAHARA))
    vectors = [similarity.tile_vector(world, hit.key) for hit in found]
    assert all(v @ sahara > v @ amazon for v in vectors)


def test_the_query_vector_is_rocchios(world):
    a, b, c = (key_at(world, place) for place in (SAHARA, AMAZON, (0, 0)))
    va, vb, vc = (similarity.tile_vector(world, key) for key in (a, b, c))
    expected = (va + vb) / 2 - similarity.GAMMA * vc
    q = similarity.query_vector(world, Query(positives=(a, b), negatives=(c,)))
    assert q == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)


def test_a_negative_pushes_its_like_down(world):
    negative = key_at(world, (0, 0))
    query = Query(positives=(key_at(world, SAHARA),), levels=(5,), k=1000)
    before = [hit.key for hit in similarity.search(world, query).hits]
    after = similarity.search(world, Query(positives=query.positives, negatives=(negative,), levels=(5,), k=1000))
    assert {hit.key for hit in after.hits} != set(before)
    assert negative not in {hit.key for hit in after.hits}


def test_levels_choose_the_shards(world):
    answer = find(world, levels=(4,))
    assert (answer.shards, answer.tiles) == (2, 400)


def test_dates_choose_the_shards(world):
    answer = find(world, first=JANUARY, last=date(2004, 1, 31))
    assert (answer.shards, answer.tiles) == (1, 800)


def test_products_choose_the_shards(world):
    with pytest.raises(BadQuery, match="No imagery matches"):
        find(world, products=("infrared",))


@pytest.mark.parametrize("area", [(0, 0, 40, 40), (170, -60, -170, 60), (-180, -90, 180, 90)])
def test_an_area_holds_every_result_and_none_is_missed(world, area):
    answer = find(world, area=area, k=1000)
    west, south, east, north = area
    columns = columns_of(world, 5, MARCH)
    lon = (columns.column("west") + columns.column("east")) / 2
    lat = (columns.column("south") + columns.column("north")) / 2
    inside = (
        ((lon >= west) & (lon <= east) if west < east else (lon >= west) | (lon <= east))
        & (lat >= south)
        & (lat <= north)
    )
    assert len(answer.hits) == min(1000, 2 * inside.sum() - (key_at(world, SAHARA) in columns.keys[inside]))


def test_a_metric_range_is_exact(world):
    answer = find(world, metrics={"luminance": (100, None)}, k=1000, exclude_query=False)
    bright = sum((columns_of(world, 5, day).column("luminance") >= 100).sum() for day in (JANUARY, MARCH))
    assert len(answer.hits) == bright > 0


def test_a_minimum_score_holds(world):
    hits = find(world, min_score=0.9, k=1000).hits
    assert 0 < len(hits) < 1000
    assert min(hit.score for hit in hits) >= 0.9


def test_spread_results_touch_neither_each_other_nor_the_query(world):
    hits = find(world, spread=True, k=100).hits
    centres, spans = thinning.places(np.array([key_at(world, SAHARA), *(hit.key for hit in hits)]), world.grid)
    lon = np.abs(centres[:, None, 0] - centres[None, :, 0])
    apart = np.maximum(np.minimum(lon, 360 - lon), np.abs(centres[:, None, 1] - centres[None, :, 1]))
    np.fill_diagonal(apart, 360)
    assert len(hits) == 100
    assert apart.min() > spans[0] * 1.01


def test_no_two_results_are_near_identical(world):
    hits = find(world, (-140, -30), exclude_duplicates=True, k=30).hits  # the ocean: hundreds of equal tiles
    vectors = np.stack([similarity.tile_vector(world, hit.key) for hit in hits])
    likeness = vectors @ vectors.T - 2 * np.eye(len(vectors))
    assert likeness.max() < 0.9955


def test_a_tile_of_a_level_that_is_not_indexed_can_be_asked(world):
    answer = similarity.search(world, Query(positives=(key_at(world, SAHARA, level=6),), levels=(5,)))
    assert len(answer.hits) == 50


def test_a_tile_has_the_same_vector_from_its_pixels_as_from_its_shard(world):
    key = key_at(world, SAHARA)
    indexed = similarity.tile_vector(world, key)
    Shard.objects.of(world).update(folder="")
    assert similarity.tile_vector(world, key) @ indexed > 0.999


@pytest.mark.django_db
def test_unfinished_shards_are_named_and_the_others_answer():
    dataset = make_map("partly", levels=(3, 4))
    from search import building

    building.build_here(Shard.objects.of(dataset).get(level=4))
    key = key_at(dataset, SAHARA, 4, JANUARY)
    answer = similarity.search(dataset, Query(positives=(key,)))
    assert answer.shards == 1
    assert [(s["level"], s["status"]) for s in answer.skipped] == [(3, "waiting")]


@pytest.mark.django_db
def test_a_dataset_without_finished_shards_says_so():
    dataset = make_map("waiting")
    with pytest.raises(NotIndexed, match="still being indexed"):
        similarity.search(dataset, Query(positives=(key_at(dataset, SAHARA, 4, JANUARY),)))


@pytest.mark.django_db
def test_a_dataset_without_shards_says_what_to_do():
    dataset = make_map("bare")
    Shard.objects.of(dataset).delete()
    with pytest.raises(NotIndexed, match="embed bare"):
        similarity.search(dataset, Query(positives=(key_at(dataset, SAHARA, 4, JANUARY),)))


@pytest.mark.django_db
def test_pictures_of_a_gallery_find_each_other(tmp_path):
    dataset = build_all(make_gallery(tmp_path / "g", count=4))
    key = Scene.objects.get(product__dataset=dataset).address(0, 0, 2).pack()
    answer = similarity.search(dataset, Query(positives=(key,), spread=True))
    assert len(answer.hits) == 3


def test_text_is_refused_where_the_encoder_knows_none(world):
    with pytest.raises(NoTextTower, match="pictures only"):
        similarity.search(world, Query(text="an island"))


def test_another_datasets_tile_is_refused(world):
    with pytest.raises(BadKey, match="not one of"):
        similarity.search(world, Query(positives=(world.number + 1 << 54 | 1 << 48,)))


def test_a_tile_of_a_date_that_is_not_there_is_refused(world):
    scene = Scene.objects.filter(product__dataset=world).first()
    scene.day += 1
    with pytest.raises(NoSuchTile, match="no imagery"):
        similarity.search(world, Query(positives=(scene.address(5, 0, 0).pack(),)))


def test_a_picture_that_has_expired_is_refused(world):
    with pytest.raises(NoSuchTile, match="drop it"):
        similarity.search(world, Query(pictures=("ab" * 16,)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"positives": ()}, "Nothing to look for"),
        ({"k": 0}, "1 to 1000"),
        ({"k": 10**9}, "1 to 1000"),
        ({"negatives": (1,), "positives": (1,)}, "both a positive and a negative"),
        ({"first": date(2005, 1, 1), "last": date(2004, 1, 1)}, "backwards"),
        ({"area": (0, 10, 10, 0)}, "south below north"),
        ({"area": (0, float("nan"), 10, 0)}, "south below north"),
        ({"area": (-500, 0, 10, 10)}, "west, south"),
        ({"metrics": {"luminance": (5, 1)}}, "empty"),
        ({"positives": tuple(range(1, 200))}, "Too many"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(changes, message):
    with pytest.raises(BadQuery, match=message):
        Query(**{"positives": (1,), **changes}).checked()


def test_an_unknown_metric_is_refused(world):
    with pytest.raises(BadQuery, match="no metric 'beauty'"):
        find(world, metrics={"beauty": (0, 1)})


def test_examples_that_cancel_out_are_refused(world, monkeypatch):
    monkeypatch.setattr(similarity, "GAMMA", 1.0)
    monkeypatch.setattr(similarity, "tile_vector", lambda *_: np.eye(1, world.encoder.dim, dtype=np.float32)[0])
    with pytest.raises(BadQuery, match="cancel"):
        similarity.search(world, Query(positives=(1,), negatives=(2,)))
