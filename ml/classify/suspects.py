"""Which labels to look at again. Judged by held-out probabilities: a classifier trusts what it was trained on."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


class Confusions(NamedTuple):
    """noes: rows of negatives, the most likely positives first.  yeses: of positives, the least likely first."""

    noes: Rows
    yeses: Rows


def label_issues(targets: NDArray[np.floating], held_out: NDArray[np.floating]) -> Rows:
    """Rows of labels that are probably wrong, the worst first: (m,).

    Confident learning (Northcutt, Jiang and Chuang 2021, arXiv:1911.00068): a label is an issue when the other answer
    is at least as probable as it is on average where it was given (eq. 2), and the given one is not, or less probable
    (eq. 1, the confident joint off its diagonal). Ranked by self-confidence, the probability of the label as it is.
    targets: (n,) in 0..1, above one half a positive; held_out: (n,), rows with NaN are left out.
    """
    known = np.isfinite(held_out)
    positive = targets > 0.5
    if not (known & positive).any() or not (known & ~positive).any():
        return np.empty(0, np.int64)
    yes = held_out.astype(np.float64)
    expected_yes, expected_no = yes[known & positive].mean(), 1 - yes[known & ~positive].mean()
    own = np.where(positive, yes, 1 - yes)  # (n,) self-confidence
    other = 1 - own
    sure_of_own = own >= np.where(positive, expected_yes, expected_no)
    sure_of_other = other >= np.where(positive, expected_no, expected_yes)
    issues = np.flatnonzero(known & sure_of_other & (~sure_of_own | (other > own)))
    return issues[np.argsort(own[issues], kind="stable")]


def confusions(targets: NDArray[np.floating], held_out: NDArray[np.floating], most: int = 20) -> Confusions:
    """The labels that the classifier disagrees with most, right or wrong; at most so many of each kind."""
    known, positive = np.isfinite(held_out), targets > 0.5
    noes, yeses = np.flatnonzero(known & ~positive), np.flatnonzero(known & positive)
    noes = noes[np.argsort(-held_out[noes], kind="stable")]
    yeses = yeses[np.argsort(held_out[yeses], kind="stable")]
    return Confusions(noes[:most], yeses[:most])
