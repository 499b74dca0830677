"""The tiles that a campaign may ask about, as ml.active takes them: the shards of its scope, and a pool of them.

The pool is chosen once and kept in the campaign's folder; it is chosen anew when shards, scope or its size have
changed.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from labeling.models import Learner
from labeling.rounds import keeping
from labeling.rounds.learners import query_of
from ml.active import ShardArchive, Source, choose_pool
from ml.shards import Shard as Columns
from search import filters, keys, library, similarity
from search.errors import NotIndexed
from search.models import Shard
from search.query import Query

CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))
PORTION = 64  # shards opened at once


class SiteArchive(ShardArchive):
    """Shards of which only some tiles may be asked about.  masks: of each shard (count,) bool, None for all."""

    def __init__(self, shards: Sequence[Columns], masks: Sequence[np.ndarray | None], extra: Sequence[Source]) -> None:
        super().__init__(shards, extra)
        given = {shard.folder: mask for shard, mask in zip(shards, masks, strict=True)}
        self.masks = [given[shard.folder] for shard in self.shards]
        self._allowed = [shard.count if mask is None else int(mask.sum()) for shard, mask in self._masked()]

    def _masked(self) -> list[tuple[Columns, np.ndarray | None]]:
        return list(zip(self.shards, self.masks, strict=True))

    def mask_of(self, shard: Columns) -> np.ndarray:
        mask = self.masks[self.shards.index(shard)]
        return np.ones(shard.count, bool) if mask is None else mask

    def __len__(self) -> int:
        return sum(self._allowed)

    def neighbours(self, key: int, k: int) -> tuple[np.ndarray, np.ndarray]:
        query = self._vector(key)
        found = [(shard, *shard.search(query, k + 1, allowed=mask)) for shard, mask in self._masked()]
        near = np.concatenate([shard.keys[rows] for shard, rows, _ in found])
        likeness = np.concatenate([scores for *_, scores in found])
        order = np.argsort(-likeness, kind="stable")
        order = order[near[order] != key][:k]
        return near[order], likeness[order]

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        ends = np.cumsum(self._allowed)
        places = np.sort(rng.choice(len(self), min(n, len(self)), replace=False))
        which = np.searchsorted(ends, places, side="right")
        parts = []
        for i, (shard, mask) in enumerate(self._masked()):
            rows = places[which == i] - (ends[i] - self._allowed[i])
            parts.append(shard.keys[rows if mask is None else np.flatnonzero(mask)[rows]])
        return np.concatenate(parts)

    def has(self, wanted: np.ndarray) -> np.ndarray:
        """(n,) bool: which of these tiles are in its shards, whether they may be asked about or not."""
        found = np.zeros(len(wanted), bool)
        for shard in self.shards:
            if shard.count:
                rows = np.minimum(np.searchsorted(shard.keys, wanted), shard.count - 1)
                found |= shard.keys[rows] == wanted
        return found

    def allows(self, wanted: np.ndarray) -> np.ndarray:
        """(n,) bool: which of them may be asked about."""
        found = np.zeros(len(wanted), bool)
        for shard, mask in self._masked():
            if shard.count:
                rows = np.minimum(np.searchsorted(shard.keys, wanted), shard.count - 1)
                found |= (shard.keys[rows] == wanted) & (True if mask is None else mask[rows])
        return found


@dataclass(frozen=True)
class Opened:
    """fingerprint: 16 hex digits of which shards and which tiles of them."""

    archive: SiteArchive
    fingerprint: str


def opened(learner: Learner) -> Opened:
    """NotIndexed or BadQuery when its scope has no finished shard; what is damaged is left out, and being mended."""
    dataset, query = learner.campaign.dataset, query_of(learner)
    shards, _ = similarity.chosen_shards(dataset, query)
    found = columns_of(shards)
    if not found:
        raise NotIndexed("No shard that this campaign learns from can be read just now. Try again in a minute.")
    rows = filters.compiled(dataset, query, None)
    masks = [rows.mask(one) for one in found]
    archive = SiteArchive(found, masks, sources_of(learner, query))
    if not len(archive):
        raise NotIndexed("There is no tile in what this campaign learns from: change its products, dates or filter.")
    folders = sorted(str(one.folder) for one in found)
    told = [*folders, digest(masks), str(learner.pool)]
    return Opened(archive, hashlib.sha256("\n".join(told).encode()).hexdigest()[:16])


def digest(masks: Sequence[np.ndarray | None]) -> str:
    """Of which tiles of the shards may be asked about: they also change with a collection, or with somebody's table."""
    told = hashlib.sha256()
    for mask in masks:
        told.update(b"all" if mask is None else np.packbits(mask).tobytes())
    return told.hexdigest()


