"""Asking many shards at once: each proposes, the best proposals of all are compared exactly, the rest is forgotten.

Memory is bounded by what is wanted, not by the number of shards. Shards are dealt out to threads: Annoy, faiss and the
exact scan let go of the GIL (docs/performance.md).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ml.shards import Shard as Columns
from search.library import THREADS, pool

Filter = Callable[[Columns], "np.ndarray | None"]
SLACK = 1.5  # shards project their vectors differently, so about-likeness of two shards compares only about
AGAIN = 16  # proposals of all together looked at again for each result: what a shard alone needs is less
SERIAL = 8  # shards that one thread asks before another one pays for its start


@dataclass
class Candidates:
    """The best rows of several shards, best first.  keys: (n,) int64, scores: (n,), vectors: (n, dim) on disk."""

    keys: np.ndarray
    scores: np.ndarray
    vectors: "Vectors"
    complete: bool  # nothing was left behind in the shards


class Vectors:
    """The candidates' vectors, gathered from their shards only when asked for: vectors[(m,)] -> (m, dim) float16."""

    def __init__(self, shards: Sequence[Columns], numbers: np.ndarray, rows: np.ndarray) -> None:
        self._shards, self._numbers, self._rows = shards, numbers, rows

    def __getitem__(self, wanted: np.ndarray) -> np.ndarray:
        gathered = np.empty((len(wanted), self._shards[0].dim), np.float16)
        for number in np.unique(self._numbers[wanted]):
            here = self._numbers[wanted] == number
            gathered[here] = self._shards[number].vectors[self._rows[wanted[here]]]
        return gathered


@dataclass
class Best:
    """The `most` best of all that were put in.  numbers: of the shards."""

    most: int
    numbers: list[np.ndarray] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)
    scores: list[np.ndarray] = field(default_factory=list)
    held: int = 0

    def put(self, number: int, rows: np.ndarray, scores: np.ndarray) -> None:
        self.add(np.full(len(rows), number), rows, scores)

    def add(self, numbers: np.ndarray, rows: np.ndarray, scores: np.ndarray) -> None:
        self.numbers.append(numbers)
        self.rows.append(rows)
        self.scores.append(scores)
        self.held += len(rows)
        if self.held > 2 * self.most:
            self.cut()

    def cut(self) -> tuple[np.ndarray, np.ndarray]:
        """Forget all but the best; returns their shards' numbers and their rows, in no promised order."""
        if not self.held:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        numbers, rows, scores = (np.concatenate(part) for part in (self.numbers, self.rows, self.scores))
        if len(scores) > self.most:
            kept = np.argpartition(-scores, self.most)[: self.most]
            numbers, rows, scores = numbers[kept], rows[kept], scores[kept]
        self.numbers, self.rows, self.scores, self.held = [numbers], [rows], [scores], len(rows)
        return numbers, rows


@dataclass
class Found:
    """What one thread has of its shards.  about: proposals of indexes; exact: of scans."""

    about: Best
    exact: Best
    complete: bool = True


def merged(shards: Sequence[Columns], allowed: Filter, target: np.ndarray, want: int, *, exact: bool) -> Candidates:
    """The `want` best rows of all shards together.  allowed: a shard -> which rows may be found, None for all."""
    about = int(want * max(AGAIN, SLACK * max(shard.depth for shard in shards)))

    def ask(numbers: Sequence[int]) -> Found:
        found = Found(Best(about), Best(want))
        for number in numbers:
            _ask(shards[number], number, allowed(shards[number]), target, want, found, exact=exact)
        return found

    threads = min(THREADS, -(-len(shards) // SERIAL))
    parts = [range(first, len(shards), threads) for first in range(threads)]
    answers = list(pool.map(ask, parts)) if threads > 1 else [ask(part) for part in parts]
    return _ranked(shards, answers, target, want)


def _ask(
    shard: Columns, number: int, allowed: np.ndarray | None, target: np.ndarray, want: int, found: Found, *, exact: bool
) -> None:
    proposals = shard.propose(target, want, allowed=allowed, exact=exact)
    available = shard.count if allowed is None else int(allowed.sum())
    found.complete &= len(proposals.rows) >= available
    (found.exact if proposals.exact else found.about).put(number, proposals.rows, proposals.scores)


def _ranked(shards: Sequence[Columns], answers: list[Found], target: np.ndarray, want: int) -> Candidates:
    """The exact look at what is left, and the order: by likeness, then by key."""
    about, exact = answers[0].about, answers[0].exact
    for other in answers[1:]:
        for mine, theirs in ((about, other.about), (exact, other.exact)):
            for part in zip(theirs.numbers, theirs.rows, theirs.scores, strict=True):
                mine.add(*part)
    numbers, rows = (np.concatenate(part) for part in zip(about.cut(), exact.cut(), strict=True))
    scores, packed = np.empty(len(rows), np.float32), np.empty(len(rows), np.int64)
    for number in np.unique(numbers):
        here = numbers == number
        scores[here] = shards[number].likeness(target, rows[here])
        packed[here] = shards[number].keys[rows[here]]
    order = np.lexsort((packed, -scores))[:want]
    complete = all(answer.complete for answer in answers) and len(order) == len(scores)
    return Candidates(packed[order], scores[order], Vectors(shards, numbers[order], rows[order]), complete)
