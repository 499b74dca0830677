import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from ml.classify import Config, fit, trees
from tests.ml.making import make_vectors


def ring(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Points, of which those at a middle distance are positives: no plane parts them."""
    x = np.random.default_rng(0).uniform(-1, 1, (n, 6)).astype(np.float32)
    return x, (np.abs(np.hypot(x[:, 0], x[:, 1]) - 0.6) < 0.25).astype(np.float32)


def test_the_arrays_say_what_scikit_learns_trees_say() -> None:
    x, y = ring()
    model = ExtraTreesClassifier(20, min_samples_leaf=2, max_depth=trees.DEEPEST, random_state=0).fit(x, y > 0.5)
    share = model.predict_proba(x)[:, 1]
    found = trees.joined([one.tree_ for one in model.estimators_]).logits(x)
    expected = np.log(np.clip(share, 0.01, 0.99) / np.clip(1 - share, 0.01, 0.99))
    assert found == pytest.approx(expected, abs=0.02)


def test_a_soft_label_counts_for_both_answers() -> None:
    x = make_vectors(40, 4)
    forest = trees.grow(x, np.full(40, 0.25), np.ones(40), seed=0)
    assert forest.logits(x) == pytest.approx(np.full(40, np.log(1 / 3)), abs=0.4)


def test_no_rows_have_no_logits() -> None:
    x, y = ring(60)
    assert trees.grow(x, y.astype(float), np.ones(60), seed=0).logits(x[:0]).shape == (0,)


def test_trees_see_what_a_plane_cannot() -> None:
    x, y = ring(1200)
    ones = np.ones(600, np.float32)
    right = {}
    for head in ("logistic", "trees"):
        classifier = fit(x[:600], y[:600], ones, config=Config(head=head))  # type: ignore[arg-type]
        right[head] = ((classifier.predict(x[600:]) > 0.5) == (y[600:] > 0.5)).mean()
    assert right["trees"] > right["logistic"] + 0.1


def test_with_few_labels_there_are_no_trees() -> None:
    x, y = ring(16)
    weights = fit(x, y, np.ones(16, np.float32), config=Config(head="trees")).weights
    assert not any(name.startswith(trees.PREFIX) for name in weights)
