"""Diversity by k-center: a row is worth its distance from the nearest one that is chosen (Gonzalez 1985; Sener and
Savarese 2018, "core-set").

Distances shrink only, as more are chosen: an old one is a bound. Rows are brought up to date in pools of those with the
highest bounds (greedy.py), by all that was chosen since they were last looked at, as one product of matrices.
"""

import numpy as np

from ml.selection.vectors import Doubles, Floats, Rows, Vectors, unit
from ml.selection.workers import pieces, side_by_side

FARTHEST = 4.0  # squared
_COPY = 1e-7  # squared distances below cannot be told from 0 in float32
_CHOSEN = 256  # chosen vectors that a block is multiplied with at once
_ROWS = 4096  # rows in a block


class Spread:
    """least: rows closer than this to a chosen one are worth nothing. With strength 0 only that counts."""

    def __init__(self, vectors: Vectors, rows: Rows, before: Rows, strength: float = 1.0, least: float = 0.0) -> None:
        self._vectors, self._rows, self._strength, self._least = vectors, rows, strength, least**2
        self._chosen = np.concatenate([unit(vectors, before), np.empty((1024, vectors.shape[1]), np.float32)])
        self.count = len(before)  # of self._chosen
        self.squared = np.full(len(rows), FARTHEST, np.float32)  # (c,) as of the time that each was last seen
        self._seen = np.zeros(len(rows), np.int64)  # (c,) how many were chosen then

    @property
    def most(self) -> int:
        """Rows in a pool, so that it takes no more than 32 MB."""
        return max(256, (32 << 20) // (4 * self._vectors.shape[1]))

    def start(self) -> Doubles:
        """(c,) bounds of `Look.logs`."""
        return np.full(len(self._rows), self._strength * np.log(FARTHEST) / 2)

    def look(self, here: Rows) -> "Look":
        return Look(self, here)

    def add(self, position: int) -> None:
        if self.count == len(self._chosen):
            self._chosen = np.concatenate([self._chosen, np.empty_like(self._chosen)])
        self._chosen[self.count] = unit(self._vectors, self._rows[[position]])[0]
        self.count += 1

    def read(self, here: Rows) -> Floats:
        return unit(self._vectors, self._rows[here])

    def catch_up(self, here: Rows, vectors: Floats) -> Floats:
        """Squared distances (m,) of these rows, with vectors (m, dim), from all that is chosen now."""
        parts = side_by_side(lambda some: self._caught_up(here[some], vectors[some]), pieces(len(here), _ROWS))
        found = np.concatenate(list(parts))
        self.keep(here, found)
        return found

    def keep(self, here: Rows, squared: Floats) -> None:
        self.squared[here], self._seen[here] = squared, self.count

    def since(self, first: int, vectors: Floats) -> Floats:
        """The least squared distance (m,) from those chosen after the first so many."""
        return 2 - 2 * (vectors @ self._chosen[first : self.count].T).max(axis=1)

    def logs(self, squared: Floats) -> Doubles:
        """strength times the log of the distance; -inf below the least."""
        found: Doubles = self._strength / 2 * np.log(np.maximum(squared, _COPY), dtype=np.float64)
        found[squared < self._least] = -np.inf
        return found

    def _caught_up(self, here: Rows, vectors: Floats) -> Floats:
        found, seen = self.squared[here], self._seen[here]
        for start in range(int(seen.min()), self.count, _CHOSEN):
            end = min(start + _CHOSEN, self.count)
            late = np.flatnonzero(seen < end)
            some = vectors if len(late) == len(here) else vectors[late]
            found[late] = np.minimum(found[late], 2 - 2 * (some @ self._chosen[start:end].T).max(axis=1))
        return found


class Look:
    """Some rows, all brought up to date at once."""

    def __init__(self, spread: Spread, here: Rows) -> None:
        self._spread, self._here = spread, here
        self._vectors = spread.read(here)
        self.squared = spread.catch_up(here, self._vectors)
        self._seen = spread.count
        self.logs = spread.logs(self.squared)

    def refresh(self, some: Rows) -> None:
        """Bring logs of some, and here of all others, up to date."""
        if self._seen < self._spread.count:
            self.squared = np.minimum(self.squared, self._spread.since(self._seen, self._vectors))
            self._seen = self._spread.count
            self.logs = self._spread.logs(self.squared)

    def told(self, i: int) -> float:
        return float(np.sqrt(max(self.squared[i], 0)))

    def close(self) -> None:
        """Remember what is known of them now."""
        self.refresh(np.empty(0, np.int64))
        self._spread.keep(self._here, self.squared)
