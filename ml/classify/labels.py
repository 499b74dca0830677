"""What a classifier learns from."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadLabels

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Labels:
    """Labelled tiles: keys (n,) int64, each once; targets (n,) float32, chances to be a positive; weights (n,) float32.

    Raises BadLabels for what cannot be learnt from.
    """

    keys: NDArray[np.int64]
    targets: Floats
    weights: Floats

    def __post_init__(self) -> None:
        check(self.targets, self.weights)
        if self.keys.shape != self.targets.shape:
            raise BadLabels(f"There are {len(self.keys)} keys for {len(self.targets)} labels.")
        if len(np.unique(self.keys)) < len(self.keys):
            raise BadLabels("A tile is labelled twice: join its votes to one label first.")

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def positive(self) -> NDArray[np.bool_]:
        """(n,): more likely one than not."""
        return self.targets > 0.5

    @cached_property
    def digest(self) -> str:
        """16 hex digits, the same whatever the order of the labels."""
        order = np.argsort(self.keys)
        columns = (self.keys.astype("<i8"), self.targets.astype("<f4"), self.weights.astype("<f4"))
        return hashlib.sha256(b"".join(column[order].tobytes() for column in columns)).hexdigest()[:16]


def check(targets: NDArray[np.floating], weights: NDArray[np.floating]) -> None:
    """Raises BadLabels unless targets (n,) are chances and weights (n,) are not negative."""
    if targets.ndim != 1 or targets.shape != weights.shape:
        raise BadLabels(f"Targets {targets.shape} and weights {weights.shape} must be two equally long lists.")
    if not ((targets >= 0) & (targets <= 1)).all():  # not so for NaN, too
        raise BadLabels("A target lies outside of 0 to 1: give the chance that the tile is a positive.")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise BadLabels("A weight is negative or not a number: give 0 to leave a tile out.")
