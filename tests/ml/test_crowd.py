"""Agreement and skill, against the formulas written out."""

import numpy as np
import pytest

from ml import crowd


def test_the_agreement_on_a_tile_is_the_share_of_agreeing_pairs():
    assert crowd.fleiss(np.array([[2.0, 1.0]])) == pytest.approx([1 / 3])


def test_a_single_vote_agrees_with_nobody():
    assert np.isnan(crowd.fleiss(np.array([[1.0, 0.0]]))).all()


def test_agreement_never_exceeds_one():
    counts = np.random.default_rng(0).integers(0, 9, (500, 4)).astype(float)
    found = crowd.fleiss(counts)
    assert np.nanmax(found) <= 1
    assert np.nanmin(found) >= 0


def test_kappa_is_that_of_the_paper():
    """The worked example of Fleiss (1971) as Wikipedia has it: 10 subjects, 14 raters, kappa 0.210."""
    rows = "0 0 0 0 14,0 2 6 4 2,0 0 3 5 6,0 3 9 2 0,2 2 8 1 1,7 7 0 0 0,3 2 6 3 0,2 5 3 2 2,6 5 2 1 0,0 2 2 3 7"
    counts = np.array([[float(n) for n in row.split()] for row in rows.split(",")])
    assert crowd.fleiss_kappa(counts) == pytest.approx(0.210, abs=5e-4)


def test_kappa_of_one_answer_only_is_unknown():
    assert np.isnan(crowd.fleiss_kappa(np.array([[3.0, 0.0], [2.0, 0.0]])))


def test_people_are_compared_with_the_others_only():
    tiles, people, answers = np.array([0, 0, 0, 1]), np.array([0, 1, 2, 0]), np.array([0, 0, 1, 1])
    assert crowd.leave_one_out(tiles, people, answers) == pytest.approx([0.5, 0.5, 0.0])


def crowd_of(skills: list[float], n: int = 300) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, n)
    tiles, people = (grid.ravel() for grid in np.meshgrid(np.arange(n), np.arange(len(skills))))
    right = rng.random(len(tiles)) < np.array(skills)[people]
    return truth, tiles, people, np.where(right, truth[tiles], 1 - truth[tiles])


def test_the_skilled_outweigh_a_careless_majority():
    truth, *votes = crowd_of([0.97, 0.95, 0.5, 0.5, 0.5])
    majority = crowd.tally(votes[0], votes[2], (300, 2)).argmax(axis=1)
    assert (crowd.dawid_skene(*votes).labels == truth).mean() > (majority == truth).mean() + 0.05


def test_skills_are_near_what_people_are():
    skills = [0.95, 0.8, 0.6]
    assert crowd.dawid_skene(*crowd_of(skills, 2000)[1:]).skills == pytest.approx(skills, abs=0.05)


def test_probabilities_sum_to_one():
    assert crowd.dawid_skene(*crowd_of([0.9, 0.7, 0.6])[1:]).probabilities.sum(axis=1) == pytest.approx(1.0)
