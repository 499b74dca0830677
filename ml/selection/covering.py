"""Diversity by facility location: a row is worth how much nearer everything gets to what is chosen (Wei, Iyer and
Bilmes 2015; Mirzasoleiman et al. 2015; the objective of "lazier than lazy greedy").

With likeness s = (1 + cosine) / 2, from 0 to 1, and R rows to be covered:

    F(S) = 1/R sum over i of max over j in S of s(i, j)        worth(x) = F(S and x) - F(S)

F is submodular: what a row is worth never rises, so that old values are bounds (greedy.py). Greedy choice reaches at
least 1 - 1/e of the best F there is (Nemhauser, Wolsey and Fisher 1978). Far more than k-center it goes where many are.

Where many are to be chosen of many, the rows to be covered are parted into groups of alike ones, and s(i, j) counts as
0 unless i's group is one of the few that are nearest to j: what is chosen far off brings i nothing anyway. F stays
submodular.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.selection.cells import even_centres
from ml.selection.vectors import Doubles, Floats, Rows, Vectors, unit
from ml.selection.workers import pieces, side_by_side

COVERED, MOST = 5000, 20_000  # rows that stand for all, at least and at most, where there are more
_EACH = 4  # of them for each one that is to be chosen
PAIRS = 5 * 10**8  # of a row and one to be covered, beyond which these are parted into groups
_CHOSEN = 50  # of each group, about
_REACH = 4  # groups that a row is compared with
_ROWS = 512  # rows in a block
_ENTRIES = 16 << 20  # likenesses in a pool
_TINY = 1e-12


class StandIns(NamedTuple):
    """rows: (r,) to be covered.  groups: that they are parted into.  said: what is not exact, in sentences."""

    rows: Rows
    groups: int
    said: list[str]


def stand_ins(rows: Rows, wanted: int | None, rng: np.random.Generator) -> StandIns:
    """The rows that are to be covered: all, or a random sample.

    Four for each one to be chosen: once as many are chosen as there are to be covered, nothing gets nearer any more.
    """
    most = min(MOST, max(COVERED, _EACH * (len(rows) if wanted is None else wanted)))
    covered, said = rows, []
    if len(rows) > most:
        covered = np.sort(rng.choice(rows, most, replace=False))
        said.append(f"Facility location is sampled: {most:,} of {len(rows):,} tiles stand for all.")
        if wanted is None or wanted > most:
            said.append(f"Once about {most:,} are chosen it has no preference any more: add k-center for so many.")
    groups = 0 if wanted is None or len(rows) * len(covered) <= PAIRS else min(wanted, len(covered)) // _CHOSEN
    if groups <= _REACH:
        return StandIns(covered, 1, said)
    said.append(
        f"A tile is compared with the {_REACH} nearest of {groups:,} groups of these: to the others it brings little."
    )
    return StandIns(covered, groups, said)


class Cover:
    """covered: rows that stand for all.  on_block: told how many rows have been looked at for the first time."""

    def __init__(
        self,
        vectors: Vectors,
        rows: Rows,
        covered: StandIns,
        before: Rows,
        strength: float,
        rng: np.random.Generator,
        on_block: Callable[[int], None],
    ) -> None:
        self._vectors, self._rows, self.strength = vectors, rows, strength
        # (r, dim), group by group: those with the same vector, as calm sea often has, are one of more weight
        self._covered, counts = np.unique(unit(vectors, covered.rows), axis=0, return_counts=True)
        self._weights = (counts / len(covered.rows)).astype(np.float32)  # (r,)
        middles = self._covered[:1]
        if covered.groups > 1:
            middles = even_centres(self._covered, np.arange(len(self._covered)), covered.groups, rng)
        taken, own = np.unique((self._covered @ middles.T).argmax(axis=1), return_inverse=True)
        self._middles = middles[taken]  # (groups, dim), none of them empty
        order = np.argsort(own, kind="stable")
        self._covered, self._weights = self._covered[order], self._weights[order]
        self._cuts = np.concatenate([[0], np.cumsum(np.bincount(own))])  # where groups begin and end
        self.best = np.zeros(len(own), np.float32)  # (r,) weighted likeness to the nearest one that is chosen
        for some in pieces(len(before), _ROWS):
            x = unit(vectors, before[some])
            for group, members in self._by_group(self._near(x)):
                here = self.group(group)
                self.best[here] = np.maximum(self.best[here], self._likeness(x[members], here).max(axis=0))
        self.worth = np.empty(len(rows), np.float32)  # (c,) as of the time that each was last seen
        blocks = pieces(len(rows), _ROWS if self._one_group else 8 * _ROWS)
        for some, found in zip(blocks, side_by_side(self._first, blocks), strict=True):
            self.worth[some] = found
            on_block(some.stop)

    @property
    def most(self) -> int:
        """Rows in a pool, so that it takes no more than about 128 MB."""
        sizes = np.diff(self._cuts) / len(self.best)
        near = min(1.0, 2 * _REACH * float(sizes @ sizes))  # crowded ones come often
        return max(256, int(_ENTRIES / (len(self.best) * near)))

    @property
    def _one_group(self) -> bool:
        return len(self._middles) == 1

    def start(self) -> Doubles:
        return self.logs(self.worth)

    def look(self, here: Rows) -> "Look":
        return Look(self, here)

    def add(self, position: int) -> None:
        x = unit(self._vectors, self._rows[[position]])
        for group, _ in self._by_group(self._near(x)):
            here = self.group(group)
            self.best[here] = np.maximum(self.best[here], self._likeness(x, here)[0])

    def compared(self, here: Rows) -> "Compared":
        x = unit(self._vectors, self._rows[here])
        if self._one_group:
            parts = side_by_side(lambda some: self._likeness(x[some], self.group(0)), pieces(len(x), _ROWS))
            values = np.concatenate(list(parts)).ravel()
            return Compared(values, None, np.arange(len(x) + 1) * len(self.best))
        near = self._near(x)
        sizes = np.diff(self._cuts)[near]  # (m, groups)
        starts = np.cumsum(sizes).reshape(sizes.shape) - sizes
        values = np.empty(sizes.sum(), np.float32)
        places = np.empty(len(values), np.int32)

        def fill(one: tuple[int, Rows]) -> None:
            group, members = one
            covered = self.group(group)
            slots = starts[members, (near[members] == group).argmax(axis=1)]
            where = slots[:, None] + np.arange(covered.stop - covered.start)
            values[where] = self._likeness(x[members], covered)
            places[where] = np.arange(covered.start, covered.stop)

        list(side_by_side(fill, list(self._by_group(near))))
        return Compared(values, places, np.append(starts[:, 0], len(values)))

    def group(self, number: int) -> slice:
        return slice(int(self._cuts[number]), int(self._cuts[number + 1]))

    def logs(self, worth: Floats) -> Doubles:
        return np.asarray(self.strength * np.log(np.maximum(worth, _TINY), dtype=np.float64))

    def _first(self, some: slice) -> Floats:
        x = unit(self._vectors, self._rows[some])
        found: Floats = np.zeros(len(x), np.float32)
        for group, members in self._by_group(self._near(x)):
            here = self.group(group)
            found[members] += np.maximum(self._likeness(x[members], here) - self.best[here], 0).sum(axis=1)
        return found

    def _near(self, x: Floats) -> Rows:
        """The nearest groups of vectors (m, dim): (m, g)."""
        several = min(_REACH, len(self._middles))
        likeness = x @ self._middles.T
        return np.sort(np.argpartition(-likeness, several - 1, axis=1)[:, :several], axis=1)

    def _by_group(self, near: Rows) -> Iterator[tuple[int, Rows]]:
        """Each group that is near to any, and to which of them."""
        order = np.argsort(near.ravel(), kind="stable")
        groups, firsts = np.unique(near.ravel()[order], return_index=True)
        yield from zip(groups.tolist(), np.split(order // near.shape[1], firsts[1:]), strict=True)

    def _likeness(self, x: Floats, here: slice) -> Floats:
        """(m, r) s times the weight."""
        found: Floats = x @ self._covered[here].T
        found += 1
        found *= self._weights[here] / 2
        return found


class Compared(NamedTuple):
    """Some rows with those that they may cover, one after the other.

    values: likenesses (e,).  places: which of those to be covered (e,); None: all of them.  cuts: where each row's
    values begin and end (m + 1,).
    """

    values: Floats
    places: NDArray[np.int32] | None
    cuts: Rows

    def gains(self, rows: Rows, best: Floats) -> Floats:
        """What some of these rows, in ascending order, bring nearer, all added up: (n,)."""
        found = np.empty(len(rows), np.float32)
        for n, row in enumerate(rows.tolist()):
            here = slice(self.cuts[row], self.cuts[row + 1])
            theirs = best if self.places is None else best[self.places[here]]
            found[n] = np.maximum(self.values[here] - theirs, 0).sum()
        return found


class Look:
    """Some rows, of which one after the other is brought up to date."""

    def __init__(self, cover: Cover, here: Rows) -> None:
        self._cover, self._here = cover, here
        self._compared = cover.compared(here)
        self._worth = cover.worth[here]
        self.logs = cover.logs(self._worth)

    def refresh(self, some: Rows) -> None:
        self._worth[some] = self._compared.gains(some, self._cover.best)
        self.logs[some] = self._cover.logs(self._worth[some])

    def told(self, i: int) -> float:
        return float(self._worth[i])

    def close(self) -> None:
        self._cover.worth[self._here] = self._worth
