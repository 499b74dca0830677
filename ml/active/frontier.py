"""What neighbour searches have brought in, from round to round."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ml.active.settings import Keys

EMPTY = np.empty(0, np.int64)


@dataclass(frozen=True)
class Frontier:
    """keys: tiles beyond the pool that are scored too.  asked: tiles whose neighbours have been asked for."""

    keys: Keys
    asked: Keys

    @classmethod
    def unpack(cls, packed: Keys) -> Self:
        """Keys are positive: the complements of those asked about travel with the others as negative numbers."""
        return cls(packed[packed >= 0], ~packed[packed < 0])

    def pack(self) -> Keys:
        return np.concatenate([self.keys, ~self.asked])

    def having(self, keys: Keys, asked: Keys) -> "Frontier":
        return Frontier(keys, np.union1d(self.asked, asked))


def without(keys: Keys, *others: Keys) -> Keys:
    """Ascending, each once, none of the others."""
    found = np.unique(keys)
    for some in others:
        found = found[~np.isin(found, some)]
    return found


def not_asked(keys: Keys, frontier: Frontier) -> NDArray[np.bool_]:
    return ~np.isin(keys, frontier.asked)
