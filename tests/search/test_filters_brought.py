"""Filters, facets and files of columns that people brought."""

import csv
import io

import numpy as np
import pytest

from search import collecting, columns, facets, filters, frames, tables
from search.errors import BadQuery
from search.exporting.collections import FORMATS, Tiles
from search.models import Table
from tests.factories import build_all, make_gallery, picture_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def brought(world, tmp_path):
    """Of the first six tiles: depth, station, the day it was seen, and a name."""
    keys = frames.opened(world).keys[:6]
    cells = ["1,north,2004-08-01,a", "2,north,2004-08-02,b", "3,south,2004-08-03,c", "4,south,2004-08-04,d",
             ",north,,e", "6,,2004-08-06,f"]  # fmt: skip
    lines = [f"{key},{some}" for key, some in zip(keys.tolist(), cells, strict=True)]
    (tmp_path / "depths.csv").write_text("\n".join(["key,depth,station,seen,name", *lines]) + "\n")
    tables.bring_in(world, tmp_path / "depths.csv")
    return keys


def kept(dataset, **asked):
    """Which of the first six tiles."""
    frame = frames.opened(dataset)
    mask = filters.compiled(dataset, filters.read(asked), None).of(frame)
    assert not mask[6:].any()
    return np.flatnonzero(mask).tolist()


def test_numbers_texts_and_dates_filter(world, brought):
    assert kept(world, metrics={"depth": [2, 4]}) == [1, 2, 3]
    assert kept(world, metrics={"depth": [None, None]}) == [0, 1, 2, 3, 5]
    assert kept(world, values={"station": ["north"]}) == [0, 1, 4]
    assert kept(world, values={"station": ["north", "south"]}, metrics={"depth": [None, 3]}) == [0, 1, 2]
    assert kept(world, metrics={"seen": ["2004-08-03", None]}) == [2, 3, 5]
    assert kept(world, values={"station": ["west"]}) == []


def test_a_column_of_texts_has_no_range_and_one_of_dates_no_values(world, brought):
    with pytest.raises(BadQuery, match="station is a column of texts: ask for it in `values`"):
        kept(world, metrics={"station": [1, 2]})
    with pytest.raises(BadQuery, match="seen is a column of dates: ask for it in `metrics`"):
        kept(world, values={"seen": ["2004-08-03"]})


def test_columns_of_a_frame_have_a_value_for_each_tile(world, brought):
    frame = frames.opened(world)
    depth, (codes, texts) = columns.numbers(frame, "depth"), columns.texts(frame, "station")
    assert depth.shape == codes.shape == (2000,)
    assert depth[:4].tolist() == [1, 2, 3, 4]
    assert [texts[code] for code in codes[:5]] == ["north", "north", "south", "south", "north"]
    assert (codes[5:] == -1).all()
    assert np.isnan(depth[6:]).all()


def test_facets_count_them(world, brought):
    asked = filters.read({"values": {"station": ["north"]}})
    told = facets.facets(world, asked, ["station", "depth", "seen"], 5, None)
    assert told["kept"] == 3
    assert told["columns"]["station"]["values"] == [
        {"value": "north", "all": 3, "kept": 3}, {"value": "south", "all": 2, "kept": 2}
    ]  # fmt: skip
    assert sum(told["columns"]["depth"]["kept"]) == 2
    assert told["columns"]["depth"]["unknown"] == 1995
    assert told["columns"]["seen"]["kind"] == "date"


def test_facets_see_a_table_that_was_removed(world, brought):
    facets.facets(world, filters.Filter(), ["depth"], 5, None)
    tables.remove(Table.objects.get())
    with pytest.raises(BadQuery, match="There is no column 'depth'"):
        facets.facets(world, filters.Filter(), ["depth"], 5, None)


def test_files_have_them_too(world, brought):
    tiles = Tiles(collecting.create(world, "some", brought, None))
    rows = list(csv.DictReader(io.StringIO("".join(FORMATS["csv"].write(tiles)))))
    assert [row["station"] for row in rows] == ["north", "north", "south", "south", "north", ""]
    assert [row["depth"] for row in rows] == ["1.0", "2.0", "3.0", "4.0", "", "6.0"]
    assert rows[0]["name_"] == "a"  # not the tile's own name


def test_a_gallerys_classes_filter(tmp_path):
    for name in ("cats", "dogs"):
        (tmp_path / "in" / name).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "in" / name / f"{number}.png").write_bytes(picture_bytes(seed=number + len(name) * 7))
    (tmp_path / "in" / "cats" / "own.png").write_bytes(picture_bytes(seed=99))
    dataset = build_all(make_gallery(tmp_path / "in", count=0))
    frame = frames.opened(dataset)
    mask = filters.compiled(dataset, filters.read({"values": {"label": ["cats"]}}), None).of(frame)
    assert (int(mask.sum()), frame.count) == (4, 7)


def test_the_database_is_asked_as_often_for_many_shards(world, brought, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        filters.compiled(world, filters.read({"metrics": {"depth": [1, 2]}}), None).of(frames.opened(world))
