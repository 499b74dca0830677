import morecantile
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search import grid
from search.errors import BadQuery, NoSuchTile

TMS = grid.GEOGRAPHIC.tile_matrix_set()
LEVELS = st.integers(0, grid.GEOGRAPHIC.deepest)
# NASA GIBS, "Geographic projection": columns and rows of levels 0 to 8
GIBS = [(2, 1), (3, 2), (5, 3), (10, 5), (20, 10), (40, 20), (80, 40), (160, 80), (320, 160)]


@st.composite
def tiles(draw):
    level = draw(LEVELS)
    return (
        level,
        draw(st.integers(0, grid.GEOGRAPHIC.rows(level) - 1)),
        draw(st.integers(0, grid.GEOGRAPHIC.columns(level) - 1)),
    )


@pytest.mark.parametrize(("level", "size"), list(enumerate(GIBS)))
def test_sizes_are_nasas(level, size):
    assert (grid.GEOGRAPHIC.columns(level), grid.GEOGRAPHIC.rows(level)) == size


def test_the_first_scale_denominator_is_nasas():
    assert TMS.matrix(0).scaleDenominator == pytest.approx(223632905.6114871, rel=1e-9)


@given(tiles())
def test_bounds_equal_morecantiles(tile):
    level, row, col = tile
    assert grid.GEOGRAPHIC.bounds(level, row, col) == pytest.approx(tuple(TMS.xy_bounds(col, row, level)), abs=1e-9)


@given(st.floats(-179.999, 179.999), st.floats(-89.999, 89.999), LEVELS)
def test_the_tile_at_a_place_equals_morecantiles(lon, lat, level):
    found = TMS.tile(lon, lat, level)
    west, south, east, north = grid.GEOGRAPHIC.bounds(level, *grid.GEOGRAPHIC.tile_at(lon, lat, level))
    assert west - 1e-9 <= lon <= east + 1e-9
    assert south - 1e-9 <= lat <= north + 1e-9
    on_an_edge = min(abs(lon - west), abs(lon - east), abs(lat - south), abs(lat - north)) < 1e-9
    assert on_an_edge or grid.GEOGRAPHIC.tile_at(lon, lat, level) == (found.y, found.x)


@given(tiles())
def test_a_tiles_centre_lies_in_that_tile(tile):
    level, row, col = tile
    west, south, east, north = grid.GEOGRAPHIC.bounds(level, row, col)
    lon, lat = (west + east) / 2, (south + north) / 2
    if lon < 180 and lat >= -90:
        assert grid.GEOGRAPHIC.tile_at(lon, lat, level) == (row, col)


@given(LEVELS, st.floats(-180, 180))
def test_the_poles_are_in_the_first_and_last_row(level, lon):
    assert grid.GEOGRAPHIC.tile_at(lon, 90, level)[0] == 0
    assert grid.GEOGRAPHIC.tile_at(lon, -90, level)[0] == grid.GEOGRAPHIC.rows(level) - 1


@given(LEVELS, st.floats(-90, 90))
def test_both_names_of_the_date_line_are_one_place(level, lat):
    assert grid.GEOGRAPHIC.tile_at(180, lat, level) == grid.GEOGRAPHIC.tile_at(-180, lat, level)
    assert grid.GEOGRAPHIC.tile_at(180, lat, level)[1] == 0


@given(tiles())
def test_bounds_of_many_equal_bounds_of_each(tile):
    level, row, col = tile
    many = grid.GEOGRAPHIC.bounds_of_many(level, np.array([row]), np.array([col]))
    assert many[0].tolist() == pytest.approx(grid.GEOGRAPHIC.bounds(level, row, col), abs=1e-9)


@pytest.mark.parametrize("level", range(grid.GEOGRAPHIC.deepest + 1))
def test_the_whole_earth_is_covered_by_all_tiles(level):
    block = grid.GEOGRAPHIC.covering((-180, -90, 180, 90), level)
    assert block.count == grid.GEOGRAPHIC.rows(level) * grid.GEOGRAPHIC.columns(level)


@given(tiles())
def test_a_tiles_bounds_are_covered_by_that_tile_alone(tile):
    level, row, col = tile
    block = grid.GEOGRAPHIC.covering(grid.GEOGRAPHIC.bounds(level, row, col), level)
    assert (block.top, block.bottom, block.left, block.right) == (row, row + 1, col, col + 1)


@pytest.mark.parametrize(
    ("level", "row", "col"),
    [(-1, 0, 0), (14, 0, 0), (5, 20, 0), (5, 0, 40), (5, -1, 0), (5, 0, -1), (0, 1, 0), (0, 0, 2)],
)
def test_a_tile_that_does_not_exist_is_refused(level, row, col):
    with pytest.raises(NoSuchTile):
        grid.GEOGRAPHIC.bounds(level, row, col)


@pytest.mark.parametrize(("lon", "lat"), [(0, 91), (0, -90.1), (float("nan"), 0), (0, float("inf"))])
def test_a_place_that_is_not_on_earth_is_refused(lon, lat):
    with pytest.raises(BadQuery):
        grid.GEOGRAPHIC.tile_at(lon, lat, 5)


def test_the_deepest_level_fits_the_key():
    from search.keys import LIMITS

    assert grid.GEOGRAPHIC.rows(grid.GEOGRAPHIC.deepest) <= LIMITS["row"]
    assert grid.GEOGRAPHIC.columns(grid.GEOGRAPHIC.deepest) <= LIMITS["col"]
    assert LIMITS["level"] > grid.GEOGRAPHIC.deepest


def test_the_pyramid_is_a_valid_tile_matrix_set():
    again = morecantile.TileMatrixSet.model_validate_json(TMS.model_dump_json())
    assert again.maxzoom == grid.GEOGRAPHIC.deepest
