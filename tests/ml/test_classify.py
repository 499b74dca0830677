"""Labels teach a classifier."""

import time
from dataclasses import replace

import numpy as np
import pytest

from ml.classify import Config, Labels, Space, calibration, fit, folds, logistic
from ml.classify.measures import average_precision
from ml.errors import BadLabels, BadVectors, TooFewLabels
from tests.ml.learning import DIM, make_classifier, make_tiles

ONES = np.ones(200, np.float32)
HEADS = pytest.mark.parametrize("head", ["logistic", "mlp", "trees"])


def make_labels(n: int = 4, **overrides: object) -> Labels:
    columns = {"keys": np.arange(n), "targets": np.linspace(0, 1, n, dtype=np.float32), "weights": ONES[:n]}
    return Labels(**{**columns, **overrides})  # type: ignore[arg-type]


def test_the_digest_of_labels_does_not_depend_on_their_order() -> None:
    some = make_labels()
    assert some.digest == Labels(some.keys[::-1], some.targets[::-1], some.weights).digest
    assert len(some.digest) == 16


def test_the_digest_of_labels_changes_with_each_of_them() -> None:
    digests = {
        make_labels(**change).digest
        for change in ({}, {"keys": np.arange(1, 5)}, {"targets": ONES[:4]}, {"weights": 2 * ONES[:4]})
    }
    assert len(digests) == 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"keys": np.array([1, 1, 2, 3])}, "labelled twice"),
        ({"keys": np.arange(3)}, "3 keys for 4 labels"),
        ({"targets": np.array([0, 1, 2, 0], np.float32)}, "outside of 0 to 1"),
        ({"targets": np.array([0, 1, np.nan, 0], np.float32)}, "outside of 0 to 1"),
        ({"weights": -ONES[:4]}, "negative"),
        ({"weights": ONES[:3]}, "equally long"),
    ],
)
def test_labels_that_nothing_can_be_learnt_from_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(BadLabels, match=words):
        make_labels(**change)


@HEADS
def test_a_classifier_ranks_tiles_that_it_has_not_seen(head: str) -> None:
    features, targets = make_tiles(3000, seed=1)
    assert average_precision(targets > 0.5, make_classifier(head=head).predict(features)) > 0.6  # 0.18 by chance


@HEADS
def test_probabilities_are_calibrated(head: str) -> None:
    features, targets = make_tiles(20_000, seed=1)
    said = make_classifier(1000, head=head).predict(features)
    for low in (0.0, 0.2, 0.6):
        some = (said >= low) & (said < low + 0.4)
        assert abs(said[some].mean() - targets[some].mean()) < 0.13


def test_without_calibration_balanced_weights_do_not_shift_probabilities() -> None:
    features, targets = make_tiles(20_000, seed=1)
    said = make_classifier(600, calibrated=False, strength=10.0).predict(features)
    assert abs(said.mean() - targets.mean()) < 0.05


def test_the_solver_finds_where_the_gradient_of_the_written_loss_is_zero() -> None:
    x, y = (part.astype(np.float64) for part in make_tiles(60))
    w = np.random.default_rng(0).uniform(0.5, 2, 60)
    b = logistic.solve(x, y * 0.8 + 0.1, w, 0.5)
    p = 1 / (1 + np.exp(-(x @ b[:-1] + b[-1])))
    gradient = x.T @ (w * (p - (y * 0.8 + 0.1))) + 0.5 * b[:-1]
    assert np.abs(gradient).max() < 1e-2
    assert abs((w * (p - (y * 0.8 + 0.1))).sum()) < 1e-2


def test_a_soft_label_is_a_tile_that_is_there_twice() -> None:
    x = make_tiles(40)[0].astype(np.float64)
    soft = np.random.default_rng(0).uniform(size=40)
    once = logistic.solve(x, soft, np.ones(40), 1.0)
    twice = logistic.solve(np.tile(x, (2, 1)), np.repeat([1.0, 0.0], 40), np.concatenate([soft, 1 - soft]), 1.0)
    assert once == pytest.approx(twice, abs=1e-3)


