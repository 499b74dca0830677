"""The greedy order written plainly: every objective of every row, every time. In float64; what select is held to."""

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


def distances(x: Doubles, chosen: list[int]) -> Doubles:
    """Of each row to the nearest one chosen; 2 when there is none."""
    if not chosen:
        return np.full(len(x), 2.0)
    return np.sqrt(np.maximum(2 - 2 * (x @ x[chosen].T).max(axis=1), 0))


def gains(x: Doubles, chosen: list[int]) -> Doubles:
    """How much the mean likeness to the nearest chosen one rises with each row."""
    likeness = (1 + x @ x.T) / 2
    best = likeness[:, chosen].max(axis=1) if chosen else np.zeros(len(x))
    return np.maximum(likeness - best[:, None], 0).mean(axis=0)


def typicality(x: Doubles, neighbours: int) -> Doubles:
    """Minus the mean distance to the nearest others."""
    far = np.sqrt(np.maximum(2 - 2 * x @ x.T, 0))
    np.fill_diagonal(far, np.inf)
    return -np.sort(far, axis=1)[:, :neighbours].mean(axis=1)


def ranks(values: Doubles) -> Doubles:
    """The share of rows that each is at least as good as; for values that all differ."""
    return (values[:, None] >= values).mean(axis=1)


def webster(codes: NDArray[np.int64], shares: Doubles, chosen: list[int]) -> Doubles:
    return shares[codes] / (np.bincount(codes[chosen], minlength=len(shares))[codes] + 0.5)


def best(product: Doubles, chosen: list[int]) -> int:
    product[chosen] = -1
    return int(product.argmax())
