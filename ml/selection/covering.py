"""Diversity by facility location: a row is worth how much nearer everything gets to what is chosen (Wei, Iyer and
Bilmes 2015; Mirzasoleiman et al. 2015; the objective of "lazier than lazy greedy").

With likeness s = (1 + cosine) / 2, from 0 to 1, and R rows to be covered:

    F(S) = 1/R sum over i of max over j in S of s(i, j)        worth(x) = F(S and x) - F(S)

F is submodular: what a row is worth never rises, so that old values are bounds (greedy.py). Greedy choice reaches at
least 1 - 1/e of the best F there is (Nemhauser, Wolsey and Fisher 1978). Far more than k-center it goes where many are.
"""

from collections.abc import Callable

import numpy as np

from ml.selection.vectors import Doubles, Floats, Rows, Vectors, unit
from ml.selection.workers import pieces, side_by_side

COVERED, MOST = 5000, 20_000  # rows that stand for all, at least and at most, where there are more
_EACH = 4  # of them for each one that is to be chosen
_ROWS = 512  # rows in a block
_TINY = 1e-12


def stand_ins(rows: Rows, wanted: int | None, rng: np.random.Generator) -> tuple[Rows, list[str]]:
    """The rows that are to be covered: all, or a random sample; and what that means, in sentences.

    Four for each one to be chosen: once as many are chosen as there are to be covered, nothing gets nearer any more.
    """
    most = min(MOST, max(COVERED, _EACH * (len(rows) if wanted is None else wanted)))
    if len(rows) <= most:
        return rows, []
    said = [f"Facility location is sampled: {most:,} of {len(rows):,} tiles stand for all."]
    if wanted is None or wanted > most:
        said.append(f"Once about {most:,} are chosen it has no preference any more: add k-center for so many.")
    return np.sort(rng.choice(rows, most, replace=False)), said


class Cover:
    """covered: rows that stand for all."""

    def __init__(
        self,
        vectors: Vectors,
        rows: Rows,
        covered: Rows,
        before: Rows,
        strength: float,
        on_block: Callable[[int], None],
    ) -> None:
        self._vectors, self._rows, self.strength = vectors, rows, strength
        self._covered = unit(vectors, covered)  # (r, dim)
        self.best = np.zeros(len(covered), np.float32)  # (r,) likeness to the nearest one that is chosen
        for some in pieces(len(before), _ROWS):
            self.best = np.maximum(self.best, self.likeness(unit(vectors, before[some])).max(axis=0))
        self.worth = np.empty(len(rows), np.float32)  # (c,) as of the time that each was last seen
        blocks = pieces(len(rows), _ROWS)
        for some, found in zip(blocks, side_by_side(self._first, blocks), strict=True):
            self.worth[some] = found
            on_block(some.stop)

    @property
    def most(self) -> int:
        """Rows in a pool, so that it takes no more than 64 MB."""
        return max(256, (64 << 20) // (4 * len(self.best)))

    def start(self) -> Doubles:
        return self.logs(self.worth)

    def look(self, here: Rows) -> "Look":
        return Look(self, here)

    def add(self, position: int) -> None:
        self.best = np.maximum(self.best, self.likeness(unit(self._vectors, self._rows[[position]]))[0])

    def likeness(self, vectors: Floats) -> Floats:
        """(m, r)."""
        found: Floats = vectors @ self._covered.T
        found += 1
        found /= 2
        return found

    def likeness_of(self, here: Rows) -> Floats:
        return self.likeness(unit(self._vectors, self._rows[here]))

    def gains(self, likeness: Floats) -> Floats:
        """(m, r) -> (m,)."""
        return np.asarray(np.maximum(likeness - self.best, 0).mean(axis=1))

    def logs(self, worth: Floats) -> Doubles:
        return np.asarray(self.strength * np.log(np.maximum(worth, _TINY), dtype=np.float64))

    def _first(self, some: slice) -> Floats:
        return self.gains(self.likeness(unit(self._vectors, self._rows[some])))


class Look:
    """Some rows, of which one after the other is brought up to date."""

    def __init__(self, cover: Cover, here: Rows) -> None:
        self._cover, self._here = cover, here
        self._likeness = cover.likeness_of(here)  # (m, r)
        self._worth = cover.worth[here]
        self.logs = cover.logs(self._worth)

    def refresh(self, i: int) -> None:
        self._worth[i] = self._cover.gains(self._likeness[i : i + 1])[0]
        self.logs[i] = self._cover.logs(self._worth[i : i + 1])[0]

    def told(self, i: int) -> float:
        return float(self._worth[i])

    def close(self) -> None:
        self._cover.worth[self._here] = self._worth
