"""What rounds are told, and what they answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.classify import Classifier, Config

Keys = NDArray[np.int64]
Why = Literal["example-like", "likely", "unsure", "diverse", "random", "far", "cluster", "disputed"]
Progress = Callable[[str, int, int], None]  # stage, done, total
MOST_NEIGHBOURS = 100
MIX = {"likely": 0.5, "unsure": 0.3, "diverse": 0.1, "random": 0.1}
Mix = dict[str, float]


@dataclass(frozen=True)
class Settings:
    """How rounds choose.

    batch: tiles a round asks about.  mix: shares of the batch by reason; a weight of 0 leaves it out.
    neighbours: of each seed, from the whole archive, 0 for none; seeds: confirmed positives, and as many unsure tiles,
    whose neighbours a round asks for.  frontier: tiles kept that neighbour searches have brought in.
    patience: rounds without a find until a round looks elsewhere.  background: tiles of the pool that features are
    whitened by.  relabel: share of a batch that disputed tiles may take at most.  head: how the classifier is trained.
    """

    batch: int = 20
    mix: Mix = field(default_factory=lambda: dict(MIX))
    neighbours: int = MOST_NEIGHBOURS
    seeds: int = 10
    frontier: int = 20_000
    patience: int = 3
    background: int = 2000
    relabel: float = 0.2
    head: Config = field(default_factory=Config)

    def __post_init__(self) -> None:
        if self.batch < 1 or not 0 <= self.neighbours <= MOST_NEIGHBOURS or self.seeds < 0:
            raise ValueError(f"A batch needs 1 tile or more, and 0 to {MOST_NEIGHBOURS} neighbours each.")
        if unknown := set(self.mix) - set(MIX):
            raise ValueError(f"{min(unknown)!r} is no part of a mix: use {', '.join(MIX)}.")


class Choice(NamedTuple):
    """A tile to ask about. probability: the classifier's, None before there is one."""

    key: int
    why: Why
    probability: float | None = None


class Disputes(NamedTuple):
    """Tiles that people disagree about: keys (n,), votes for yes (n,) and no (n,)."""

    keys: Keys
    yes: NDArray[np.floating]
    no: NDArray[np.floating]


class Cost(NamedTuple):
    """What a round took. scored: tiles; neighbours: neighbour searches; archive: tiles that there are;
    archive_seconds: what scoring them all would take at the speed at which the pool was scored."""

    scored: int
    neighbours: int
    archive: int
    seconds: float
    archive_seconds: float


@dataclass(frozen=True)
class Outcome:
    """metrics: the classifier's.  frontier: for the next round's call, opaque."""

    classifier: Classifier
    choices: list[Choice]
    metrics: dict[str, Any]
    cost: Cost
    frontier: Keys
