"""What a filter says. Its JSON is read and written in search/filters/reading.py; docs/filters.md shows it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, Self

from search.errors import BadQuery
from search.filters import areas

Range = tuple[float | None, float | None]


class Labels(NamedTuple):
    """Tiles that a campaign has labelled with one of some answers; with any for none."""

    campaign: int
    answers: tuple[str, ...] = ()


class Scores(NamedTuple):
    """Tiles that a campaign's sweep has given a score from low to high; None for no bound."""

    campaign: int
    sweep: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Filter:
    """Some of a dataset's tiles: those that every field allows.

    first, last: dates, which undated scenes do not pass.  area: west, south, east, north in degrees; west > east
    crosses the date line.  polygon: GeoJSON Polygon or MultiPolygon; as of the area, a tile's centre counts.
    metrics: number columns -> (low, high), None for no bound; what is unknown does not pass.
    values: text columns -> any of these texts.  labels, scores: of campaigns that the person may host.
    collections: in every one of them.  not_collections: in none.
    """

    products: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    first: date | None = None
    last: date | None = None
    area: tuple[float, float, float, float] | None = None
    polygon: Mapping[str, Any] | None = None
    metrics: Mapping[str, Range] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: tuple[Labels, ...] = ()
    scores: tuple[Scores, ...] = ()
    collections: tuple[str, ...] = ()
    not_collections: tuple[str, ...] = ()

    def checked(self) -> Self:
        """The same, or BadQuery with what to change: what can be seen without the dataset."""
        if self.first and self.last and self.first > self.last:
            raise BadQuery(f"The dates run backwards: from {self.first} to {self.last}.")
        self._check_area()
        for name, (low, high) in self.metrics.items():
            check_range(name, low, high)
        for name, texts in self.values.items():
            if not texts:
                raise BadQuery(f"The values of {name} are an empty list: give at least one, or leave {name} out.")
        for score in self.scores:
            check_range(f"the scores of campaign {score.campaign}", score.low, score.high)
        both = set(self.collections) & set(self.not_collections)
        if both:
            raise BadQuery(f"No tile is both in {first_of(both)} and not in it: leave it out on one side.")
        return self

    def _check_area(self) -> None:
        if self.polygon is not None:
            areas.shape_of(self.polygon)
        if self.area is None:
            return
        west, south, east, north = self.area
        if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90) or west == east:
            raise BadQuery("The area must be west, south, east, north in degrees, with south below north.")


def check_range(name: str, low: float | None, high: float | None) -> None:
    if any(bound is not None and math.isnan(bound) for bound in (low, high)):
        raise BadQuery(f"The range of {name} has a bound that is not a number: write a number, or null for no bound.")
    if low is not None and high is not None and low > high:
        raise BadQuery(f"The range of {name} is empty: from {low:g} to {high:g}.")


def first_of(names: Iterable[str]) -> str:
    return repr(min(names))
