"""Measures of vectors with labels. Likeness is 1 - distance² / 2: the cosine, for vectors of length 1."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.evaluate.labelled import Labelled

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]
TEMPERATURE = 0.1
_BLOCK = 512  # queries at once
_UNIFORMITY_SAMPLE = 2000


class Nearest(NamedTuple):
    """Of every image the others, best first: rows (n, k), -1 where there are no more; likeness (n, k)."""

    rows: NDArray[np.int64]
    likeness: NDArray[np.float64]

    def first(self, k: int) -> "Nearest":
        return Nearest(self.rows[:, :k], self.likeness[:, :k])


def nearest(vectors: Vectors, labelled: Labelled, k: int) -> Nearest:
    """The k nearest of each of the n images among all others but its neighbours on the map."""
    k = min(k, len(vectors) - 1)
    blocks = [_nearest(vectors, labelled, rows, k) for rows in _blocks(len(vectors))]
    return Nearest(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


def _blocks(n: int) -> list[NDArray[np.intp]]:
    return [np.arange(start, min(start + _BLOCK, n)) for start in range(0, n, _BLOCK)]


def _nearest(
    vectors: Vectors, labelled: Labelled, rows: NDArray[np.intp], k: int
) -> tuple[Labels, NDArray[np.float64]]:
    scores = likeness(vectors[rows], vectors)
    scores[labelled.neighbours(rows)] = -np.inf
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    found = np.take_along_axis(scores, best, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    best, found = np.take_along_axis(best, order, axis=1), np.take_along_axis(found, order, axis=1)
    return np.where(np.isfinite(found), best, -1), found


def likeness(a: Vectors, b: Vectors) -> NDArray[np.float64]:
    """(n, d), (m, d) -> (n, m)."""
    wide, other = a.astype(np.float64), b.astype(np.float64)
    squares = (wide**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None]
    return 1 - (squares - 2 * wide @ other.T) / 2


def per_class(values: NDArray[np.floating], labels: Labels, classes: int) -> list[float]:
    """The mean of the values of each class; NaN where it has none."""
    with np.errstate(invalid="ignore"):
        return [float(values[labels == c].mean()) if (labels == c).any() else float("nan") for c in range(classes)]


def precision(found: Nearest, labels: Labels) -> NDArray[np.float64]:
    """P@k: of every image the share of its k nearest that have its class; where there are fewer, of those."""
    known = found.rows >= 0
    right = (labels[found.rows] == labels[:, None]) & known
    return right.sum(axis=1) / np.maximum(known.sum(axis=1), 1)


def reachable(labelled: Labelled, k: int) -> NDArray[np.float64]:
    """Of every image the most that P@k can be, as few others of its class may count: (n,)."""
    found = []
    for rows in _blocks(len(labelled)):
        counts = ~labelled.neighbours(rows)  # (rows, n)
        same = (labelled.labels[rows][:, None] == labelled.labels) & counts
        most = np.minimum(k, counts.sum(axis=1))
        found.append(np.minimum(same.sum(axis=1), most) / np.maximum(most, 1))
    return np.concatenate(found)


def knn_right(found: Nearest, labels: Labels, classes: int) -> NDArray[np.float64]:
    """1 where the k nearest vote for the right class, each with exp(likeness / 0.1) (Wu et al. 2018, DINO): (n,)."""
    best = np.nan_to_num(found.likeness[:, :1], neginf=0.0)
    weights = np.exp((found.likeness - best) / TEMPERATURE)  # 0 where there is no neighbour
    votes = np.zeros((len(labels), classes))
    for rank in range(found.rows.shape[1]):
        np.add.at(votes, (np.arange(len(labels)), labels[found.rows[:, rank]]), weights[:, rank])
    return (votes.argmax(axis=1) == labels).astype(np.float64)


def alignment(vectors: Vectors, positives: Vectors) -> float:
    """Mean squared distance of pairs that should be alike (Wang & Isola 2020, α = 2); 0 is best."""
    return float(((vectors.astype(np.float64) - positives) ** 2).sum(axis=1).mean())


def uniformity(vectors: Vectors) -> float:
    """log of the mean of exp(-2 distance²) over pairs (Wang & Isola 2020, t = 2); lower is more evenly spread.

    Of at most 2,000 vectors.
    """
    some = vectors
    if len(vectors) > _UNIFORMITY_SAMPLE:
        some = vectors[np.random.default_rng(0).permutation(len(vectors))[:_UNIFORMITY_SAMPLE]]
    squared = np.maximum(2 - 2 * likeness(some, some), 0)
    return float(np.log(np.exp(-2 * squared[np.triu_indices(len(some), 1)]).mean()))


def effective_rank(vectors: Vectors) -> float:
    """exp of the entropy of the singular values' shares (Roy & Vetterli 2007): how many dimensions are in use."""
    strength = np.linalg.svd(vectors.astype(np.float64), compute_uv=False)
    shares = strength[strength > 0] / strength.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
