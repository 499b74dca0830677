"""Measures as vectors: each by its rank among those of many tiles."""

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from ml.encoders.entry import Entry
from ml.errors import BadEncoder

KNOTS = 65
Floats = NDArray[np.floating]


def knots(measures: Floats) -> NDArray[np.float32]:
    """(n, d) of tiles of all kinds -> (KNOTS, d): their quantiles, which an entry keeps as projection.safetensors."""
    return np.quantile(measures, np.linspace(0, 1, KNOTS), axis=0).astype(np.float32)


def ranked(measures: Floats, at: Floats) -> NDArray[np.float32]:
    """(n, d) -> (n, d) in -1..1: the share of tiles below each measure, less the share above.

    Measures of all scales and shapes become alike, and a linear classifier on them nearly as good as trees are, which
    see nothing but ranks (docs/benchmarks/islands.md). Between knots by interpolation; values that many tiles share
    (several knots) get the middle of their ranks.
    """
    steps = np.linspace(-1, 1, len(at))
    out = np.empty(measures.shape, np.float32)
    for i, column in enumerate(at.T):
        low = np.searchsorted(column, measures[:, i], side="left")
        high = np.searchsorted(column, measures[:, i], side="right")
        between = np.interp(measures[:, i], column, steps)
        middle = (steps[np.minimum(low, len(steps) - 1)] + steps[np.maximum(high - 1, 0)]) / 2
        out[:, i] = np.where(high > low + 1, middle, between)
    return out


def lifted(ranks: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, d) in -1..1 -> (n, d + 1) of length 1: one number more completes each vector to the sphere.

    Encoders answer unit vectors. Dividing by the length instead would change every rank by what the others are.
    """
    inside = ranks / np.float32(np.sqrt(ranks.shape[1]))
    rest = np.sqrt(np.maximum(1 - (inside**2).sum(axis=1, keepdims=True), 0))
    return np.concatenate([inside, rest], axis=1)


def read(entry: Entry, dim: int) -> NDArray[np.float32]:
    """The entry's knots; raises BadEncoder unless there are some for each of its measures."""
    path = entry.file("projection")
    try:
        found = np.asarray(load_file(path)["knots"], np.float32)
    except (SafetensorError, KeyError) as error:
        raise BadEncoder(f"{path} does not hold the knots of {dim} measures ({error}): copy it again.") from error
    if found.ndim != 2 or found.shape[1] != dim or len(found) < 2:
        raise BadEncoder(f"{path} holds knots of the shape {found.shape}; {dim} measures need (n, {dim}).")
    return found
