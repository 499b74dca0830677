"""Shards as one archive: features of tiles by key, and neighbours over all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ml.active.settings import Keys
from ml.errors import ShardMismatch
from ml.shards import Shard

Floats = NDArray[np.float32]
Relate = Callable[[Keys], Keys]


class Archive(Protocol):
    """What rounds need. dim: numbers of a tile's features; sources: what they are made of, for the classifier."""

    @property
    def dim(self) -> int: ...
    @property
    def sources(self) -> Sequence[dict[str, Any]]: ...
    def __len__(self) -> int: ...
    def features(self, keys: Keys) -> Floats:
        """(n,) -> (n, dim) float32; raises ShardMismatch for a key that it does not have."""

    def neighbours(self, key: int, k: int) -> tuple[Keys, Floats]:
        """Up to k tiles of the whole archive most like this one, itself left out: keys (m,), likeness (m,)."""

    def likeness(self, key: int, keys: Keys) -> Floats:
        """How like this tile the others (n,) are, by what neighbours go by: (n,)."""

    def sample(self, n: int, rng: np.random.Generator) -> Keys:
        """n different tiles at random (or all there are)."""


@dataclass(frozen=True)
class Source:
    """Further vectors of the same places: another encoder's shards, or another level's.

    relate: (n,) keys of tiles -> (n,) keys in these shards, for example of the parents; a key that they lack, such as
    0, gives zeros.  about: goes into the classifier's sources.
    """

    shards: Sequence[Shard]
    relate: Relate
    about: dict[str, Any]


class ShardArchive:
    """The tiles of some shards of one encoder, described by their vectors and those of further sources side by side."""

    def __init__(
        self, shards: Sequence[Shard], extra: Sequence[Source] = (), about: dict[str, Any] | None = None
    ) -> None:
        if not shards or len({shard.dim for shard in shards}) > 1:
            raise ShardMismatch(
                "An archive needs shards of one encoder: choose a level, date or product that has some."
            )
        self.shards = [shard for shard in shards if shard.count] or list(shards[:1])
        self._extra, self._about = list(extra), about or {}
        self._ends = np.cumsum([shard.count for shard in self.shards])

    def __len__(self) -> int:
        return int(self._ends[-1])

    @property
    def dim(self) -> int:
        return sum(shards[0].dim for shards in (self.shards, *(source.shards for source in self._extra)))

    @property
    def sources(self) -> list[dict[str, Any]]:
        own = {"fingerprint": self.shards[0].meta["fingerprint"], "dim": self.shards[0].dim, **self._about}
        return [own, *({"dim": source.shards[0].dim, **source.about} for source in self._extra)]

    def features(self, keys: Keys) -> Floats:
        out = np.zeros((len(keys), self.dim), np.float32)
        if not fill(out[:, : self.shards[0].dim], self.shards, keys).all():
            raise ShardMismatch("A tile is not in the archive: its shard has been rebuilt or removed.")
        at = self.shards[0].dim
        for source in self._extra:
            wide = source.shards[0].dim
            fill(out[:, at : at + wide], source.shards, source.relate(keys))
            at += wide
        return out

    def neighbours(self, key: int, k: int) -> tuple[Keys, Floats]:
        query = self._vector(key)
        found = [(shard, *shard.search(query, k + 1)) for shard in self.shards]
        keys = np.concatenate([shard.keys[rows] for shard, rows, _ in found])
        likeness = np.concatenate([scores for *_, scores in found])
        order = np.argsort(-likeness, kind="stable")
        order = order[keys[order] != key][:k]
        return keys[order], likeness[order]

    def likeness(self, key: int, keys: Keys) -> Floats:
        out = np.zeros((len(keys), self.shards[0].dim), np.float32)
        fill(out, self.shards, keys)
        return np.asarray(out @ self._vector(key))

    def sample(self, n: int, rng: np.random.Generator) -> Keys:
        places = np.sort(rng.choice(len(self), min(n, len(self)), replace=False))
        which = np.searchsorted(self._ends, places, side="right")
        starts = self._ends - [shard.count for shard in self.shards]
        parts = [shard.keys[places[which == i] - starts[i]] for i, shard in enumerate(self.shards)]
        return np.concatenate(parts)

    def _vector(self, key: int) -> Floats:
        out = np.zeros((1, self.shards[0].dim), np.float32)
        if not fill(out, self.shards, np.array([key], np.int64)).all():
            raise ShardMismatch(f"The tile {key} is not in the archive.")
        return np.asarray(out[0])


def fill(out: Floats, shards: Sequence[Shard], keys: Keys) -> NDArray[np.bool_]:
    """Write the vectors of keys (n,) into out (n, dim); (n,): which of them the shards have."""
    found = np.zeros(len(keys), bool)
    for shard in shards:
        if not shard.count:
            continue
        rows = np.minimum(np.searchsorted(shard.keys, keys), shard.count - 1)
        here = np.flatnonzero((shard.keys[rows] == keys) & ~found)
        if len(here):
            order = here[np.argsort(rows[here])]  # as they lie on disk
            out[order] = shard.vectors[rows[order]]
            found[here] = True
    return found
