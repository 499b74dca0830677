"""How well a handful of labels teaches a class: what a campaign's first round can expect."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.evaluate.labelled import Labelled
from ml.evaluate.metrics import per_class

SHOTS, SEEDS = 10, 5
_BLOCK = 2  # sides of a tile: how wide the map's blocks are that go to one side of the split


def few_shot(vectors: NDArray[np.float32], labelled: Labelled) -> NDArray[np.float64]:
    """Accuracy per class, mean over 5 seeds: (classes,); NaN where no split left a class to test.

    Each seed puts half of the map's blocks (half of the images, where places are unknown) aside, draws 10 images of
    each class from the rest, and asks a logistic regression for the class of what was put aside.  Vectors are centred
    and divided by their mean length, so that the regression (L2, C = 1) treats every encoder's alike.
    """
    scaled = standard(vectors)
    rounds = [_round(scaled, labelled, np.random.default_rng(seed)) for seed in range(SEEDS)]
    known = ~np.isnan(rounds)
    total = np.where(known, rounds, 0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def standard(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean 0, and root mean square length 1."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=1).mean())
    return np.asarray(centred / (length or 1))


def blocks(labelled: Labelled) -> NDArray[np.int64]:
    """The number of each image's block of the map, or of its group; one without a place is a block of its own: (n,)."""
    n = len(labelled)
    if labelled.groups is not None:
        return np.where(labelled.groups < 0, n + np.arange(n), np.unique(labelled.groups, return_inverse=True)[1])
    if labelled.places is None:
        return np.arange(n)
    side = (labelled.apart or 1) * (1.0 if labelled.widths is None else float(labelled.widths.max()))
    cells = np.floor(np.nan_to_num(labelled.places) / (_BLOCK * side))
    _, numbers = np.unique(cells, axis=0, return_inverse=True)
    alone = np.isnan(labelled.places).any(axis=1)
    return np.where(alone, n + np.arange(n), numbers.reshape(-1))


def split(labelled: Labelled, random: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to learn from, at most 10 a class, and rows to be tested on, from other blocks of the map."""
    block = blocks(labelled)
    known = np.unique(block)
    learning = np.isin(block, random.permutation(known)[: len(known) // 2])
    classes = range(len(labelled.classes))
    drawn = [random.permutation(np.flatnonzero((labelled.labels == c) & learning))[:SHOTS] for c in classes]
    return np.concatenate(drawn), np.flatnonzero(~learning)


def _round(vectors: NDArray[np.float64], labelled: Labelled, random: np.random.Generator) -> list[float]:
    learnt, asked = split(labelled, random)
    labels, classes = labelled.labels, len(labelled.classes)
    if len(np.unique(labels[learnt])) < 2:
        return [float("nan")] * classes
    right = _classifier().fit(vectors[learnt], labels[learnt]).predict(vectors[asked]) == labels[asked]
    return per_class(right, labels[asked], classes)


def _classifier() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1000)
