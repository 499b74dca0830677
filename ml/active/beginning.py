"""The first batch: one example is enough."""

from collections.abc import Sequence

import numpy as np

from ml.active.archive import Archive
from ml.active.settings import Choice, Keys, Settings

_EMPTY = np.empty(0, np.int64)
_RANDOM = 0.4  # share of the batch


def begin(
    archive: Archive,
    pool: Keys,
    examples: Sequence[int],
    settings: Settings,
    *,
    rng: np.random.Generator,
    known: Keys = _EMPTY,
) -> list[Choice]:
    """Tiles like the examples, at several distances from each, and tiles at random, so that there will be negatives.

    The nearest neighbours of each example are taken at ranks 1, 2, 4, 8 … of the whole archive, as far as neighbours
    are asked for, and then of the pool.  known: tiles not to ask about: labelled, or put aside.
    """
    used = {*known.tolist(), *examples}
    n = settings.batch if not examples else round(settings.batch * _RANDOM)
    like: list[Choice] = []
    each = -(-(settings.batch - n) // max(1, len(examples)))
    for example in examples:
        found = _ranks(_ordered(archive, pool, example, settings, used), min(each, settings.batch - n - len(like)))
        used |= set(found)
        like += [Choice(key, "example-like") for key in found]
    free = pool[~np.isin(pool, np.fromiter(used, np.int64, len(used)))]
    some = rng.choice(free, min(settings.batch - len(like), len(free)), replace=False)
    return like + [Choice(int(key), "random") for key in some]


def _ordered(archive: Archive, pool: Keys, example: int, settings: Settings, used: set[int]) -> list[int]:
    """Tiles from the most to the least like it: the archive's nearest, then the pool."""
    near: list[int] = []
    if settings.neighbours:
        near = archive.neighbours(example, settings.neighbours)[0].tolist()
    rest = pool[np.argsort(-archive.likeness(example, pool), kind="stable")].tolist()
    return [key for key in dict.fromkeys([*near, *rest]) if key not in used]


def _ranks(ordered: list[int], n: int) -> list[int]:
    """n of them at ranks that grow by a constant factor, from the first to the last."""
    if n <= 0 or not ordered:
        return []
    ranks = np.unique(np.geomspace(1, len(ordered), n).round().astype(int) - 1)
    missing = np.setdiff1d(np.arange(len(ordered)), ranks)[: n - len(ranks)]  # near ranks fall together
    return [ordered[rank] for rank in sorted([*ranks, *missing])]
