"""Splitting labels by place, so that no fold is judged by its own neighbourhood."""

import numpy as np
from numpy.typing import NDArray


def split(
    positive: NDArray[np.bool_], groups: NDArray[np.integer] | None, folds: int, random: np.random.Generator
) -> NDArray[np.int64] | None:
    """The fold of each label (n,), 0 to at most folds - 1; labels of one group share theirs.

    Positives are spread evenly: groups with the most of them are dealt out first, each to the fold with the fewest.
    None when that leaves a fold whose others lack positives or negatives: then nothing can be cross-validated.
    """
    n = len(positive)
    _, number = np.unique(np.arange(n) if groups is None else groups, return_inverse=True)
    rows = np.bincount(number)
    finds = np.bincount(number, positive, minlength=len(rows)).astype(np.int64)
    k = min(folds, int((finds > 0).sum()), int((rows > finds).sum()))
    if k < 2:
        return None
    order = random.permutation(len(rows))
    order = order[np.argsort(-finds[order], kind="stable")]
    fold = _deal(finds[order], rows[order], k)[np.argsort(order)][number]
    return fold if _taught(fold, positive, k) else None


def _deal(finds: NDArray[np.int64], rows: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Groups in this order, each to the fold with the fewest positives, then the fewest labels."""
    totals = [(0, 0)] * k
    dealt = np.empty(len(rows), np.int64)
    for group, (found, size) in enumerate(zip(finds.tolist(), rows.tolist(), strict=True)):
        fold = totals.index(min(totals, key=lambda t: t if found else (0, t[1])))
        dealt[group] = fold
        totals[fold] = (totals[fold][0] + found, totals[fold][1] + size)
    return dealt


def _taught(fold: NDArray[np.int64], positive: NDArray[np.bool_], k: int) -> bool:
    """Whether each fold's others have both kinds, and each fold has labels."""
    kinds = np.stack([np.bincount(fold[chosen], minlength=k) for chosen in (positive, ~positive)])  # (2, k)
    rest = kinds.sum(axis=1, keepdims=True) - kinds
    return bool((rest > 0).all() and (kinds.sum(axis=0) > 0).all())
