"""The four pyramids against morecantile, which builds them from extent and projection alone."""

import math

import morecantile
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from morecantile import TileMatrixSet
from pyproj import CRS, Transformer

from search import grid
from search.errors import NoSuchTile

POLAR = [-4194304, -4194304, 4194304, 4194304]
SETS = {
    "GIBS_EPSG4326": grid.GEOGRAPHIC.tile_matrix_set(),  # whose numbers test_grid.py compares with NASA's
    "WebMercatorQuad": morecantile.tms.get("WebMercatorQuad"),
    "GIBS_EPSG3413": TileMatrixSet.custom(
        POLAR, CRS.from_epsg(3413), tile_width=512, tile_height=512, matrix_scale=[2, 2]
    ),
    "GIBS_EPSG3031": TileMatrixSet.custom(
        POLAR, CRS.from_epsg(3031), tile_width=512, tile_height=512, matrix_scale=[2, 2]
    ),
}
PYRAMIDS = pytest.mark.parametrize("pyramid", grid.GRIDS.values(), ids=grid.GRIDS)


def random_tiles(pyramid, count=1000):
    random = np.random.default_rng(0)
    for level in random.integers(0, pyramid.deepest + 1, count).tolist():
        yield level, int(random.integers(pyramid.rows(level))), int(random.integers(pyramid.columns(level)))


@PYRAMIDS
def test_the_bounds_of_a_thousand_random_tiles_equal_morecantiles(pyramid):
    """Within 1e-9 degrees, which on the ground are 0.1 mm."""
    near = 1e-9 * grid.METRES_PER_DEGREE / pyramid.metres
    for level, row, col in random_tiles(pyramid):
        assert pyramid.bounds(level, row, col) == pytest.approx(
            tuple(SETS[pyramid.id].xy_bounds(col, row, level)), abs=near
        )


@PYRAMIDS
def test_the_corners_of_a_thousand_random_tiles_lie_at_morecantiles_longitudes_and_latitudes(pyramid):
    to_degrees = Transformer.from_crs(pyramid.epsg, 4326, always_xy=True)
    for level, row, col in random_tiles(pyramid):
        left, _, _, top = pyramid.bounds(level, row, col)
        theirs = to_degrees.transform(*SETS[pyramid.id].xy_bounds(col, row, level)[::3])
        assert pyramid.to_lonlat(left, top) == pytest.approx(theirs, abs=1e-9)


@PYRAMIDS
def test_the_numbers_of_tiles_equal_morecantiles(pyramid):
    for level in range(pyramid.deepest + 1):
        matrix = SETS[pyramid.id].matrix(level)
        assert (pyramid.columns(level), pyramid.rows(level)) == (matrix.matrixWidth, matrix.matrixHeight)


@PYRAMIDS
def test_a_tiles_middle_lies_in_that_tile(pyramid):
    for level, row, col in random_tiles(pyramid, 200):
        left, bottom, right, top = pyramid.bounds(level, row, col)
        lon, lat = pyramid.to_lonlat((left + right) / 2, (bottom + top) / 2)
        if lat >= -90 and lon < 180:
            assert pyramid.tile_at(lon, lat, level) == (row, col)


@PYRAMIDS
def test_the_box_of_degrees_holds_the_whole_tile(pyramid):
    for level, row, col in random_tiles(pyramid, 200):
        left, bottom, right, top = pyramid.bounds(level, row, col)
        west, south, east, north = pyramid.to_geographic((left, bottom, right, top))
        for x, y in [(left, bottom), (left, top), (right, bottom), (right, top), ((left + right) / 2, top)]:
            lon, lat = pyramid.to_lonlat(x, y)
            lon = west + (lon - west + 1e-6) % 360 - 1e-6
            assert west - 1e-6 <= lon <= east + 1e-6
            assert south - 1e-6 <= lat <= north + 1e-6


def test_levels_of_the_polar_pyramids_are_nasas():
    """GIBS API documentation: 8192 m per pixel at level 0, a 32nd of it at level 5, of 2 × 2 to 64 × 64 tiles."""
    assert [grid.ARCTIC.resolution(level) for level in (0, 5)] == [8192, 256]
    assert [grid.ANTARCTIC.columns(level) for level in (0, 5)] == [2, 64]


def test_the_tile_around_a_pole_spans_all_longitudes():
    middle = grid.ARCTIC.to_geographic((-1000.0, -1000.0, 1000.0, 1000.0))
    assert middle[0] == -180
    assert middle[2:] == (180, 90)


def test_a_polar_box_across_the_date_line_ends_beyond_180():
    x, y = grid.ARCTIC.from_lonlat(180, 75)
    west, _, east, _ = grid.ARCTIC.to_geographic((x - 1e5, y - 1e5, x + 1e5, y + 1e5))
    assert 170 < west < 180 < east < 190


def test_a_place_outside_a_projection_has_no_tile():
    with pytest.raises(NoSuchTile, match="outside this map"):
        grid.ARCTIC.tile_at(0, -60, 3)


def test_web_mercator_ends_where_its_square_does():
    with pytest.raises(NoSuchTile, match="outside this map"):
        grid.MERCATOR.tile_at(0, 89, 3)


@given(st.floats(-170, 170), st.floats(50, 80), st.floats(1, 9), st.floats(1, 9))
def test_a_box_of_degrees_in_another_projection_holds_its_corners(west, south, width, height):
    left, bottom, right, top = grid.ARCTIC.from_geographic((west, south, west + width, south + height))
    for lon in (west, west + width):
        x, y = grid.ARCTIC.from_lonlat(lon, south)
        assert left - 1 <= x <= right + 1 or not abs(x) < 4194304
        assert bottom - 1 <= y <= top + 1 or not abs(y) < 4194304


@PYRAMIDS
def test_offset_tiles_lie_half_a_tile_right_and_down(pyramid):
    left, bottom, right, top = pyramid.bounds(3, 1, 2)
    half = pyramid.span(3) / 2
    assert pyramid.bounds(3, 1, 2, offset=1) == pytest.approx((left + half, bottom - half, right + half, top - half))


@PYRAMIDS
def test_there_is_one_offset_tile_less_in_each_direction(pyramid):
    with pytest.raises(NoSuchTile):
        pyramid.check(4, 0, pyramid.columns(4) - 1, offset=1)


@PYRAMIDS
def test_covering_finds_just_the_tiles_of_a_box(pyramid):
    block = pyramid.covering(pyramid.bounds(6, 3, 5), 6)
    assert (block.top, block.bottom, block.left, block.right) == (3, 4, 5, 6)
    assert math.isclose(block.bounds[0], pyramid.bounds(6, 3, 5)[0])
