"""How good predictions are, with 95 % intervals."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.classify.labels import check

Doubles = NDArray[np.float64]
_DRAWS = 4000
_RESAMPLES = 200
_LIMITS = (0.025, 0.975)


def measure(
    targets: NDArray[np.floating],
    probabilities: NDArray[np.floating],
    *,
    measured_on: str,
    groups: NDArray[np.integer] | None = None,
    threshold: float = 0.5,
) -> dict[str, Any]:
    """{"f1", "precision", "recall", "average_precision": [value, low, high], "measured_on", "tiles", "positives"}.

    Of tiles that the classifier was not trained on; None instead of a list where there is nothing to measure.
    Each tile counts once; targets above one half are positives.
    """
    check(np.asarray(targets), np.ones_like(targets))
    truth, said = np.asarray(targets) > 0.5, np.asarray(probabilities) >= threshold
    hits, false, missed = (int((a & b).sum()) for a, b in ((truth, said), (~truth, said), (truth, ~said)))
    return {
        "f1": f1(hits, false, missed),
        "precision": share(hits, hits + false),
        "recall": share(hits, hits + missed),
        "average_precision": average_precision_interval(truth, np.asarray(probabilities), groups),
        "measured_on": measured_on,
        "tiles": len(truth),
        "positives": int(truth.sum()),
        "threshold": threshold,
    }


def share(hits: int, of: int) -> list[float] | None:
    """hits / of with Jeffreys' interval: quantiles of Beta(hits + 1/2, misses + 1/2) (Brown, Cai and DasGupta 2001).

    As they advise (section 4.3), the lower end is 0 where there is no hit, the upper 1 where there is no miss.
    """
    if not of:
        return None
    from scipy.special import betaincinv  # scipy.stats takes seconds to be imported

    low, high = betaincinv(hits + 0.5, of - hits + 0.5, _LIMITS)
    return _rounded(hits / of, low if hits else 0.0, high if hits < of else 1.0)


def f1(hits: int, false: int, missed: int) -> list[float] | None:
    """F1 with the interval of Goutte and Gaussier 2005 (ECIR, eq. 17): U / (U + V), where U is drawn from
    Gamma(hits + 1/2, 2) and V from Gamma(false + missed + 1, 1)."""
    if not hits + false + missed:
        return None
    random = np.random.default_rng(0)
    u = 2 * random.standard_gamma(hits + 0.5, _DRAWS)
    v = random.standard_gamma(false + missed + 1, _DRAWS)
    value = 2 * hits / (2 * hits + false + missed)
    low, high = np.quantile(u / (u + v), _LIMITS)
    return _rounded(value, min(low, value), max(high, value))


def average_precision(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], weights: NDArray[np.floating] | None = None
) -> float:
    """Mean over the positives of the precision at their rank; equal scores share the rank of the last of them.

    weights: (n,), how often each counts.  NaN where no positive counts.
    """
    order = np.argsort(-scores)
    return _ranked(truth[order], _ties(scores[order]), (np.ones(len(truth)) if weights is None else weights)[order])


def average_precision_interval(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], groups: NDArray[np.integer] | None
) -> list[float] | None:
    """With percentiles of a bootstrap of whole places (Efron and Tibshirani 1993, ch. 13), from 200 resamples."""
    if not truth.any() or truth.all():
        return None
    order = np.argsort(-scores)
    ties, random = _ties(scores[order]), np.random.default_rng(0)
    _, number = np.unique(np.arange(len(truth)) if groups is None else groups, return_inverse=True)
    members, here = int(number.max()) + 1, number[order]
    times = random.multinomial(members, np.full(members, 1 / members), _RESAMPLES)  # (resamples, groups)
    found = np.array([_ranked(truth[order], ties, drawn[here].astype(float)) for drawn in times])
    value = _ranked(truth[order], ties, np.ones(len(truth)))
    low, high = np.nanquantile(found, _LIMITS)
    return _rounded(value, min(low, value), max(high, value))


def _ties(scores: NDArray[np.floating]) -> NDArray[np.intp]:
    """Of each of the falling scores (n,) the position of the last that equals it: (n,)."""
    return np.asarray(np.searchsorted(-scores, -scores, side="right") - 1)


def _ranked(truth: NDArray[np.bool_], last: NDArray[np.intp], weights: NDArray[np.floating]) -> float:
    """Average precision of what is sorted already."""
    hits = np.where(truth, weights, 0)
    total = hits.sum()
    if not total:
        return float("nan")
    precision = np.cumsum(hits)[last] / np.maximum(np.cumsum(weights)[last], 1e-12)
    return float(hits @ precision / total)


def _rounded(value: float, low: float, high: float) -> list[float]:
    return [round(float(number), 4) for number in (value, low, high)]
