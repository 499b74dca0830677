"""Logistic regression with soft labels and an L2 penalty."""

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
_STEPS = 300
_MEMORY = 20


def solve(x: Doubles, targets: Doubles, weights: Doubles, strength: float, start: Doubles | None = None) -> Doubles:
    """The weights (r + 1,), the last the intercept, that minimise

        sum_i weights_i * cross-entropy(targets_i, sigmoid(x_i b + b_0)) + strength / 2 * |b|^2

    by L-BFGS (Liu and Nocedal 1989).  x: (n, r).  Soft targets are what a tile that is there twice, with each answer,
    would be.  The problem is convex: where it starts does not change where it ends.
    """
    from scipy.optimize import minimize

    begin = np.zeros(x.shape[1] + 1) if start is None else start
    options = {"maxiter": _STEPS, "maxcor": _MEMORY, "gtol": 1e-5 * max(float(weights.sum()), 1e-9), "ftol": 1e-10}
    found = minimize(loss, begin, (x, targets, weights, strength), "L-BFGS-B", jac=True, options=options)
    return np.asarray(found.x)


def loss(b: Doubles, x: Doubles, targets: Doubles, weights: Doubles, strength: float) -> tuple[float, Doubles]:
    """The sum above, and its gradient (r + 1,)."""
    logits = x @ b[:-1] + b[-1]
    value = weights @ (np.logaddexp(0, logits) - targets * logits) + strength / 2 * (b[:-1] @ b[:-1])
    residual = weights * (sigmoid(logits) - targets)  # (n,)
    return float(value), np.append(residual @ x + strength * b[:-1], residual.sum())


def sigmoid(logits: NDArray[np.floating]) -> NDArray[np.floating]:
    from scipy.special import expit

    return np.asarray(expit(logits))