def test_a_label_without_weight_teaches_nothing() -> None:
    features, targets = make_tiles(200)
    wrong, none = targets.copy(), ONES.copy()
    wrong[:50], none[:50] = 1 - targets[:50], 0
    spare = fit(features, wrong, none, background=features).predict(features)
    assert spare == pytest.approx(fit(features, targets, none, background=features).predict(features), abs=1e-4)


def test_a_label_without_weight_has_a_held_out_probability_all_the_same() -> None:
    features, targets = make_tiles(200)
    assert np.isfinite(fit(features, targets, np.where(np.arange(200) < 5, 0, ONES)).held_out).all()


@HEADS
def test_two_labels_of_each_kind_are_enough(head: str) -> None:
    features, targets = make_tiles(200)
    some = np.concatenate([np.flatnonzero(targets > 0.5)[:2], np.flatnonzero(targets < 0.5)[:2]])
    found = fit(features[some], targets[some], ONES[:4], background=features, config=Config(head=head))  # type: ignore[arg-type]
    assert found.metrics["tiles"] == 4
    assert np.isfinite(found.predict(features)).all()
    assert found.predict(features).max() < 0.99  # so few labels are never sure


def test_one_label_of_each_kind_is_enough_and_says_that_nothing_was_held_out() -> None:
    features, targets = make_tiles(200)
    some = [int(targets.argmax()), int(targets.argmin())]
    found = fit(features[some], targets[some], ONES[:2], background=features)
    assert (found.metrics["tiles"], "nothing" in found.metrics["measured_on"]) == (0, True)
    assert np.isnan(found.held_out).all()
    assert np.isfinite(found.predict(features)).all()


@pytest.mark.parametrize("targets", [np.zeros(200), np.ones(200), np.full(200, 0.5)])
def test_labels_of_one_kind_are_too_few(targets: np.ndarray) -> None:
    with pytest.raises(TooFewLabels, match="at least one positive and one negative"):
        fit(make_tiles(200)[0], targets.astype(np.float32), ONES)


def test_features_that_do_not_fit_are_refused() -> None:
    features, targets = make_tiles(200)
    with pytest.raises(BadLabels, match="199 feature vectors for 200 labels"):
        fit(features[1:], targets, ONES)
    with pytest.raises(BadVectors, match="not a number"):
        fit(np.where(features > 0.3, np.nan, features), targets, ONES)
    with pytest.raises(BadVectors, match=r"shape \(200, 23\)"):
        fit(features[:, 1:], targets, ONES, background=features)


def test_the_same_labels_make_the_same_classifier() -> None:
    assert make_classifier().version == make_classifier().version != make_classifier(strength=3.0).version


@HEADS
def test_cross_validation_never_splits_a_place(head: str) -> None:
    """Features that say nothing but the place: whoever saw the place would know the answer."""
    places = np.repeat(np.arange(40), 5)
    random = np.random.default_rng(0)
    features = random.normal(size=(40, DIM))[places].astype(np.float32)
    targets = random.permutation(np.arange(40) % 2)[places].astype(np.float32)
    eager = Config(head=head, strength=1.0)  # type: ignore[arg-type]
    alone = fit(features, targets, ONES, config=eager)
    split = fit(features, targets, ONES, groups=places, config=eager)
    assert alone.metrics["average_precision"][0] > 0.95
    assert split.metrics["average_precision"][0] < 0.75


def test_folds_have_both_kinds_and_whole_groups() -> None:
    random = np.random.default_rng(0)
    groups, positive = random.integers(0, 30, 200), random.random(200) < 0.1
    fold = folds.split(positive, groups, 5, random)
    assert fold is not None
    assert all(len(set(fold[groups == group])) == 1 for group in set(groups))
    assert all(positive[fold == number].any() and (~positive)[fold == number].any() for number in range(5))


