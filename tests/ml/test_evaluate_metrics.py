"""The measures, against their formulas written out."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ml.evaluate import metrics
from ml.evaluate.fewshot import blocks, few_shot, split, standard
from ml.evaluate.intervals import interval
from ml.evaluate.labelled import Labelled, balanced
from ml.evaluate.metrics import Nearest
from tests.ml.making import make_vectors

ANGLES = np.radians([0, 10, 30, 70])
FAN = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1).astype(np.float32)  # (4, 2)


def make_labelled(labels: list[int], **overrides: object) -> Labelled:
    classes = [str(c) for c in range(max(labels) + 1)]
    return replace(Labelled("test", classes, np.array(labels), lambda i: np.zeros((8, 8, 3), np.uint8)), **overrides)


def test_the_nearest_are_the_most_alike_and_never_oneself() -> None:
    found = metrics.nearest(FAN, make_labelled([0, 0, 1, 1]), 2)
    assert found.rows.tolist() == [[1, 2], [0, 2], [1, 0], [2, 1]]
    assert found.likeness[0] == pytest.approx(np.cos(np.radians([10, 30])), abs=1e-6)


def test_neighbours_on_the_map_are_left_out() -> None:
    places = np.array([[0, 0], [1, 1], [2, 0], [9, 0]], float)
    found = metrics.nearest(FAN, make_labelled([0, 0, 1, 1], places=places, apart=1.0), 3)
    assert found.rows.tolist() == [[2, 3, -1], [3, -1, -1], [0, 3, -1], [2, 1, 0]]


def test_the_map_goes_on_where_it_begins_again() -> None:
    places = np.array([[-179.5, 0], [179.5, 0], [0, 0]])
    labelled = make_labelled([0, 1, 1], places=places, apart=1.0, around=360.0)
    assert labelled.neighbours(np.array([0])).tolist() == [[True, True, False]]


def test_what_has_no_place_has_no_neighbours() -> None:
    places = np.array([[0, 0], [np.nan, np.nan], [0, 0]])
    labelled = make_labelled([0, 1, 1], places=places, apart=1.0)
    assert labelled.neighbours(np.array([0, 1])).tolist() == [[True, False, True], [False, True, False]]


def test_likeness_is_the_cosine_of_unit_vectors() -> None:
    vectors = make_vectors(5)
    np.testing.assert_allclose(metrics.likeness(vectors, vectors), vectors @ vectors.T, atol=1e-6)


def test_precision_is_the_share_of_right_ones_among_those_there_are() -> None:
    found = Nearest(np.array([[1, 2], [0, -1], [0, 1]]), np.zeros((3, 2)))
    assert metrics.precision(found, np.array([0, 0, 1])).tolist() == [0.5, 1.0, 0.0]


def test_knn_votes_with_the_exponential_of_likeness() -> None:
    """Two of class 1 at 0.8 against one of class 0 at 0.9: exp(9) > 2 exp(8), but at 0.85 exp(8.5) < 2 exp(8)."""
    labels = np.array([0, 0, 1, 1])
    rows = np.array([[1, 2, 3]] * 4)
    near, far = (np.tile([one, 0.8, 0.8], (4, 1)) for one in (0.9, 0.85))
    assert metrics.knn_right(Nearest(rows, near), labels, 2)[0] == 1
    assert metrics.knn_right(Nearest(rows, far), labels, 2)[0] == 0


def test_knn_without_any_neighbour_is_a_guess_without_a_warning() -> None:
    nobody = Nearest(np.full((2, 1), -1), np.full((2, 1), -np.inf))
    assert metrics.knn_right(nobody, np.array([0, 1]), 2).tolist() == [1, 0]


def test_means_per_class_and_none_for_a_class_without_images() -> None:
    found = metrics.per_class(np.array([1.0, 0.0, 1.0]), np.array([0, 0, 2]), 3)
    assert found == pytest.approx([0.5, math.nan, 1.0], nan_ok=True)


def test_alignment_is_the_mean_squared_distance_of_pairs() -> None:
    """cos 10 and cos 40 degrees: 2 - 2 cos."""
    expected = np.mean([2 - 2 * math.cos(math.radians(10)), 2 - 2 * math.cos(math.radians(40))])
    assert metrics.alignment(FAN[[0, 2]], FAN[[1, 3]]) == pytest.approx(expected, abs=1e-6)


def test_uniformity_is_the_log_mean_gaussian_of_all_pairs() -> None:
    pairs = [math.exp(-2 * (2 - 2 * math.cos(b - a))) for i, a in enumerate(ANGLES) for b in ANGLES[i + 1 :]]
    assert metrics.uniformity(FAN) == pytest.approx(math.log(sum(pairs) / 6), abs=1e-6)


def test_effective_rank_is_exp_of_the_entropy_of_singular_values() -> None:
    """Singular values 3, 1: shares 3/4, 1/4."""
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert metrics.effective_rank(np.diag([3.0, 1.0])) == pytest.approx(math.exp(entropy))


def test_effective_rank_of_identical_vectors_is_one() -> None:
    assert metrics.effective_rank(np.ones((5, 3), np.float32)) == pytest.approx(1)


def test_standard_vectors_have_no_mean_and_length_one() -> None:
    found = standard(make_vectors(50) * 7 + 3)
    assert (np.abs(found.mean(axis=0)).max() < 1e-6, (found**2).sum(axis=1).mean()) == (True, pytest.approx(1))


def test_few_shot_learns_what_can_be_told_apart() -> None:
    labels = [0, 1] * 30
    vectors = np.array([[label, 1 - label] for label in labels], np.float32)
    assert few_shot(vectors, make_labelled(labels)).tolist() == [1.0, 1.0]


def test_few_shot_of_noise_is_a_guess() -> None:
    found = few_shot(make_vectors(600), make_labelled([0, 1] * 300))
    assert found.mean() == pytest.approx(0.5, abs=0.08)


def test_a_split_learns_from_ten_a_class_and_asks_elsewhere() -> None:
    places = np.random.default_rng(0).uniform(0, 40, (400, 2))
    labelled = make_labelled([0, 1] * 200, places=places, apart=1.0)
    learnt, asked = split(labelled, np.random.default_rng(0))
    assert np.bincount(labelled.labels[learnt]).tolist() == [10, 10]
    assert not set(blocks(labelled)[learnt]) & set(blocks(labelled)[asked])


def test_a_class_that_was_never_put_aside_has_no_accuracy() -> None:
    """All of class 1 lies in one block: it is learnt from or asked, never both."""
    places = np.array([[i * 10, 0] for i in range(40)] + [[0.5, 0.5]] * 2, float)
    found = few_shot(make_vectors(42), make_labelled([0] * 40 + [1] * 2, places=places, apart=1.0))
    assert found[1] in (0, pytest.approx(math.nan, nan_ok=True))


def test_balanced_draws_the_same_of_each_class_and_all_of_a_small_one() -> None:
    labels = np.array([0] * 50 + [1] * 3)
    assert np.bincount(labels[balanced(labels, 10)]).tolist() == [10, 3]


def test_nested_and_touching_tiles_of_any_size_are_neighbours() -> None:
    """A tile of side 4 around (2, 2); one of side 1 in its corner, one beside it, one a gap away."""
    places = np.array([[2, 2], [0.5, 0.5], [4.5, 2], [5.5, 2]], float)
    labelled = make_labelled([0, 1, 1, 1], places=places, apart=1.0, widths=np.array([4, 1, 1, 1], float))
    assert labelled.neighbours(np.array([0])).tolist() == [[True, True, True, False]]
    assert labelled.neighbours(np.array([1])).tolist() == [[True, True, False, False]]


def test_twice_as_far_apart_takes_in_the_tile_after_the_next() -> None:
    places = np.array([[0, 0], [1, 0], [2, 0], [3, 0]], float)
    labelled = make_labelled([0, 1, 1, 1], places=places, apart=2.0, widths=np.ones(4))
    assert labelled.neighbours(np.array([0])).tolist() == [[True, True, True, False]]


def test_images_of_one_group_never_count_for_each_other() -> None:
    labelled = make_labelled([0, 0, 1, 1], groups=np.array([3, 3, -1, -1]))
    found = metrics.nearest(FAN, labelled, 3)
    assert found.rows.tolist() == [[2, 3, -1], [2, 3, -1], [1, 0, 3], [2, 1, 0]]
    assert blocks(labelled)[0] == blocks(labelled)[1]
    assert len(np.unique(blocks(labelled))) == 3


def test_some_of_a_labelled_set_keep_their_sizes_and_groups() -> None:
    labelled = make_labelled([0, 1, 1], places=np.zeros((3, 2)), widths=np.arange(3.0), groups=np.arange(3))
    some = labelled.take(np.array([2, 0]))
    assert some.widths is not None
    assert some.groups is not None
    assert (some.widths.tolist(), some.groups.tolist()) == ([2.0, 0.0], [2, 0])


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Of 100 samples of 200 coins, alone in their places, 95 % should hold the coin's 0.7."""
    random = np.random.default_rng(0)
    one_class = np.zeros(200, np.int64)
    held = 0
    for seed in range(100):
        low, high = interval((random.random(200) < 0.7).astype(float), np.arange(200), one_class, 1, seed)
        held += low <= 0.7 <= high
    assert 88 <= held <= 100


