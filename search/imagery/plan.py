"""Which tiles a shard is to have, and in which pieces they are read."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Plan:
    """All tiles of a scene at a level, in key order.

    keys: (n,) int64, ascending.  bounds: (n, 4) west, south, east, north in degrees (NaN for galleries).
    names: file names, galleries only.
    """

    keys: np.ndarray
    bounds: np.ndarray
    names: list[str] | None = None

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True)
class Pixels:
    """tiles: (n, size, size, 3) uint8.  valid: (n, size, size) bool, False where there is no data."""

    tiles: np.ndarray
    valid: np.ndarray
