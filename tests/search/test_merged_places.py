"""A search over several levels, with results of one place merged."""

import numpy as np
import pytest

from search import grid, keys, similarity, thinning
from search.models import Scene
from search.query import Query

NOTHING = np.empty(0, np.int64)


def tile(level, row, col, day=1):
    return keys.TileAddress(1, 1, day, level, row, col).pack()


def merged(*tiles, taken=()):
    """-> the keys that stay, and {key: keys merged into it}; tiles come best first."""
    packed = np.array(tiles, np.int64)
    rows, into = thinning.merged_places(packed, np.arange(len(packed)), np.array(taken, np.int64))
    return packed[rows].tolist(), {tiles[row]: [tiles[other] for other in others] for row, others in into.items()}


def test_a_tile_joins_the_better_one_that_holds_it():
    large, small = tile(5, 3, 4), tile(7, 13, 18)
    assert merged(large, small) == ([large], {large: [small]})


def test_a_tile_joins_the_better_one_that_it_holds():
    large, small = tile(5, 3, 4), tile(7, 13, 18)
    assert merged(small, large) == ([small], {small: [large]})


def test_of_two_places_in_a_large_tile_it_joins_the_better():
    better, worse, large = tile(6, 6, 8), tile(6, 7, 9), tile(5, 3, 4)
    assert merged(better, worse, large) == ([better, worse], {better: [large]})


def test_two_places_inside_a_tile_that_was_merged_stay_two():
    better, large, other = tile(6, 6, 8), tile(5, 3, 4), tile(6, 7, 9)
    assert merged(better, large, other) == ([better, other], {better: [large]})


def test_tiles_of_one_level_never_merge():
    side_by_side = (tile(6, 6, 8), tile(6, 6, 9))
    assert merged(*side_by_side) == (list(side_by_side), {})


def test_other_dates_are_other_places():
    now, then = tile(5, 3, 4, day=2), tile(6, 6, 8, day=1)
    assert merged(now, then) == ([now, then], {})


def test_tiles_that_touch_across_the_date_line_are_two_places():
    east, west = tile(5, 3, grid.GEOGRAPHIC.columns(5) - 1), tile(6, 6, 0)
    assert merged(east, west) == ([east, west], {})


@pytest.mark.parametrize("col", [0, -1])
def test_nested_tiles_at_the_date_line_merge(col):
    large, small = tile(5, 3, col % grid.GEOGRAPHIC.columns(5)), tile(6, 6, col % grid.GEOGRAPHIC.columns(6))
    assert merged(large, small) == ([large], {large: [small]})


def test_what_nests_with_the_query_says_nothing_new():
    query, holds_it, elsewhere = tile(6, 6, 8), tile(5, 3, 4), tile(5, 8, 8)
    assert merged(holds_it, elsewhere, taken=[query]) == ([elsewhere], {})


def test_an_ancestor_holds_the_tile():
    small = tile(7, 13, 18)
    inner, outer = (
        grid.GEOGRAPHIC.bounds(a.level, a.row, a.col) for a in map(keys.unpack, (small, keys.ancestor(small, 4)))
    )
    assert outer[0] <= inner[0] < inner[2] <= outer[2]
    assert outer[1] <= inner[1] < inner[3] <= outer[3]


def ask(world, **changes):
    scene = Scene.objects.filter(product__dataset=world).first()
    return similarity.search(world, Query(positives=(scene.address(5, 8, 22).pack(),), merge_places=True, **changes))


def test_no_result_holds_another_and_k_results_come_still(world):
    found = [hit.key for hit in ask(world, k=300).hits]
    coarse = {key for key in found if keys.unpack(key).level == 4}
    assert len(found) == 300
    assert not coarse & {keys.ancestor(key, 4) for key in found if keys.unpack(key).level == 5}


def test_what_was_merged_is_listed_with_its_likeness_once_a_level(world):
    hits = ask(world, k=300).hits
    also = [(hit, other) for hit in hits for other in hit.also]
    assert also
    assert all(keys.unpack(hit.key).level != keys.unpack(other.key).level for hit, other in also)
    assert all(hit.score >= other.score for hit, other in also)
    assert all(len(hit.also) == 1 for hit in hits if hit.also)  # the world has two levels


def test_every_place_is_found_when_all_are_asked_for(world):
    """One date: 200 tiles of level 4, each with four of level 5 inside; one or more of the five is a result."""
    scene = Scene.objects.filter(product__dataset=world).first()
    hits = ask(world, k=1000, exclude_query=False, first=scene.date, last=scene.date).hits
    assert len({keys.ancestor(hit.key, 4) for hit in hits}) == 200
