"""Which tiles a filter keeps, and that the search keeps to it."""

import shutil
from datetime import date

import numpy as np
import pytest

from search import collecting, columns, filters, frames, keys, library, similarity
from search.errors import BadQuery, NoSuchCollection
from search.filters import Filter, areas, compiling
from search.models import Scene, Shard
from search.query import Query
from tests.factories import build_all, make_gallery, make_map

pytestmark = pytest.mark.django_db
JANUARY, MARCH = date(2004, 1, 1), date(2004, 3, 1)


def ring(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def square(*sides):
    return {"type": "Polygon", "coordinates": [ring(*sides)]}


def kept(dataset, user=None, **asked):
    """Keys of the tiles that a filter keeps."""
    frame = frames.opened(dataset)
    return frame.keys[filters.compiled(dataset, filters.read(asked), user).of(frame)]


def places(dataset, found):
    level, row, col = (keys.part_of_many(found, part) for part in ("level", "row", "col"))
    return dataset.grid.centres(level, row, col)


def test_an_empty_filter_keeps_every_tile(world):
    assert len(kept(world)) == 2 * (200 + 800)


def test_products_levels_and_dates_keep_whole_shards(world):
    found = kept(world, products=["true-colour"], levels=[5], **{"from": "2004-02-01", "to": "2004-12-31"})
    assert len(found) == 800
    assert set(keys.part_of_many(found, "day")) == {keys.day_of(MARCH)}


def test_a_range_keeps_what_lies_in_it(world):
    frame = frames.opened(world)
    values = columns.numbers(frame, "luminance")
    found = kept(world, metrics={"luminance": [40, 90]})
    assert np.array_equal(found, frame.keys[(values >= 40) & (values <= 90)])
    assert 0 < len(found) < frame.count


def test_fields_are_joined_by_and(world):
    both = kept(world, metrics={"luminance": [40, 90], "mean_red": [None, 60]}, bbox=[-30, -30, 30, 30])
    one = [kept(world, metrics={"luminance": [40, 90]}), kept(world, metrics={"mean_red": [None, 60]})]
    assert set(both) == set(one[0]) & set(one[1]) & set(kept(world, bbox=[-30, -30, 30, 30]))


def test_what_is_unknown_is_not_kept_not_even_by_a_range_without_bounds(world, monkeypatch):
    monkeypatch.setattr(library.Columns, "columns", property(lambda _: []))
    assert len(kept(world, metrics={"sharpness": [None, None]})) == 0


def test_a_metric_that_older_shards_lack_is_said_to_be_unmeasured(world, monkeypatch):
    monkeypatch.setattr(columns, "names_in", lambda _: frozenset(columns.METRIC_COLUMNS) - {"sharpness"})
    lacking = [column.name for column in columns.columns_of(world) if not column.measured]
    assert lacking == ["sharpness"]


@pytest.mark.parametrize("asked", [{"bbox": [-10, -20, 40, 30]}, {"polygon": square(-10, -20, 40, 30)}])
def test_an_area_keeps_the_tiles_whose_centre_lies_in_it(world, asked):
    lon, lat = places(world, kept(world, **asked))
    assert len(lon) > 0
    assert ((lon >= -10) & (lon <= 40) & (lat >= -20) & (lat <= 30)).all()
    assert len(lon) == len(kept(world, bbox=[-10, -20, 40, 30]))


def test_a_triangle_keeps_about_half_of_its_box(world):
    triangle = {"type": "Polygon", "coordinates": [[[-60, -60], [60, -60], [60, 60], [-60, -60]]]}
    share = len(kept(world, polygon=triangle)) / len(kept(world, polygon=square(-60, -60, 60, 60)))
    assert 0.4 < share < 0.6


def test_a_hole_is_left_out(world):
    holed = {"type": "Polygon", "coordinates": [ring(-60, -60, 60, 60), ring(-30, -30, 30, 30)[::-1]]}
    outer, inner = (set(kept(world, polygon=square(*box))) for box in ((-60, -60, 60, 60), (-30, -30, 30, 30)))
    assert set(kept(world, polygon=holed)) >= outer - inner
    assert len(kept(world, polygon=holed)) < len(outer)


@pytest.mark.parametrize(
    "polygon",
    [
        square(160, -40, 200, 40),
        {"type": "Polygon", "coordinates": [[[160, -40], [-160, -40], [-160, 40], [160, 40], [160, -40]]]},
        {"type": "MultiPolygon", "coordinates": [[ring(160, -40, 180, 40)], [ring(-180, -40, -160, 40)]]},
    ],
    ids=["beyond 180", "the short way", "two parts"],
)
def test_a_polygon_may_cross_the_date_line(world, polygon):
    assert np.array_equal(kept(world, polygon=polygon), kept(world, bbox=[160, -40, -160, 40]))


def test_a_polygon_may_be_the_whole_world(world):
    assert len(kept(world, polygon=square(-180, -90, 180, 90))) == 2000


def test_a_polygon_that_holds_no_centre_leaves_nothing(world):
    assert len(kept(world, polygon=square(0.1, 0.1, 0.2, 0.2))) == 0


def test_shards_that_a_polygon_does_not_reach_are_not_opened(world):
    shard = Shard.objects.of(world).first()
    shard.scene.west, shard.scene.south, shard.scene.east, shard.scene.north = 100, 40, 120, 50
    far, near = (Filter(polygon=square(*box)) for box in ((-60, -50, -20, -20), (90, 30, 110, 45)))
    assert filters.reaching([shard], far, world.grid) == []
    assert filters.reaching([shard], near, world.grid) == [shard]


def test_pictures_of_a_gallery_have_no_place_to_filter_by(tmp_path):
    dataset = build_all(make_gallery(tmp_path / "in"))
    assert len(kept(dataset)) == 5
    with pytest.raises(BadQuery, match="have no place: leave the area out"):
        kept(dataset, bbox=[0, 0, 9, 9])


def test_an_unknown_metric_is_told_with_the_known_ones(world):
    with pytest.raises(BadQuery, match="There is no metric 'beauty': use mean_red, .*sharpness"):
        kept(world, metrics={"beauty": [1, None]})


def test_a_metric_is_no_column_of_texts(world):
    with pytest.raises(BadQuery, match="sharpness is a column of numbers: ask for it in `metrics`"):
        kept(world, values={"sharpness": ["high"]})
    with pytest.raises(BadQuery, match="There is no text column 'station': World has none|world has none"):
        kept(world, values={"station": ["a"]})


def test_tiles_of_collections_are_kept_or_left_out(world):
    every = kept(world)
    collecting.create(world, "some", every[:300], None)
    collecting.create(world, "others", every[200:500], None)
    assert np.array_equal(kept(world, collections=["some"]), every[:300])
    assert np.array_equal(kept(world, collections=["some", "others"]), every[200:300])
    assert np.array_equal(kept(world, collections=["some"], not_collections=["others"]), every[:200])
    assert np.array_equal(kept(world, not_collections=["some", "others"]), every[500:])


def test_an_unknown_collection_is_told_with_the_known_ones(world):
    collecting.create(world, "islands", [], None)
    with pytest.raises(NoSuchCollection, match="has no collection 'deserts'. There are: islands"):
        kept(world, collections=["deserts"])


def test_labels_without_campaigns_are_refused(world, monkeypatch):
    monkeypatch.setattr(compiling, "_resolvers", {})
    with pytest.raises(BadQuery, match="no campaigns: leave labels out"):
        kept(world, labels=[{"campaign": 1}])


def test_who_knows_labels_is_asked_for_each_entry_with_the_person(world, monkeypatch):
    asked = []

    def resolver(dataset, entry, user):
        asked.append((dataset, entry, user))
        return lambda some: some % 2 == 0

    monkeypatch.setattr(compiling, "_resolvers", {"labels": resolver})
    found = kept(world, labels=[{"campaign": 7, "answers": ["yes"]}])
    assert asked == [(world, filters.Labels(7, ("yes",)), None)]
    assert len(found) == (kept(world) % 2 == 0).sum()


def test_keys_are_found_among_those_held():
    some = np.array([3, 5, 8, 9])
    assert filters.contained(some, np.array([1, 5, 9, 12])).tolist() == [False, True, False, True]
    assert filters.contained(some, np.empty(0, np.int64)).tolist() == [False] * 4
    assert filters.contained(some, np.array([100])).tolist() == [False] * 4


def query(world, **changes):
    scene = next(s for s in Scene.objects.filter(product__dataset=world) if s.date == MARCH)
    tile = scene.address(5, *world.grid.tile_at(15, 23, 5)).pack()
    return Query(positives=(tile,), k=1000, **changes)


def test_a_search_finds_only_what_its_filter_keeps(world):
    every = kept(world, levels=[5])
    collecting.create(world, "some", every[::3], None)
    asked = {"polygon": square(-60, -60, 60, 60), "metrics": {"luminance": [30, None]}, "collections": ["some"]}
    found = similarity.search(world, query(world, **vars(filters.read(asked)), exclude_query=False)).hits
    assert {hit.key for hit in found} == set(kept(world, **asked).tolist())
    assert found


def test_a_search_for_products_levels_and_dates_reads_no_column(world, monkeypatch):
    monkeypatch.setattr(library.Columns, "column", lambda *_: pytest.fail("a column was read"))
    assert similarity.search(world, query(world, levels=(5,), first=MARCH)).shards == 1


def test_a_filter_that_leaves_nothing_finds_nothing(world):
    assert similarity.search(world, query(world, metrics={"luminance": (254.9, None)})).hits == []


def test_a_damaged_shard_is_left_out(fresh_library):
    dataset = build_all(make_map(levels=(3, 4)))
    before = frames.opened(dataset)
    folder = Shard.objects.of(dataset).get(level=4).path()
    shutil.rmtree(folder)
    library.library.drop(folder)
    frame = frames.opened(dataset)
    mask = filters.compiled(dataset, Filter(metrics={"luminance": (0, None)}), None).of(frame)
    assert mask.shape == (frame.count,) == (before.count - 200,)


def test_areas_of_polar_grids_are_degrees_too():
    found = areas.shape_of(square(-180, 60, 180, 90))
    assert found.bounds == (-180, 60, 180, 90)