def columns_of(rows: Sequence[Shard]) -> list[Columns]:
    portions = (rows[i : i + PORTION] for i in range(0, len(rows), PORTION))
    return [one for some in portions for one in library.opened_all(some) if one is not None]


def sources_of(learner: Learner, query: Query) -> list[Source]:
    """Further vectors of the same places; where a level is not indexed there is nothing to be had from it."""
    dataset, found = learner.campaign.dataset, []
    for name in learner.sources:
        step = -1 if name == "parent" else 1
        levels = {level + step for level in query.levels or dataset.levels()} & set(dataset.levels())
        if not levels:
            continue
        rows, _ = similarity.chosen_shards(dataset, replace(query, levels=tuple(sorted(levels))))
        shards = columns_of(rows)
        for relate, about in RELATIONS[name] if shards else ():
            found.append(Source(shards, relate, about))
    return found


def parents(packed: np.ndarray) -> np.ndarray:
    """(n,) keys -> (n,) keys of the tiles of the next coarser level that hold them; 0 for tiles that none holds."""
    found = np.zeros_like(packed)
    levels = keys.part_of_many(packed, "level")
    for level in np.unique(levels[levels > 0]).tolist():
        found[levels == level] = keys.ancestors_of_many(packed[levels == level], level - 1)
    return found


def children(packed: np.ndarray, *, down: int, right: int) -> np.ndarray:
    """(n,) keys -> (n,) keys of one of the four quarters of each; 0 for tiles of the offset grid, which have none."""
    level, row, col, offset = (keys.part_of_many(packed, part) for part in ("level", "row", "col", "offset"))
    scene = packed >> keys.SHIFTS["offset"] << keys.SHIFTS["offset"]
    place = (level + 1) << keys.SHIFTS["level"] | (2 * row + down) << keys.SHIFTS["row"] | (2 * col + right)
    fits = (offset == 0) & (level + 1 < keys.LIMITS["level"])
    found: np.ndarray = np.where(fits, scene | place, 0)
    return found


Related = tuple[Callable[[np.ndarray], np.ndarray], dict[str, Any]]
RELATIONS: dict[str, list[Related]] = {
    "parent": [(parents, {"relation": "parent"})],
    "children": [
        (partial(children, down=down, right=right), {"relation": "child", "down": down, "right": right})
        for down, right in CORNERS
    ],
}


def pool(learner: Learner, found: Opened) -> np.ndarray:
    """Keys of the tiles that its rounds score, the same for all of them as long as nothing changes."""
    path = learner.folder / f"pool-{found.fingerprint}.npy"
    try:
        kept: np.ndarray = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        kept = fresh_pool(learner, found)
        with keeping.replacing(path) as fresh, fresh.open("wb") as file:
            np.save(file, kept)
        for old in set(learner.folder.glob("pool-*.npy")) - {path}:
            old.unlink(missing_ok=True)
    sizes = {"pool_tiles": len(kept), "archive_tiles": len(found.archive)}
    Learner.objects.filter(pk=learner.pk).update(**sizes)
    return kept


def fresh_pool(learner: Learner, found: Opened) -> np.ndarray:
    """Before anything else is random in a campaign, so that its pool can be made again."""
    archive, random = found.archive, np.random.default_rng(learner.campaign_id)
    return choose_pool(archive.shards, learner.pool, rng=random, allowed=archive.mask_of)
