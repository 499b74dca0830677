import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import acquisition
from tests.ml.making import clustered, make_vectors

P = np.array([0.02, 0.5, 0.97, 0.61, 0.3], np.float32)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_for_two_classes_entropy_margin_and_least_confidence_are_higher_nearer_to_one_half(p: list[float]) -> None:
    nearness = -np.abs(np.array(p) - 0.5)
    order = np.argsort(nearness)
    for score in acquisition.UNCERTAINTY.values():
        assert (np.diff(score(np.array(p))[order]) >= -1e-9).all()


def test_entropy_margin_and_least_confidence_rank_alike() -> None:
    p = np.random.default_rng(1).random(200)
    orders = [np.argsort(score(p)) for score in acquisition.UNCERTAINTY.values()]
    assert (orders[0] == orders[1]).all()
    assert (orders[0] == orders[2]).all()


def test_the_three_uncertainties_are_what_their_formulas_say() -> None:
    assert acquisition.entropy(np.array([0.5, 0.25])) == pytest.approx([1, 0.811278], abs=1e-5)
    assert acquisition.margin(np.array([0.5, 0.25])) == pytest.approx([0, -0.5])
    assert acquisition.least_confidence(np.array([0.5, 0.25])) == pytest.approx([0.5, 0.25])


def test_entropy_of_certainty_is_nothing_and_not_nan() -> None:
    assert acquisition.entropy(np.array([0.0, 1.0])) == pytest.approx([0, 0], abs=1e-9)


def test_top_answers_the_highest_first_and_all_where_there_are_fewer() -> None:
    assert acquisition.top(P, 2).tolist() == [2, 3]
    assert acquisition.top(P, 9).tolist() == [2, 3, 1, 4, 0]
    assert acquisition.top(P, 0).tolist() == []


def test_likely_ones_are_no_copies_of_each_other() -> None:
    x = make_vectors(6)
    x[1] = x[2] = x[0]
    p = np.array([0.9, 0.89, 0.88, 0.5, 0.4, 0.3])
    assert acquisition.likely(p, x, 3).tolist() == [0, 3, 4]


def test_copies_are_asked_about_where_there_is_nothing_else() -> None:
    x = np.repeat(make_vectors(1), 4, axis=0)
    assert sorted(acquisition.likely(np.array([0.9, 0.8, 0.7, 0.6]), x, 3).tolist()) == [0, 1, 2]


def test_a_batch_of_unsure_ones_is_not_twenty_copies_of_one_tile() -> None:
    x = np.concatenate([np.repeat(make_vectors(1, seed=5), 100, axis=0), make_vectors(30, seed=6)])
    p = np.concatenate([np.full(100, 0.5), np.full(30, 0.45)]).astype(np.float32)
    rows = acquisition.unsure(p, x, 20, rng())
    assert (rows < 100).sum() == 1
    assert len(set(rows.tolist())) == 20


def test_unsure_ones_are_near_one_half() -> None:
    p = np.concatenate([np.linspace(0.4, 0.6, 50), np.linspace(0.9, 1, 500)])
    assert (acquisition.unsure(p, make_vectors(550), 10, rng(), crowd=50) < 50).all()


def test_spreading_reaches_every_cluster() -> None:
    centres = 100 * np.eye(8)
    x = np.repeat(centres, 20, axis=0) + np.random.default_rng(0).normal(size=(160, 8))
    assert set((acquisition.spread(x, 8, rng()) // 20).tolist()) == set(range(8))


@pytest.mark.parametrize("n", [0, 3, 10])
def test_spreading_over_copies_answers_each_once(n: int) -> None:
    rows = acquisition.spread(np.ones((5, 3)), n, rng())
    assert len(set(rows.tolist())) == min(n, 5)


def test_spreading_nothing_answers_nothing() -> None:
    assert len(acquisition.spread(np.empty((0, 3)), 4, rng())) == 0


def test_farthest_first_is_the_greedy_k_centre_of_its_definition() -> None:
    x, known = clustered(40), clustered(3, seed=1)
    centres, expected = list(known), []
    for _ in range(5):
        distances = [min(((row - centre) ** 2).sum() for centre in centres) for row in x]
        expected.append(int(np.argmax(distances)))
        centres.append(x[expected[-1]])
    assert acquisition.farthest(x, 5, known).tolist() == expected


def test_farthest_first_works_without_anything_known() -> None:
    assert len(set(acquisition.farthest(clustered(10), 20).tolist())) == 10


@given(st.dictionaries(st.sampled_from("abcd"), st.floats(0, 10), min_size=1), st.integers(0, 100))
def test_quotas_sum_to_the_batch_and_follow_the_weights(mix: dict[str, float], n: int) -> None:
    found = acquisition.quotas(mix, n)
    assert sum(found.values()) == n
    if total := sum(mix.values()):
        assert all(abs(found[name] - n * weight / total) < 1 + 1e-6 for name, weight in mix.items())


@pytest.mark.parametrize("mix", [{}, {"likely": -1.0}, {"likely": float("nan")}])
def test_a_mix_without_sense_is_refused(mix: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="weights of a mix"):
        acquisition.quotas(mix, 5)


def test_another_vote_is_worth_most_where_votes_are_split_and_the_model_is_unsure() -> None:
    yes, no = np.array([3.0, 5.0, 3.0]), np.array([3.0, 0.0, 3.0])
    split, clear, sure = acquisition.worth(np.array([0.5, 0.5, 0.99]), yes, no)
    assert split > clear
    assert split > sure


def test_a_new_tile_is_worth_as_much_as_an_evenly_split_one() -> None:
    new, split, clear = acquisition.worth(np.full(3, 0.5), np.array([0.0, 2.0, 4.0]), np.array([0.0, 2.0, 0.0]))
    assert new == pytest.approx(0.5)
    assert new == pytest.approx(split)
    assert clear == pytest.approx(np.sqrt(0.5**5 * 0.5))
