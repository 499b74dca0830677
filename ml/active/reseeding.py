"""What to ask when a stretch brought nothing new: a search must not lock on to one look of the thing."""

import numpy as np
from numpy.typing import NDArray

from ml import acquisition
from ml.active.pool import clusters

Floats = NDArray[np.floating]
Rows = NDArray[np.int64]
_CLUSTERS = 50
SHARE = 0.5  # of the shares of likely and unsure ones that go to far ones and to clusters, half each


def divided(mix: dict[str, float], dry: int, patience: int) -> dict[str, float]:
    """The mix of a round after `dry` rounds without a find."""
    if dry < patience:
        return mix
    moved = sum(mix.get(name, 0) for name in ("likely", "unsure")) * SHARE
    kept = {name: weight * (1 - SHARE if name in ("likely", "unsure") else 1) for name, weight in mix.items()}
    return {**kept, "far": moved / 2, "cluster": moved / 2}


def far(p: Floats, x: Floats, n: int, positives: Floats) -> Rows:
    """n of the candidates (m,), which are likely ones, that look least like the positives (k, d) and each other."""
    chosen = acquisition.farthest(x, n, positives)
    return chosen[np.argsort(-p[chosen], kind="stable")]


def unexplored(p: Floats, x: Floats, n: int, labelled: Floats, rng: np.random.Generator) -> Rows:
    """The likeliest candidate (m,) of each of the n clusters where the smallest share has been labelled."""
    if not len(x) or n <= 0:
        return np.empty(0, np.int64)
    cluster = clusters(np.concatenate([x, labelled]).astype(np.float32), _CLUSTERS, rng)
    mine, theirs = cluster[: len(x)], cluster[len(x) :]
    seen, all_ = (np.bincount(some, minlength=_CLUSTERS) for some in (theirs, cluster))
    order = np.argsort(seen / np.maximum(all_, 1), kind="stable")
    best = [max(np.flatnonzero(mine == number), key=lambda row: p[row]) for number in order if (mine == number).any()]
    return np.array(best[:n], np.int64)
