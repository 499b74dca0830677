"""Several days become one picture: against the formulas written out."""

import numpy as np
import pytest

from search.compositing import methods

pytestmark = pytest.mark.filterwarnings("ignore:All-NaN slice")
BLACK, WHITE = [0.0] * 3, [255.0] * 3


def stack(days=6, bands=3, side=20, dtype=np.uint8, seed=0):
    """(n, bands, h, w) values and (n, h, w) validity with gaps everywhere, and one pixel that is always a gap."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 256, (days, bands, side, side)).astype(dtype)
    valid = rng.random((days, side, side)) < 0.7
    valid[:, 0, 0] = False
    return values, valid


@pytest.mark.parametrize("days", [1, 2, 5, 6])
def test_the_median_is_that_of_the_valid_days(days):
    values, valid = stack(days)
    found, known = methods.median(values, valid)
    expected = np.nanmedian(np.where(valid[:, None], values, np.nan), axis=0)
    assert np.array_equal(known, valid.any(axis=0))
    assert np.array_equal(found[:, known], np.floor(expected[:, known] + 0.5))
    assert not found[:, ~known].any()


def test_the_median_of_measured_values_is_exact():
    values, valid = stack(7, 1, dtype=np.float32)
    values += np.random.default_rng(1).random(values.shape, np.float32)
    found, known = methods.median(values, valid)
    expected = np.nanmedian(np.where(valid[:, None], values, np.nan), axis=0)
    assert np.allclose(found[:, known], expected[:, known])


def test_the_median_does_not_depend_on_how_it_is_cut_up(monkeypatch):
    values, valid = stack()
    whole, _ = methods.median(values, valid)
    monkeypatch.setattr(methods, "STRIP", 1)
    assert np.array_equal(methods.median(values, valid)[0], whole)


def test_extreme_values_are_no_gaps():
    values, valid = np.full((2, 3, 4, 4), 255, np.uint8), np.ones((2, 4, 4), bool)
    assert (methods.median(values, valid)[0] == 255).all()


def test_the_least_cloudy_day_has_the_darkest_dark_channel():
    values, valid = stack(4)
    taken, score = methods.least_cloudy(values, valid, BLACK, WHITE)
    for y, x in np.ndindex(20, 20):
        days = [d for d in range(4) if valid[d, y, x]]
        expected = min(days, key=lambda d: values[d, :, y, x].min()) if days else -1
        assert taken[y, x] == expected
        if days:
            assert score[y, x] == pytest.approx(values[expected, :, y, x].min() / 255)


@pytest.mark.parametrize(("days", "rank"), [(4, 0), (5, 1), (9, 1), (10, 2), (20, 2)])
def test_of_many_days_the_darkest_are_taken_for_shadows(days, rank):
    values = np.zeros((days, 3, 1, 1), np.uint8)
    values[:, :, 0, 0] = (np.arange(days) * 10)[::-1, None]
    taken, _ = methods.least_cloudy(values, np.ones((days, 1, 1), bool), BLACK, WHITE)
    assert taken[0, 0] == days - 1 - rank


def test_a_clear_day_is_taken_among_clouds():
    cloud, forest = (235, 238, 240), (40, 80, 35)
    values = np.array([cloud, forest, cloud], np.uint8)[:, :, None, None]
    taken, score = methods.least_cloudy(values, np.ones((3, 1, 1), bool), BLACK, WHITE)
    assert (taken[0, 0], score[0, 0] < 0.5) == (1, True)


def test_a_pixel_that_is_always_cloud_shows_the_thinnest_and_its_score_says_so():
    values = np.array([(240, 240, 240), (200, 205, 210)], np.uint8)[:, :, None, None]
    taken, score = methods.least_cloudy(values, np.ones((2, 1, 1), bool), BLACK, WHITE)
    assert (taken[0, 0], score[0, 0] > 0.5) == (1, True)


def test_of_temperatures_the_warmest_is_taken():
    values, valid = stack(12, 1, dtype=np.float32)
    taken, _ = methods.least_cloudy(values, valid, [0.0], [1.0])
    known = valid.any(axis=0)
    warmest = np.where(valid, values[:, 0], -np.inf).max(axis=0)
    assert np.array_equal(methods.taken_from(values, taken)[0][known], warmest[known])


def test_gaps_are_filled_from_the_nearest_day_the_earlier_of_two():
    offsets = [-2, -1, 0, 1, 2]
    valid = np.random.default_rng(3).random((5, 30, 30)) < 0.4
    taken = methods.fill_gaps(valid, offsets)
    for y, x in np.ndindex(30, 30):
        order = [2, 1, 3, 0, 4]
        assert taken[y, x] == next((i for i in order if valid[i, y, x]), -1)
