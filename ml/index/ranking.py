"""Who answers a query: the index with an exact second look at what it proposes, or a scan of everything."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.index.arithmetic import best, likeness
from ml.index.exact import ExactScan
from ml.index.interface import Query, VectorIndex, Vectors

SCAN = "scan"  # what stands in the engine's place where every vector is compared
TUNED_K = 50  # results for which an index's settings are chosen
_SPARE = 10  # rows asked for beyond k: float16 is only nearly unit, and what is about right must do for k = 1 too


class Settings(NamedTuple):
    """effort: the engine's, for TUNED_K results; depth: proposals looked at again for each result asked for."""

    effort: int
    depth: float


class Proposals(NamedTuple):
    """rows (m,) and about their likeness (m,).  exact: no row that is left out is more like the query."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]
    exact: bool


class Ranking:
    """The vectors (n, dim) of a shard and its index, None where there is none. Safe from many threads."""

    def __init__(self, vectors: Vectors, index: VectorIndex | None = None, settings: Settings | None = None) -> None:
        self.vectors = vectors
        self._scan, self._index = ExactScan(vectors), index
        self._settings = settings or Settings(0, 1)

    def search(
        self, query: Query, k: int, allowed: NDArray[np.bool_] | None = None, *, exact: bool = False
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The k rows (or all there are) most like query (dim,), of unit length, best first, and their likeness."""
        proposals = self.propose(query, k, allowed, exact=exact)
        rows = proposals.rows
        scores = proposals.scores if proposals.exact else likeness(self.vectors, query, rows)
        top = best(scores, max(k, 0))
        return rows[top], np.clip(scores[top], -1, 1)

    def propose(
        self, query: Query, k: int, allowed: NDArray[np.bool_] | None = None, *, exact: bool = False
    ) -> Proposals:
        """At least k rows (or all there are) among which are probably the k most like query.

        allowed: (n,) bool, only these.  The index is asked for more, the fewer are allowed; where a scan costs less,
        or the index brings too few, every allowed vector is compared.
        """
        available = len(self.vectors) if allowed is None else int(allowed.sum())
        k = min(k, available)
        if k <= 0:
            return Proposals(np.empty(0, np.int64), np.empty(0, np.float32), exact=True)
        proposals = None if exact else self._by_index(query, k, allowed, available)
        if proposals is None:
            rows = np.sort(self._scan.nearest(query, min(k + _SPARE, available), allowed))
            proposals = Proposals(rows, likeness(self.vectors, query, rows), exact=True)
        return proposals

    def _by_index(self, query: Query, k: int, allowed: NDArray[np.bool_] | None, available: int) -> Proposals | None:
        """None when a scan is as cheap or too few of the proposals are allowed."""
        if self._index is None:
            return None
        crowd = 1.0 if allowed is None else 1.5 * len(self.vectors) / available
        n = min(math.ceil((k + _SPARE) * self._settings.depth * crowd), len(self.vectors))
        effort = math.ceil(self._settings.effort * max(1.0, k * crowd / TUNED_K))
        if self._index.cost(n, effort) >= self._scan.cost(available):
            return None
        rows, scores = self._index.propose(query, n, effort)
        order = np.argsort(rows)  # rows near each other on disk are read together, and ties go by position
        rows, scores = rows[order], scores[order]
        if allowed is not None:
            rows, scores = rows[allowed[rows]], scores[allowed[rows]]
        return Proposals(rows, scores, exact=False) if len(rows) >= k else None
