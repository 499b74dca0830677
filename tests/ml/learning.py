"""Tiles whose look says, not quite, whether they are what one looks for."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.classify import Classifier, Config, fit
from ml.index.arithmetic import unit

DIM = 24
Floats = NDArray[np.float32]


def make_tiles(n: int, seed: int = 0, *, rare: float = 1.0) -> tuple[Floats, Floats]:
    """Features (n, DIM) of length 1 and targets (n,). The higher `rare`, the fewer positives; 1 gives about 16 %."""
    shared, random = np.random.default_rng(7), np.random.default_rng(seed)
    hidden = random.normal(size=(n, 6))
    features = unit(hidden @ shared.normal(size=(6, DIM)) + 0.5 * random.normal(size=(n, DIM)))
    return features, (hidden[:, 0] + 0.3 * random.normal(size=n) > rare).astype(np.float32)


def make_classifier(n: int = 200, **options: Any) -> Classifier:
    features, targets = make_tiles(n)
    return fit(features, targets, np.ones(n, np.float32), config=Config(**options))