def test_images_of_one_place_count_as_one_observation() -> None:
    """The same 200 values in 10 places of 20 equal ones are known far worse than in 200 places."""
    values = np.repeat(np.arange(10) % 2, 20).astype(float)
    one_class = np.zeros(200, np.int64)
    apart = interval(values, np.arange(200), one_class, 1)
    together = interval(values, np.repeat(np.arange(10), 20), one_class, 1)
    assert together[1] - together[0] > 3 * (apart[1] - apart[0])


def test_a_class_of_few_places_does_not_shift_the_interval() -> None:
    """Of one place, absent from a third of the draws: left out there, its 0 would count for less."""
    values = np.array([1.0] * 40 + [0.0] * 5)
    labels, places = np.repeat([0, 1], [40, 5]), np.array([*range(40), *[40] * 5])
    assert interval(values, places, labels, 2) == (0.5, 0.5)


def test_no_more_can_be_right_than_there_are_of_a_class() -> None:
    """Image 0 has two others of its class, one of them its neighbour; 3 is alone."""
    places = np.array([[0, 0], [1, 0], [5, 0], [9, 0]], float)
    labelled = make_labelled([0, 0, 0, 1], places=places, apart=1.0)
    assert metrics.reachable(labelled, 2).tolist() == [0.5, 0.5, 1.0, 0.0]
    assert metrics.reachable(labelled, 10).tolist() == [1 / 2, 1 / 2, 2 / 3, 0.0]


def test_one_place_says_nothing_about_its_interval() -> None:
    assert np.isnan(interval(np.ones(5), np.zeros(5, np.int64), np.zeros(5, np.int64), 1)).all()
