"""What an encoder is worth on labelled images that were held out: by the classes of their nearest neighbours."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
K, FIRST = 20, 10
_BATCH = 1024


class Judged(NamedTuple):
    """knn: share of the held-out images whose K nearest vote for their class.  precision: of the FIRST nearest.

    Both are means of the classes' own shares.  confusion: (classes, classes) counts, rows are what is shown.
    """

    knn: float
    precision: float
    confusion: NDArray[np.int64]


def judge(known: Vectors, labels: NDArray[np.integer], asked: Vectors, truth: NDArray[np.integer]) -> Judged:
    """known: (n, dim) with labels (n,), where neighbours are looked for; asked: (m, dim) with truth (m,)."""
    classes = int(max(labels.max(), truth.max())) + 1
    said, shares = [], []
    for start in range(0, len(asked), _BATCH):
        likeness = asked[start : start + _BATCH] @ known.T
        near = np.argsort(-likeness, axis=1, kind="stable")[:, : min(K, len(known))]
        votes = np.stack([(labels[near] == c).sum(axis=1) for c in range(classes)], axis=1)  # (batch, classes)
        said.append(votes.argmax(axis=1))
        shares.append((labels[near[:, :FIRST]] == truth[start : start + _BATCH, None]).mean(axis=1))
    found, precise = np.concatenate(said), np.concatenate(shares)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (truth, found), 1)
    there = np.unique(truth)
    return Judged(
        float(np.mean([(found[truth == c] == c).mean() for c in there])),
        float(np.mean([precise[truth == c].mean() for c in there])),
        confusion,
    )