@pytest.mark.parametrize("groups", [[0, 0, 0, 0], [0, 0, 1, 1]])
def test_there_are_no_folds_where_one_place_has_all_of_a_kind(groups: list[int]) -> None:
    positive = np.array([True, True, False, False])
    assert folds.split(positive, np.array(groups), 5, np.random.default_rng(0)) is None


def test_platt_scaling_finds_the_slope_that_logits_were_shrunk_by() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=50_000) * 2
    targets = (random.random(50_000) < 1 / (1 + np.exp(-(1.5 * logits - 1)))).astype(np.float64)
    assert calibration.platt(logits, targets, np.ones(50_000)) == pytest.approx((1.5, -1), abs=0.05)


def test_platt_scaling_is_never_surer_than_its_labels_allow() -> None:
    slope, offset = calibration.platt(np.array([-9.0, -8, 8, 9]), np.array([0.0, 0, 1, 1]), np.ones(4))
    assert 1 / (1 + np.exp(-(9 * slope + offset))) == pytest.approx(3 / 4, abs=0.02)  # (N+ + 1) / (N+ + 2)


def test_logits_that_are_worse_than_chance_claim_no_order() -> None:
    slope, offset = calibration.platt(np.array([2.0, 1, -1, -2]), np.array([0.0, 0, 1, 1]), np.ones(4))
    assert (slope, offset) == (0, 0)


def test_probabilities_move_to_the_share_of_the_background_when_asked() -> None:
    features, targets = make_tiles(4000)
    archive, truth = make_tiles(10_000, seed=1)
    yes, no = np.flatnonzero(targets > 0.5)[:300], np.flatnonzero(targets < 0.5)[:300]
    rows = np.concatenate([yes, no])  # a list of as many examples as counter-examples
    config = Config(adapt=True)
    plain, moved = (
        fit(features[rows], targets[rows], np.ones(600, np.float32), background=archive, config=c)
        for c in (replace(config, adapt=False), config)
    )
    assert abs(plain.predict(archive).mean() - truth.mean()) > 0.05
    assert abs(moved.predict(archive).mean() - truth.mean()) < 0.03


def test_a_space_whitens_its_background() -> None:
    features = make_tiles(2000)[0]
    space = Space.of(features, Config(shrinkage=0.0))
    assert np.cov(space.project(features).T) == pytest.approx(np.eye(space.axes.shape[1]), abs=0.01)


def test_a_space_of_few_tiles_is_that_of_their_differences() -> None:
    features = make_tiles(8)[0]
    space = Space.of(features, Config(shrinkage=0.0))
    assert space.axes.shape == (DIM, 7)
    assert np.cov(space.project(features).T, bias=True) == pytest.approx(np.eye(7), abs=1e-6)


def test_without_whitening_each_feature_is_scaled_alone() -> None:
    features = make_tiles(500)[0]
    space = Space.of(features, Config(whiten=False))
    assert space.project(features).std(axis=0) == pytest.approx(np.ones(DIM))


def test_a_ready_space_gives_the_classifier_that_its_background_gives() -> None:
    features, targets = make_tiles(200)
    archive = make_tiles(1000, seed=1)[0]
    ready = fit(features, targets, ONES, background=Space.of(archive, Config()))
    assert ready.version == fit(features, targets, ONES, background=archive).version


def test_progress_is_told_fit_by_fit() -> None:
    features, targets = make_tiles(200)
    told: list[tuple[str, int, int]] = []
    fit(features, targets, ONES, on_progress=lambda *step: told.append(step))
    assert told == [("fits", done, 6) for done in range(1, 7)]


def test_a_round_of_1500_labels_trains_in_a_moment() -> None:
    features = np.random.default_rng(0).normal(size=(1500, 512)).astype(np.float32)
    targets = (features[:, 0] + features[:, 1] > 1).astype(np.float32)
    space = Space.of(features, Config())
    start = time.process_time()
    fit(features, targets, np.ones(1500, np.float32), background=space)
    assert time.process_time() - start < 5  # seconds of all cores; about 0.5
