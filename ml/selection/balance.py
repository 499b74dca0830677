"""Balance: shares of classes among what is chosen.

A class that has k of the chosen and should have the share t is worth t / (k + 1/2). With nothing else in the product,
each time the class with the largest such number gets the next row: the method of Sainte-Laguë (Webster), by which
parliaments divide their seats. Beside other objectives, the greater the strength, the more firmly shares are held.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.selection.vectors import Rows

_HALF = 0.5


@dataclass(frozen=True)
class Shares:
    """codes: (c,) class of each candidate, from 0.  wanted: (k,) share of each class, 0: never.
    counts: (k,) how many of each were chosen before."""

    codes: Rows
    wanted: NDArray[np.float64]
    counts: Rows
    strength: float

    def shares_of(self, chosen: Rows) -> NDArray[np.float64]:
        """Of each chosen candidate, in order, the share that its class has of all that is chosen up to it: (m,)."""
        counts, found = self.counts.copy(), np.empty(len(chosen))
        for i, code in enumerate(self.codes[chosen]):
            counts[code] += 1
            found[i] = counts[code] / counts.sum()
        return found


class Classes:
    """Candidates by class, or by what several balances make of their classes together.

    members: positions of each.  logs: (classes,) what a row of each is worth for its class now.
    """

    def __init__(self, count: int, balances: list[Shares]) -> None:
        self._balances = [(one, one.counts.copy()) for one in balances]
        codes = np.stack([one.codes for one in balances]) if balances else np.zeros((1, count), np.int64)
        kinds, which = np.unique(codes, axis=1, return_inverse=True)  # (balances, classes)
        by_class = np.argsort(which.reshape(-1), kind="stable")
        cuts = np.cumsum(np.bincount(which.reshape(-1), minlength=kinds.shape[1]))[:-1]
        self._kinds = kinds
        self.members: list[Rows] = np.split(by_class, cuts) if count else []
        self.logs = np.zeros(len(self.members))
        self._update()

    def add(self, place: int) -> None:
        """One row of this class was chosen."""
        for (_, counts), kind in zip(self._balances, self._kinds[:, place], strict=False):
            counts[kind] += 1
        self._update()

    def _update(self) -> None:
        if not self._balances:
            return
        self.logs = np.zeros(len(self.members))
        with np.errstate(divide="ignore"):
            for (one, counts), kinds in zip(self._balances, self._kinds, strict=True):
                self.logs += one.strength * np.log(one.wanted / (counts + _HALF))[kinds]
