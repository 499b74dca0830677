"""Figures with intervals, and labels to look at again."""

import numpy as np
import pytest

from ml.classify import confusions, label_issues
from ml.classify.measures import average_precision, f1, measure, share

TRUTH = np.array([1, 0, 1, 1, 0, 0], float)
SAID = np.array([0.9, 0.8, 0.7, 0.4, 0.3, 0.1])


def test_average_precision_is_the_mean_precision_at_the_positives() -> None:
    assert average_precision(TRUTH > 0.5, SAID) == pytest.approx((1 / 1 + 2 / 3 + 3 / 4) / 3)


def test_equal_scores_share_the_rank_of_the_last() -> None:
    assert average_precision(np.array([True, False]), np.array([0.5, 0.5])) == 0.5
    assert average_precision(np.array([False, True]), np.array([0.5, 0.5])) == 0.5


def test_a_weight_counts_a_tile_several_times() -> None:
    twice = average_precision(np.array([True, False, False, True]), np.array([0.9, 0.8, 0.8, 0.7]))
    once = average_precision(np.array([True, False, True]), np.array([0.9, 0.8, 0.7]), np.array([1.0, 2, 1]))
    assert once == twice


def test_a_measurement_says_what_it_was_made_of() -> None:
    found = measure(TRUTH, SAID, measured_on="an audit")
    assert (found["precision"][0], found["recall"][0], found["f1"][0]) == pytest.approx((2 / 3, 2 / 3, 2 / 3), abs=1e-4)
    assert (found["measured_on"], found["tiles"], found["positives"]) == ("an audit", 6, 3)
    assert all(found[name][1] <= found[name][0] <= found[name][2] for name in ("f1", "average_precision"))


def test_what_cannot_be_measured_is_none() -> None:
    found = measure(np.zeros(3), np.zeros(3), measured_on="")
    assert [found[name] for name in ("f1", "precision", "recall", "average_precision")] == [None] * 4


def test_the_interval_of_a_share_is_jeffreys() -> None:
    posterior = np.random.default_rng(0).beta(5.5, 15.5, 1_000_000)
    assert share(5, 20) == pytest.approx([0.25, *np.quantile(posterior, (0.025, 0.975))], abs=1e-3)


def test_no_hits_and_no_misses_reach_the_ends() -> None:
    low, high = share(0, 20), share(20, 20)
    assert low is not None
    assert high is not None
    assert (low[:2], high[2]) == ([0, 0], 1)
    assert high[1] == pytest.approx(1 - low[2])


@pytest.mark.parametrize("truth", [0.3, 0.8])
def test_intervals_of_f1_hold_the_truth_about_as_often_as_they_say(truth: float) -> None:
    """Of 400 tiles a tenth are positives; precision and recall are both `truth`, and so is F1."""
    random, held = np.random.default_rng(0), 0
    p = np.array([truth, 1 - truth, 1 - truth]) * 0.1
    for _ in range(300):
        hits, false, missed, _ = random.multinomial(400, [*p, 1 - p.sum()])
        found = f1(int(hits), int(false), int(missed))
        held += found is not None and found[1] <= truth <= found[2]
    assert 0.91 <= held / 300 <= 0.99


def test_places_widen_the_interval_of_average_precision() -> None:
    random = np.random.default_rng(0)
    places = np.repeat(np.arange(20), 20)
    truth = (random.random(20) < 0.5)[places]
    said = random.random(20)[places] + 0.3 * truth
    alone, split = (measure(truth.astype(float), said, measured_on="", groups=g) for g in (None, places))
    width = [found["average_precision"][2] - found["average_precision"][1] for found in (alone, split)]
    assert width[1] > 2 * width[0]


def test_wrong_labels_are_found_the_worst_first() -> None:
    random = np.random.default_rng(0)
    truth = random.random(400) < 0.4
    said = np.clip(np.where(truth, 0.85, 0.15) + 0.1 * random.normal(size=400), 0.01, 0.99)
    given = truth.astype(float)
    wrong = random.choice(400, 20, replace=False)
    given[wrong] = 1 - given[wrong]
    issues = label_issues(given, said)
    right = len(set(wrong) & set(issues))
    assert right >= 8
    assert right >= 0.8 * len(issues)
    own = np.where(given[issues] > 0.5, said[issues], 1 - said[issues])
    assert (np.diff(own) >= 0).all()


def test_issues_are_those_of_the_paper() -> None:
    """Thresholds (eq. 2): 0.7 for yes, 0.7 for no; tile 2 is a yes of 0.2, tile 5 a no of 0.75."""
    given = np.array([1, 1, 1, 0, 0, 0, 0])
    said = np.array([0.95, 0.95, 0.2, 0.1, 0.2, 0.75, 0.1])
    assert label_issues(given, said).tolist() == [2, 5]


def test_labels_that_were_not_held_out_are_not_suspected() -> None:
    assert label_issues(np.array([1.0, 0, 1, 0]), np.array([0.9, 0.1, np.nan, np.nan])).tolist() == []
    assert label_issues(np.array([1.0, 1]), np.array([0.1, 0.9])).tolist() == []


def test_confusions_are_the_surest_contradictions() -> None:
    found = confusions(np.array([1.0, 0, 1, 0, 1]), np.array([0.2, 0.9, 0.1, 0.95, np.nan]), most=1)
    assert (found.noes.tolist(), found.yeses.tolist()) == ([3], [2])
