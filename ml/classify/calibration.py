"""From logits to probabilities."""

import numpy as np
from numpy.typing import NDArray

from ml.classify.logistic import sigmoid

Doubles = NDArray[np.float64]


def platt(logits: Doubles, targets: Doubles, weights: Doubles) -> tuple[float, float]:
    """Slope a >= 0 and offset c of probability = sigmoid(a * logit + c) (Platt 1999, "Probabilistic outputs for SVMs").

    logits: (n,) of a classifier that has not seen these labels.  Targets are smoothed as in his section 2.2, so that
    with few labels no probability gets near 0 or 1: (N+ + 1) / (N+ + 2) for positives, 1 / (N- + 2) for negatives.
    Minimised by Newton's method with a line search (Lin, Lin and Weng 2007, algorithm 1).
    """
    positive, negative = float(weights @ targets), float(weights @ (1 - targets))
    high, low = (positive + 1) / (positive + 2), 1 / (negative + 2)
    smooth = targets * high + (1 - targets) * low  # (n,)
    x = np.column_stack([logits, np.ones_like(logits)])  # (n, 2)
    found = np.array([0.0, np.log((positive + 1) / (negative + 1))])
    value = _loss(found, x, smooth, weights)
    for _ in range(100):
        p = sigmoid(x @ found)
        gradient = x.T @ (weights * (p - smooth))
        hessian = (x.T * (weights * p * (1 - p))) @ x + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-9 and _loss(found - size * step, x, smooth, weights) > value - 1e-4 * size * (gradient @ step):
            size /= 2
        found = found - size * step
        before, value = value, _loss(found, x, smooth, weights)
        if before - value < 1e-9 * max(1.0, abs(before)):
            break
    slope, offset = float(found[0]), float(found[1])
    if slope < 0:  # held-out logits that are worse than chance: no order is claimed
        return 0.0, float(np.log((positive + 1) / (negative + 1)))
    return slope, offset


def _loss(found: Doubles, x: Doubles, targets: Doubles, weights: Doubles) -> float:
    logits = x @ found
    return float(weights @ (np.logaddexp(0, logits) - targets * logits))


def adapt(logits: Doubles, prior: float, *, rounds: int = 200) -> float:
    """The share of positives among unlabelled tiles, by expectation maximisation (Saerens et al. 2002, eq. 2.9).

    logits: (m,) calibrated where the share of positives was `prior`.  Right where the labelled positives and negatives
    each look like those of the archive, and only their shares differ, as in lists of examples. Wrong where tiles were
    chosen by their look, as rounds do: that leaves the chance of a tile of that look as it is.
    """
    share = prior
    for _ in range(rounds):
        after = float(sigmoid(logits + shift(prior, share)).mean())
        after = max(after, 1 / (len(logits) + 2))
        if abs(after - share) < 1e-7:
            break
        share = after
    return share


def shift(before: float, after: float) -> float:
    """What to add to logits when the share of positives is `after` instead of `before`."""
    return float(np.log(after / (1 - after)) - np.log(before / (1 - before)))
