"""One greedy order over a product of objectives: each time the row with the largest product of all of them, each to the
power of its strength, reckoned as a sum of logarithms.

Some factors are fixed (a metric, typicality). Others shrink as more rows are chosen (the distance from what is chosen),
so that an old value is a bound and most rows need not be looked at: Minoux's lazy greedy (1978), with pools instead of
single rows. A pool is made of the rows with the highest bounds; they are brought up to date together, and rows are
chosen from the pool as long as its best is no worse than the best bound outside. The order is that of looking at every
row every time. Balanced classes (balance.py) have a pool each, since their factor is the same for all their rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from ml.selection.balance import Classes
from ml.selection.vectors import Doubles, Rows

_FIRST, _LEAST = 1024, 64  # rows in a first pool, and in a small one
_TINY = 8  # where many classes share the memory
_TOGETHER = 64  # rows brought up to date at once, at most
_FEW, _MANY = 4, 32  # a pool that gave fewer was too small, one that gave more too large


class Look(Protocol):
    """Some rows under one shrinking objective. logs: (m,) bounds; logs[some] are exact after refresh(some).

    told: the objective's own value of a row, as people read it.  close: keep what is known for the next look.
    """

    logs: Doubles

    def refresh(self, some: Rows) -> None: ...

    def told(self, i: int) -> float: ...

    def close(self) -> None: ...


class Shrinking(Protocol):
    """An objective whose logarithm (strength included) never rises as rows are added. Positions count the candidates.

    most: rows that a Look may hold.  start: (c,) bounds.
    """

    @property
    def most(self) -> int: ...

    def start(self) -> Doubles: ...

    def look(self, here: Rows) -> Look: ...

    def add(self, position: int) -> None: ...


@dataclass(frozen=True)
class Powers:
    """fixed: (c,) sum of the fixed objectives' logarithms, strength included; -inf: never.  first: (c,) who goes first
    among equals, lowest."""

    fixed: Doubles
    first: Rows
    shrinking: Sequence[Shrinking]


class Choice(NamedTuple):
    """position: among the candidates.  told: of each shrinking objective the value that the row had."""

    position: int
    told: list[float]


def order(powers: Powers, classes: Classes) -> Iterator[Choice]:
    """Candidates, best first, until none is left that is worth anything."""
    bounds = powers.fixed.copy()
    for objective in powers.shrinking:
        bounds += objective.start()
    piles = [_pile(powers, members, bounds, len(classes.members)) for members in classes.members]
    upper = np.array([pile.upper for pile in piles])  # (classes,)
    fresh = np.full(len(piles), -1)  # when each was last known exactly
    count = 0
    while len(piles):
        worth = upper + classes.logs
        best = int(np.argmax(worth))
        if worth[best] == -np.inf:
            return
        if fresh[best] != count:
            upper[best], fresh[best] = piles[best].best(), count
            continue
        choice = piles[best].take()
        upper[best] = piles[best].upper
        classes.add(best)
        for objective in powers.shrinking:
            objective.add(choice.position)
        count += 1
        yield choice


def _pile(powers: Powers, members: Rows, bounds: Doubles, piles: int) -> "Pile | Sorted":
    members = members[np.argsort(powers.first[members], kind="stable")]
    return Pile(powers, members, bounds[members], piles) if powers.shrinking else Sorted(members, bounds[members])


class Sorted:
    """The candidates of one class when nothing shrinks: best first, once and for all."""

    def __init__(self, members: Rows, values: Doubles) -> None:
        order = np.argsort(-values, kind="stable")
        self._members, self._values, self._at = members[order], values[order], 0

    @property
    def upper(self) -> float:
        return float(self._values[self._at]) if self._at < len(self._values) else -np.inf

    def best(self) -> float:
        return self.upper

    def take(self) -> Choice:
        self._at += 1
        return Choice(int(self._members[self._at - 1]), [])


class Pile:
    """The candidates of one class, of which some are in an open pool. members: who goes first among equals, first."""

    def __init__(self, powers: Powers, members: Rows, bounds: Doubles, piles: int) -> None:
        self._powers = powers
        self._members, self._bounds = members, bounds
        self._most = min(max(_TINY, one.most // piles) for one in powers.shrinking)
        self._size = min(max(_LEAST, _FIRST // piles), self._most)
        self._pool = np.empty(0, np.int64)  # places in members
        self._fixed = self._total = np.empty(0)  # (pool,)
        self._looks: list[Look] = []
        self._outside = float(self._bounds.max(initial=-np.inf))  # the best bound that is not in the pool
        self._given = _FEW  # rows that the pool has given
        self._at = -1

    @property
    def upper(self) -> float:
        """No row of it is worth more."""
        return max(self._outside, float(self._total.max(initial=-np.inf)))

    def best(self) -> float:
        """What its best row is worth now, -inf when there is none; `take` takes it."""
        while True:
            value = self._best_of_pool()
            if value >= self._outside:
                return value
            self._next_pool()

    def take(self) -> Choice:
        told = [look.told(self._at) for look in self._looks]
        self._fixed[self._at] = self._total[self._at] = -np.inf
        self._given += 1
        return Choice(int(self._members[self._pool[self._at]]), told)

    def _best_of_pool(self) -> float:
        """The best row is looked at, then the two that may be better than it, then four, and so on."""
        exact, best, several = np.zeros(len(self._total), bool), -np.inf, 1
        while True:
            may_be = np.flatnonzero((self._total >= best) & (self._total > -np.inf) & ~exact)
            if not len(may_be):
                self._at = int(np.argmax(self._total)) if len(exact) else -1
                return best
            if len(may_be) > several:
                cut = len(may_be) - several
                may_be = np.sort(may_be[np.argpartition(self._total[may_be], cut)[cut:]])
            for look in self._looks:
                look.refresh(may_be)
            self._add_up()
            exact[may_be] = True
            best, several = float(self._total[exact].max()), min(2 * several, _TOGETHER)

    def _add_up(self) -> None:
        self._total = self._fixed.copy()
        for look in self._looks:
            self._total += look.logs

    def _next_pool(self) -> None:
        for look in self._looks:
            look.close()
        self._add_up()
        self._bounds[self._pool] = self._total
        self._looks = []  # before the next ones are made: they are large
        self._resize()
        left = int((self._bounds > -np.inf).sum())
        if left <= self._size:
            self._pool, self._outside = np.flatnonzero(self._bounds > -np.inf), -np.inf
        else:
            cut = len(self._bounds) - self._size
            places = np.argpartition(self._bounds, cut - 1)
            self._pool, self._outside = np.sort(places[cut:]), float(self._bounds[places[cut - 1]])
        here = self._members[self._pool]
        self._looks = [objective.look(here) for objective in self._powers.shrinking]
        self._fixed = self._powers.fixed[here]
        self._add_up()

    def _resize(self) -> None:
        if self._given < _FEW:
            self._size = min(2 * self._size, self._most)
        elif self._given > _MANY:
            self._size = min(max(_LEAST, self._size // 2), self._most)
        self._given = 0
