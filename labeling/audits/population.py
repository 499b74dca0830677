"""What an audit is drawn from: the tiles of a sweep that have no label, part after part.

Tiles that show the same ground as a labelled one, on another date or in a nested square, are strata of their own: the
classifier knows the place, so what it is worth on unseen ground is told without them, and the total with them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from labeling.models import Sweep
from labeling.rounds import places
from labeling.sweeps import scores
from labeling.sweeps.scores import Scores
from search.models import Dataset

UNSEEN, SEEN, OUTSIDE = 0, 1, -1
AT_ONCE = 1 << 20  # rows


@dataclass
class Population:
    """kinds: of each part, (n,) int8 in the order of its rows: UNSEEN, SEEN or OUTSIDE (labelled, or out of the area).

    known_keys, known_scores: (m,) of the sweep's tiles that have a label.
    """

    parts: list[Scores]
    kinds: list[np.ndarray] = field(default_factory=list)
    known_keys: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    known_scores: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))

    @classmethod
    def of(cls, sweep: Sweep, labelled: np.ndarray) -> "Population":
        """labelled: (m,) keys, ascending."""
        found = cls([scores.opened(part) for part in scores.ready(sweep)])
        known = []
        for one in found.parts:
            kinds = np.full(len(one.keys), OUTSIDE, np.int8)
            inside = np.zeros(len(one.keys), bool)
            inside[one.order] = True
            rows = one.rows_of(labelled)
            rows = rows[inside[rows]]
            known.append((one.keys[rows], np.asarray(one.values[rows], np.float32)))
            inside[rows] = False
            kinds[inside] = seen(sweep.campaign.dataset, one.keys, labelled)[inside]
            found.kinds.append(kinds)
        if known:
            found.known_keys, found.known_scores = (np.concatenate([some[i] for some in known]) for i in (0, 1))
        return found

    def values(self, kind: int) -> Iterator[np.ndarray]:
        """Scores of one kind, a part at a time."""
        return (np.asarray(one.values)[kinds == kind] for one, kinds in zip(self.parts, self.kinds, strict=True))

    def __len__(self) -> int:
        return sum(int((kinds != OUTSIDE).sum()) for kinds in self.kinds)


def seen(dataset: Dataset, packed: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    """(n,) SEEN where a labelled tile shows the same ground, else UNSEEN."""
    if dataset.kind == Dataset.Kind.GALLERY or not len(labelled):
        return np.full(len(packed), UNSEEN, np.int8)
    portions = (packed[start : start + AT_ONCE] for start in range(0, len(packed), AT_ONCE))
    found = [places.touching(dataset, np.asarray(some), labelled) for some in portions]
    return np.where(np.concatenate(found), SEEN, UNSEEN).astype(np.int8) if found else np.empty(0, np.int8)
