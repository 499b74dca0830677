"""How hard an index must look to find what it should, and how much it then does find."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.index.arithmetic import best, likeness, unit
from ml.index.exact import ExactScan
from ml.index.interface import VectorIndex, Vectors
from ml.index.ranking import TUNED_K, Ranking, Settings

TARGET = 0.98  # recall at TUNED_K
DEPTHS = (2, 3, 4, 6, 8, 10, 12, 16, 24)
TRIED = 3  # depths whose effort is looked for: a second look costs too, so the least depth is not always the cheapest
_SAME = 2e-6  # float32 adds up in another order elsewhere


class Trial(NamedTuple):
    """queries: (m, dim); cuts: (m,) the likeness of each one's true k-th nearest."""

    queries: NDArray[np.float32]
    cuts: NDArray[np.float32]
    k: int


def trial(vectors: Vectors, *, queries: int, k: int = TUNED_K, seed: int) -> Trial:
    """Rows drawn at random as queries, and the truth about them by a scan."""
    k = min(k, len(vectors))
    drawn = np.sort(np.random.default_rng(seed).choice(len(vectors), min(queries, len(vectors)), replace=False))
    wanted, scan = unit(vectors[drawn]), ExactScan(vectors)
    cuts = [likeness(vectors, query, scan.nearest(query, k, None)).min() for query in wanted]
    return Trial(wanted, np.array(cuts, np.float32), k)


def recall(index: VectorIndex, vectors: Vectors, settings: Settings, asked: Trial) -> float:
    """Share of the k that are as good as the true k nearest, after the exact second look.

    By score, not by row: where hundreds of tiles are identical (ocean), any of them is right.
    """
    return float(np.mean([_found(index, vectors, settings, asked, i) for i in range(len(asked.queries))]))


def _found(index: VectorIndex, vectors: Vectors, settings: Settings, asked: Trial, i: int) -> float:
    query = asked.queries[i]
    rows, _ = index.propose(query, round(settings.depth * asked.k), settings.effort)
    scores = likeness(vectors, query, rows)
    return float((scores[best(scores, asked.k)] >= asked.cuts[i] - _SAME).sum() / asked.k)


def tuned(
    index: VectorIndex, vectors: Vectors, *, target: float = TARGET, queries: int = 100, seed: int = 1
) -> Settings:
    """The cheapest settings that reach the target, else the strongest.

    First the depths that suffice at the greatest effort: what the projection or the codes blur, a second look mends.
    Then the least effort for each of them; of these pairs the one that costs least.
    """
    asked = trial(vectors, queries=queries, seed=seed)

    def enough(effort: int, depth: int) -> bool:
        return recall(index, vectors, Settings(effort, depth), asked) >= target

    def cheapest(depth: int) -> Settings:
        return Settings(_first(index.efforts, lambda effort: enough(effort, depth)), depth)

    least = DEPTHS.index(_first(DEPTHS, lambda depth: enough(index.efforts[-1], depth)))
    pairs = [cheapest(depth) for depth in DEPTHS[least : least + TRIED]]
    return min(pairs, key=lambda pair: index.cost(round(pair.depth * asked.k), pair.effort))


def _first(steps: Sequence[int], enough: Callable[[int], bool]) -> int:
    """The first step that is enough, else the last."""
    return next((step for step in steps[:-1] if enough(step)), steps[-1])


def measured(ranking: Ranking, *, queries: int, seed: int, k: int = TUNED_K) -> float:
    """The recall of whole searches at k, on other rows than those the settings were chosen with."""
    asked = trial(ranking.vectors, queries=queries, k=k, seed=seed)
    hits = [
        (ranking.search(query, asked.k)[1] >= cut - _SAME).mean()
        for query, cut in zip(asked.queries, asked.cuts, strict=True)
    ]
    return float(np.mean(hits))
