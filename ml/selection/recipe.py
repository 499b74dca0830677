"""What to select, as a recipe: a JSON object that is checked once, and then a frozen dataclass.

    {"n": 500 | "share": 0.01, "seed": 0, "min_distance": 0.05, "duplicates": {"distance": 0.02},
     "thresholds": {"sharpness": [10, null]}, "objectives": [{"kind": "diversity", "strength": 1}, …]}

n, share, min_distance: when to stop; at least one of them, and not both n and share. Distances are Euclidean, between
vectors of length 1: from 0 (the same) to 2 (opposite); distance² = 2 - 2 cosine.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ml.errors import BadSelection
from ml.selection import asking

FARTHEST = 2.0  # the distance of opposite vectors
SITE = ("filter", "continue_from", "exclude", "name")  # the site's own, kept but not read here


@dataclass(frozen=True)
class Diversity:
    """Unlike what is chosen already. See spreading.py and covering.py."""

    method: str = "k-center"
    strength: float = 1.0


@dataclass(frozen=True)
class Typicality:
    """In the thick of things, or far off. See factors.py."""

    neighbours: int = 20
    wanted: str = "typical"
    strength: float = 1.0


@dataclass(frozen=True)
class Weight:
    """High, or low, in a column of numbers."""

    column: str
    prefer: str = "high"
    strength: float = 1.0


@dataclass(frozen=True)
class Balance:
    """Shares of classes, or of a number's bins; target: "uniform", "input", or a share for each class: balance.py."""

    column: str
    bins: int = 10
    target: str | Mapping[str, float] = "uniform"
    strength: float = 1.0


@dataclass(frozen=True)
class Similarity:
    """Like one of the examples that go by this name."""

    collection: str
    strength: float = 1.0


Objective = Diversity | Typicality | Weight | Balance | Similarity
DEFAULT: tuple[Objective, ...] = (Diversity("facility-location"),)  # docs/benchmarks/selection.md
Range = tuple[float | None, float | None]


@dataclass(frozen=True)
class Recipe:
    """n or share: how many. min_distance: no chosen tile is closer than this to another; when nothing is left, it ends.

    duplicates: the distance below which tiles are copies, of which one stays; None: they are left alone.
    thresholds: column -> (least, most), either None.  site: what the site keeps with it.
    """

    n: int | None = None
    share: float | None = None
    seed: int = 0
    min_distance: float | None = None
    duplicates: float | None = None
    objectives: tuple[Objective, ...] = DEFAULT
    thresholds: Mapping[str, Range] = field(default_factory=dict)
    site: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> "Recipe":
        """From JSON. BadSelection, with what to change, for whatever does not make sense."""
        known = ("n", "share", "seed", "min_distance", "duplicates", "objectives", "thresholds", *SITE)
        asking.fields(data, "a recipe", known)
        read = cls(
            n=asking.whole(data, "n", least=1),
            share=asking.number(data, "share", above=0, most=1),
            seed=asking.whole(data, "seed", least=0) or 0,
            min_distance=asking.number(data, "min_distance", above=0, most=FARTHEST),
            duplicates=_duplicates(data.get("duplicates")),
            objectives=_objectives(data.get("objectives")),
            thresholds=_thresholds({} if data.get("thresholds") is None else data["thresholds"]),
            site={name: data[name] for name in SITE if name in data},
        )
        read.check()
        return read

    def check(self) -> None:
        """BadSelection when it says twice, or not at all, when to stop."""
        if self.n is not None and self.share is not None:
            raise BadSelection("Give either n (how many tiles) or share (of all tiles), not both.")
        if self.n is None and self.share is None and self.min_distance is None:
            raise BadSelection("Say how many tiles: give n, or share, or min_distance.")

    def as_json(self) -> dict[str, Any]:
        """What `read` makes the same recipe of; defaults are written out."""
        amounts = {"n": self.n, "share": self.share, "min_distance": self.min_distance}
        told: dict[str, Any] = {name: value for name, value in amounts.items() if value is not None}
        told |= {"seed": self.seed, "objectives": [{"kind": kind_of(one), **asdict(one)} for one in self.objectives]}
        if self.duplicates is not None:
            told["duplicates"] = {"distance": self.duplicates}
        if self.thresholds:
            told["thresholds"] = {name: list(both) for name, both in self.thresholds.items()}
        return {**told, **self.site}

    def columns(self) -> list[str]:
        """Names of the columns that it reads, each once."""
        named = [one.column for one in self.objectives if isinstance(one, Weight | Balance)]
        return list(dict.fromkeys([*self.thresholds, *named]))


def kind_of(objective: Objective) -> str:
    return type(objective).__name__.lower()


def _duplicates(data: Any) -> float | None:
    if data is None:
        return None
    asking.fields(data, "duplicates", ("distance",))
    distance = asking.number(data, "distance", above=0, most=FARTHEST)
    if distance is None:
        raise BadSelection('Say from which distance on tiles are copies: "duplicates": {"distance": 0.02}.')
    return distance


def _thresholds(data: Any) -> dict[str, Range]:
    asking.fields(data, "thresholds", None)
    return {name: asking.span(name, both) for name, both in data.items()}


def _objectives(data: Any) -> tuple[Objective, ...]:
    if data is None:
        return DEFAULT
    if not isinstance(data, list | tuple):
        raise BadSelection('objectives is a list, as [{"kind": "diversity"}].')
    return tuple(_objective(one) for one in data) or DEFAULT


def _objective(data: Any) -> Objective:
    if not isinstance(data, Mapping):
        raise BadSelection('An objective is an object, as {"kind": "diversity", "strength": 1}.')
    kind = asking.choice(data, "kind", tuple(_READERS), None)
    return _READERS[kind](data)


def _strength(data: Mapping[str, Any]) -> float:
    strength = asking.number(data, "strength", least=0, most=100)
    return 1.0 if strength is None else strength


def _diversity(data: Mapping[str, Any]) -> Diversity:
    asking.fields(data, "diversity", ("kind", "method", "strength"))
    method = asking.choice(data, "method", ("k-center", "facility-location"), "k-center")
    return Diversity(method, _strength(data))


def _typicality(data: Mapping[str, Any]) -> Typicality:
    asking.fields(data, "typicality", ("kind", "neighbours", "wanted", "strength"))
    neighbours = asking.whole(data, "neighbours", least=1, most=1000)
    wanted = asking.choice(data, "wanted", ("typical", "outliers"), "typical")
    return Typicality(20 if neighbours is None else neighbours, wanted, _strength(data))


def _weight(data: Mapping[str, Any]) -> Weight:
    asking.fields(data, "weight", ("kind", "column", "prefer", "strength"))
    prefer = asking.choice(data, "prefer", ("high", "low"), "high")
    return Weight(asking.name(data, "column", "weight"), prefer, _strength(data))


def _balance(data: Mapping[str, Any]) -> Balance:
    asking.fields(data, "balance", ("kind", "column", "bins", "target", "strength"))
    bins = asking.whole(data, "bins", least=2, most=100)
    column = asking.name(data, "column", "balance")
    return Balance(column, 10 if bins is None else bins, asking.target(data.get("target")), _strength(data))


def _similarity(data: Mapping[str, Any]) -> Similarity:
    asking.fields(data, "similarity", ("kind", "collection", "strength"))
    return Similarity(asking.name(data, "collection", "similarity"), _strength(data))


_READERS: dict[str, Callable[[Mapping[str, Any]], Objective]] = {
    "diversity": _diversity,
    "typicality": _typicality,
    "weight": _weight,
    "balance": _balance,
    "similarity": _similarity,
}
