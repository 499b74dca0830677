"""What to ask next: pure functions that choose rows of a table of candidates.

Scores: higher is asked sooner. p: (n,) probabilities of "yes"; x: (n, d) features, best centred and whitened; every
chooser answers rows, most wanted first, and at most as many as there are.

    uncertainty  entropy, margin, least_confidence (Settles 2009, "Active Learning Literature Survey", 3.1)
    diversity    spread: k-means++ over gradient embeddings (BADGE, arXiv:1906.03671, alg. 1)
                 farthest: k-center greedy (core-set, arXiv:1708.00489, alg. 1)
    likely       positives first (Garnett et al. 2012, arXiv:1206.6406: the greedy one-step policy of active search)
    quotas       how a batch is divided among reasons
    worth        a new tile, or another vote on a disputed one (Sheng, Provost, Ipeirotis 2008, "Get Another Label?")
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Rows = NDArray[np.int64]
ALIKE = 0.98  # cosine beyond which two tiles are copies of each other
_TINY = 1e-12
_CROWD = 1000  # candidates that a diverse choice is made among
_LOOKS = 4  # candidates for each one wanted that are looked at to leave out copies


def entropy(p: Floats) -> Floats:
    """In bits: 1 at one half, 0 at certainty."""
    q = np.clip(p, _TINY, 1 - _TINY)
    return np.asarray(-q * np.log2(q) - (1 - q) * np.log2(1 - q))


def margin(p: Floats) -> Floats:
    """Minus the distance of the two classes' probabilities: -|p - (1 - p)|."""
    return -np.abs(2 * p - 1)


def least_confidence(p: Floats) -> Floats:
    """1 - max(p, 1 - p)."""
    return 1 - np.maximum(p, 1 - p)


UNCERTAINTY = {"entropy": entropy, "margin": margin, "least_confidence": least_confidence}


def top(scores: Floats, n: int) -> Rows:
    """The n highest, highest first; equals in the order in which they come."""
    n = min(n, len(scores))
    if n <= 0:
        return np.empty(0, np.int64)
    bound = np.partition(scores, -n)[-n]
    among = np.flatnonzero(scores >= bound)
    return np.asarray(among[np.argsort(-scores[among], kind="stable")][:n], np.int64)


def likely(p: Floats, x: Floats, n: int, alike: float = ALIKE) -> Rows:
    """The n likeliest, without copies of each other as long as there are others among the 4 n likeliest."""
    among = top(p, _LOOKS * n)
    return among[_without_copies(x[among], n, alike)]


def unsure(p: Floats, x: Floats, n: int, rng: np.random.Generator, crowd: int = _CROWD) -> Rows:
    """n of the `crowd` most uncertain rows, spread by BADGE's k-means++.

    The gradient of the cross-entropy with respect to a logistic head's weights, at the label that the model would
    give, has the length min(p, 1 - p) |x|: what is both unsure and unlike the others comes first.
    """
    among = top(entropy(p), max(crowd, n))
    return among[spread(np.minimum(p[among], 1 - p[among])[:, None] * x[among], n, rng)]


def spread(x: Floats, n: int, rng: np.random.Generator) -> Rows:
    """n rows of x (m, d) by k-means++: the longest first, then each with a chance proportional to its squared distance
    from the nearest one that is chosen (Arthur and Vassilvitskii 2007). Copies of a chosen row are drawn last."""
    wide = np.asarray(x, np.float64)
    if not len(wide) or n <= 0:
        return np.empty(0, np.int64)
    chosen = [int(np.argmax((wide**2).sum(axis=1)))]
    left = _distances(wide, chosen[0])
    while len(chosen) < min(n, len(wide)):
        left[chosen] = 0
        total = left.sum()
        free = np.setdiff1d(np.arange(len(wide)), chosen) if total <= _TINY else None
        row = int(rng.choice(free)) if free is not None else int(np.searchsorted(np.cumsum(left), rng.random() * total))
        row = min(row, len(wide) - 1)
        chosen.append(row)
        left = np.minimum(left, _distances(wide, row))
    return np.array(chosen, np.int64)


def farthest(x: Floats, n: int, known: Floats | None = None) -> Rows:
    """n rows of x (m, d), each the farthest from those of `known` (k, d) and from the rows chosen before it."""
    wide = np.asarray(x, np.float64)
    if not len(wide) or n <= 0:
        return np.empty(0, np.int64)
    left = _nearest(wide, wide.mean(axis=0, keepdims=True) if known is None else np.asarray(known, np.float64))
    chosen: list[int] = []
    for _ in range(min(n, len(wide))):
        row = int(np.argmax(left))
        chosen.append(row)
        left = np.minimum(left, _distances(wide, row))
        left[row] = -np.inf
    return np.array(chosen, np.int64)


def quotas(mix: Mapping[str, float], n: int) -> dict[str, int]:
    """n divided by the weights, to whole numbers that sum to n (largest remainders); all to the first where all are 0.

    Raises ValueError for a weight that is negative or not a number.
    """
    if not mix or not all(math.isfinite(weight) and weight >= 0 for weight in mix.values()):
        raise ValueError(f"The weights of a mix must be 0 or more, not {dict(mix)}.")
    total = sum(mix.values())
    if total == 0:
        return {name: n if i == 0 else 0 for i, name in enumerate(mix)}
    exact = {name: n * weight / total for name, weight in mix.items()}
    found = {name: math.floor(value) for name, value in exact.items()}
    short = n - sum(found.values())
    for name in sorted(mix, key=lambda name: found[name] - exact[name])[:short]:
        found[name] += 1
    return found


def worth(p: Floats, yes: Floats, no: Floats) -> Floats:
    """How much one more vote is worth, by the votes so far: sqrt(label's uncertainty × model's uncertainty).

    The label's is the chance that its majority is wrong, the tail of Beta(yes + 1, no + 1) beyond 1/2 (Sheng et al.
    2008, 5.1); the model's is min(p, 1 - p); their geometric mean is section 5.3.  A new tile has no votes: 1/2.
    """
    from scipy.special import betainc

    below = betainc(yes + 1.0, no + 1.0, 0.5)
    return np.sqrt(np.minimum(below, 1 - below) * np.minimum(p, 1 - p))


def _nearest(x: Floats, known: Floats) -> Floats:
    """Squared distance of each of x (m, d) from the nearest of known (k, d): (m,); infinite where there is none."""
    if not len(known):
        return np.full(len(x), np.inf)
    crossed = (known**2).sum(axis=1) - 2 * (x @ known.T)  # (m, k)
    return np.asarray(np.maximum(crossed.min(axis=1) + (x**2).sum(axis=1), 0))


def _distances(x: Floats, row: int) -> Floats:
    return np.asarray(((x - x[row]) ** 2).sum(axis=1))


def _without_copies(x: Floats, n: int, alike: float) -> Rows:
    """Rows in their order but for copies of earlier ones, which come after all others; n at most."""
    length = np.linalg.norm(x, axis=1, keepdims=True)
    unit = x / np.where(length == 0, 1, length)
    chosen: list[int] = []
    copies: list[int] = []
    for row in range(len(unit)):
        if len(chosen) == n:
            break
        again = bool(chosen) and float((unit[chosen] @ unit[row]).max()) > alike
        (copies if again else chosen).append(row)
    return np.array([*chosen, *copies][:n], np.int64)
