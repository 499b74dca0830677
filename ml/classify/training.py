"""Training a classifier."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.classify import calibration, folds, logistic, measures, mlp, trees
from ml.classify.classifier import Classifier
from ml.classify.config import Config
from ml.classify.labels import check
from ml.classify.space import Floats, Space
from ml.errors import BadLabels, TooFewLabels

Doubles = NDArray[np.float64]
Progress = Callable[[str, int, int], None]  # stage, done, total
_HELD_OUT = "the labelled tiles, each judged by a classifier that saw none of its place; rounds chose them, not chance"
_NOT_HELD_OUT = "nothing: too few labels, or places, to put some aside"


@dataclass(frozen=True)
class _Lesson:
    """x (n, r) in the space; plain (n, d), as it came; y, w (n,).

    fold: (n,), -1 for labels of no weight, or None without cross-validation.
    """

    x: Doubles
    plain: NDArray[np.floating]
    y: Doubles
    w: Doubles
    fold: NDArray[np.int64] | None
    space: Space
    config: Config


@dataclass(frozen=True)
class _Learnt:
    """weights: for plain features.  held_out: (n,) logits by cross-validation, or None."""

    weights: dict[str, Floats]
    held_out: Doubles | None


def fit(
    features: NDArray[np.floating],
    targets: NDArray[np.floating],
    weights: NDArray[np.floating],
    *,
    background: NDArray[np.floating] | Space | None = None,
    config: Config = Config(),  # noqa: B008  frozen
    groups: NDArray[np.integer] | None = None,
    labels_digest: str = "",
    sources: Sequence[dict[str, Any]] = (),
    on_progress: Progress | None = None,
) -> Classifier:
    """Learn from features (n, d) with soft targets (n,) in 0..1 and weights (n,).

    background: features (m, d) of unlabelled tiles, or the Space made of them, by which features are whitened; without
    it the labelled ones are.  groups: (n,) the place of each; cross-validation never splits one.
    Probabilities are those of tiles of that look: rounds choose tiles by their look, which doesn't change them, but a
    list of examples does (see Config.adapt). Only an audit (ml.audit) tells how many there are.
    Raises BadLabels, TooFewLabels without a positive or a negative, BadVectors.
    """
    y, w = _wanted(features, targets, weights)
    space = background if isinstance(background, Space) else Space.of(_known(features, background), config)
    lesson = _Lesson(space.project(features), features, y, w, _folds(y, w, groups, config), space, config)
    learnt = _HEADS[config.head](lesson, on_progress or (lambda stage, done, total: None))
    classifier = Classifier(config, learnt.weights, 1.0, 0.0, {}, labels_digest, list(sources))
    slope, offset = _calibrated(learnt.held_out, y, w, config)
    if config.adapt and background is not None and not isinstance(background, Space):
        prior = float(w @ y / w.sum())
        offset += _adapted(slope * classifier.logits(background) + offset, prior)
    held_out = np.full(len(y), np.nan, np.float32)
    if learnt.held_out is not None:
        held_out = logistic.sigmoid(slope * learnt.held_out + offset).astype(np.float32)
    metrics = _metrics(y, w, held_out, groups)
    return replace(classifier, slope=slope, offset=offset, metrics=metrics, held_out=held_out)


def _known(features: NDArray[np.floating], background: NDArray[np.floating] | None) -> NDArray[np.floating]:
    return features if background is None else background


def _wanted(
    features: NDArray[np.floating], targets: NDArray[np.floating], weights: NDArray[np.floating]
) -> tuple[Doubles, Doubles]:
    check(targets, weights)
    if len(features) != len(targets):
        raise BadLabels(f"There are {len(features)} feature vectors for {len(targets)} labels.")
    positive = targets[weights > 0] > 0.5
    if not positive.any() or positive.all():
        raise TooFewLabels("A classifier needs at least one positive and one negative label: label more tiles.")
    return targets.astype(np.float64), weights.astype(np.float64)


def _folds(y: Doubles, w: Doubles, groups: NDArray[np.integer] | None, config: Config) -> NDArray[np.int64] | None:
    counted = w > 0
    some = None if groups is None else np.asarray(groups)[counted]
    random = np.random.default_rng(config.seed)
    found = folds.split(y[counted] > 0.5, some, config.folds, random) if config.calibrated else None
    if found is None:
        return None
    fold = np.full(len(y), -1)
    fold[counted] = found
    return fold


def _balanced(y: Doubles, w: Doubles, config: Config) -> tuple[Doubles, Doubles]:
    """Targets and weights, so that both answers weigh the same altogether: each soft label is two hard ones."""
    yes, no = w * y, w * (1 - y)
    if config.balanced:
        yes, no = yes * w.sum() / (2 * yes.sum()), no * w.sum() / (2 * no.sum())
    return np.divide(yes, yes + no, out=y.copy(), where=yes + no > 0), yes + no


def _logistic(lesson: _Lesson, progress: Progress) -> _Learnt:
    x, y, w, fold = lesson.x, lesson.y, lesson.w, lesson.fold
    total = 0 if fold is None else 1 + int(fold.max())
    whole = logistic.solve(x, *_balanced(y, w, lesson.config), lesson.config.strength)
    progress("fits", 1, 1 + total)
    held_out = x @ whole[:-1] + whole[-1]  # stays so where a label has no weight
    for number in range(total):
        rest, here = fold != number, fold == number
        found = logistic.solve(x[rest], *_balanced(y[rest], w[rest], lesson.config), lesson.config.strength)
        held_out[here] = x[here] @ found[:-1] + found[-1]
        progress("fits", 2 + number, 1 + total)
    weight, bias = lesson.space.unfold(whole[:-1, None])
    learnt = {"weight": weight[:, 0], "bias": (bias + whole[-1]).astype(np.float32)}
    return _Learnt(learnt, held_out if total else None)


def _network(lesson: _Lesson, progress: Progress) -> _Learnt:
    """The networks of the folds are the classifier: a cross-validation committee (Krogh and Vedelsby 1995)."""
    fold, config = lesson.fold, lesson.config
    seen = np.ones((1, len(lesson.y))) if fold is None else fold != np.arange(fold.max() + 1)[:, None]  # (k, n)
    each = [_balanced(lesson.y, lesson.w * row, config) for row in seen]
    targets, weights = (np.column_stack(columns) for columns in zip(*each, strict=True))  # (n, k)
    committee = mlp.train(
        lesson.x,
        targets,
        weights,
        hidden=config.hidden,
        strength=config.strength,
        steps=config.epochs,
        seed=config.seed,
    )
    progress("fits", 1, 1)
    inner, inner_bias = lesson.space.unfold(committee.inner)
    folded = {
        "hidden.weight": inner,
        "hidden.bias": (inner_bias + committee.inner_bias).astype(np.float32),
        "weight": (committee.outer / len(seen)).reshape(-1).astype(np.float32),
        "bias": committee.outer_bias.mean(keepdims=True).astype(np.float32),
    }
    return _Learnt(folded, None if fold is None else committee.logits(lesson.x)[np.arange(len(fold)), fold])


def _calibrated(held_out: Doubles | None, y: Doubles, w: Doubles, config: Config) -> tuple[float, float]:
    """Slope and offset; without held-out logits only what balancing has moved is moved back."""
    if held_out is not None:
        return calibration.platt(held_out, y, w)
    return 1.0, float(np.log((w @ y) / (w @ (1 - y)))) if config.balanced else 0.0


def _adapted(logits: NDArray[np.floating], prior: float) -> float:
    """What to add to logits (m,) of the background, so that its own share of positives comes out."""
    wide = logits.astype(np.float64)
    return calibration.shift(prior, calibration.adapt(wide, prior))


def _metrics(y: Doubles, w: Doubles, held_out: Floats, groups: NDArray[np.integer] | None) -> dict[str, Any]:
    counted = (w > 0) & np.isfinite(held_out)
    kinds = {"labels": int((w > 0).sum()), "labelled_positive": int(((w > 0) & (y > 0.5)).sum())}
    if not counted.any():
        return {**kinds, "measured_on": _NOT_HELD_OUT, "tiles": 0, "positives": 0}
    places = None if groups is None else np.asarray(groups)[counted]
    return {**kinds, **measures.measure(y[counted], held_out[counted], measured_on=_HELD_OUT, groups=places)}


def _trees(lesson: _Lesson, progress: Progress) -> _Learnt:
    """Beside the logistic head, and added to it: trees see what is not linear, and it sees what they cannot with few
    labels. With very few there are no trees."""
    learnt = _logistic(lesson, progress)
    x, y, w, fold, config = lesson.plain, lesson.y, lesson.w, lesson.fold, lesson.config
    positive = y[w > 0] > 0.5
    if min(positive.sum(), (~positive).sum()) < trees.FEWEST:
        return learnt
    forest = trees.grow(x, *_balanced(y, w, config), seed=config.seed)
    weights = {**learnt.weights, **trees.packed(forest)}
    if fold is None or learnt.held_out is None:
        return _Learnt(weights, None)
    held_out = learnt.held_out.copy()
    for number in range(1 + int(fold.max())):
        rest, here = fold != number, fold == number
        held_out[here] += trees.grow(x[rest], *_balanced(y[rest], w[rest], config), seed=config.seed).logits(x[here])
    return _Learnt(weights, held_out)


_HEADS = {"logistic": _logistic, "mlp": _network, "trees": _trees}
