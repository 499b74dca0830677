"""What an evaluation is asked for, as JSON: docs/evaluation.md."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from search.errors import BadQuery

OWN = "own"  # the dataset's vectors, as they lie in its shards
MOST_TILES = 20_000  # measured on
MOST_ENCODERS = 8
MOST_COLLECTIONS = 50


@dataclass(frozen=True)
class Recipe:
    """labels: a text column, whose values are the classes ("label", "station", "@label:3", "@collection:2").
    collections: or names of collections, each a class.  encoders: "own", names of the model store.

    apart: how far apart two tiles' middles lie at least, in mean sides of the two, for one to count for the other.
    place: a text column; tiles of one value never count for each other.  most: tiles measured on.  seed: of the sample.
    """

    labels: str = ""
    collections: tuple[str, ...] = ()
    encoders: tuple[str, ...] = field(default=(OWN,))
    apart: float = 1.0
    place: str = ""
    most: int = 2000
    seed: int = 0

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> "Recipe":
        """BadQuery with what to change."""
        unknown = sorted(set(data) - set(cls.__dataclass_fields__))
        if unknown:
            raise BadQuery(f"An evaluation has no {', '.join(unknown)}. It has {', '.join(cls.__dataclass_fields__)}.")
        try:
            found = cls(
                labels=str(data.get("labels") or ""), collections=names(data.get("collections")),
                encoders=names(data.get("encoders")) or (OWN,), apart=float(data.get("apart", 1.0)),
                place=str(data.get("place") or ""), most=int(data.get("most", 2000)), seed=int(data.get("seed", 0)),
            )  # fmt: skip
        except (TypeError, ValueError) as error:
            raise BadQuery(f"apart is a number, most and seed are whole numbers ({error}).") from error
        return found.checked()

    def checked(self) -> "Recipe":
        if bool(self.labels) == bool(self.collections):
            raise BadQuery("Choose either a column whose values are the classes, or collections, each a class.")
        if self.collections and not 2 <= len(self.collections) <= MOST_COLLECTIONS:
            raise BadQuery(f"Choose from 2 to {MOST_COLLECTIONS} collections: each is a class of its own.")
        if len(self.encoders) > MOST_ENCODERS:
            raise BadQuery(f"At most {MOST_ENCODERS} encoders are compared at once: leave some out.")
        if not 0 <= self.apart <= 1000:
            raise BadQuery("`apart` is a number from 0 to 1,000, in sides of a tile: 1 leaves out what touches.")
        if not 20 <= self.most <= MOST_TILES:
            raise BadQuery(f"Measure on 20 to {MOST_TILES:,} tiles.")
        if self.place and self.place == self.labels:
            raise BadQuery("The column of places must be another one than that of the labels.")
        return self

    @property
    def is_private(self) -> bool:
        """Whether its labels are a campaign's, which only its hosts may see."""
        return any(name.startswith("@label:") for name in (self.labels, self.place))

    def as_json(self) -> dict[str, Any]:
        said = asdict(self)
        return {**said, "collections": list(self.collections), "encoders": list(self.encoders)}


def names(value: Any) -> tuple[str, ...]:
    """Each once, in the order given."""
    listed = [value] if isinstance(value, str) else list(value or ())
    if not all(isinstance(one, str) and one for one in listed):
        raise BadQuery("Encoders and collections are given by their names.")
    return tuple(dict.fromkeys(listed))
