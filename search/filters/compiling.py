"""A filter made ready for one dataset and one person: which shards it needs, which of their rows it allows."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from django.contrib.auth.models import AnonymousUser, User

from ml.shards import Shard as Columns
from search import collecting, columns, grid, keys
from search.errors import BadQuery
from search.filters import areas
from search.filters.asked import Filter
from search.frames import Frame
from search.models import Dataset, Shard
from search.models.shards import ShardQuerySet

Person = User | AnonymousUser | None  # None: the site itself, which may everything
Test = Callable[[Columns], np.ndarray]  # a shard -> (count,) bool
KeyTest = Callable[[np.ndarray], np.ndarray]  # (n,) int64 keys of one shard, ascending -> (n,) bool
Resolver = Callable[[Dataset, Any, Person], KeyTest]

_resolvers: dict[str, Resolver] = {}


def register(field: str, resolver: Resolver) -> None:
    """Say who knows the tiles of "labels" or "scores": `resolver(dataset, Labels or Scores, user) -> test of keys`.

    It raises BadQuery for what does not exist or is not this person's to see.
    """
    _resolvers[field] = resolver


def compiled(dataset: Dataset, asked: Filter, user: Person) -> "Compiled":
    """BadQuery, NoSuchCollection for what the dataset does not have, or the person may not see."""
    return Compiled(dataset, Filter.checked(asked), user)  # as a filter, should it be a query


class Compiled:
    """tests: of rows, by the field of the filter that each is of: "bbox", "polygon", "metrics.sharpness", …"""

    def __init__(self, dataset: Dataset, asked: Filter, user: Person) -> None:
        self.dataset, self.filter = dataset, asked
        self._boxes = boxes(asked)
        self.tests: dict[str, Test] = dict(self._tests(user))

    def shards(self) -> list[Shard]:
        """Finished ones that may hold rows; none of them need to be opened for what products, levels and dates say."""
        finished = [shard for shard in matching(self.dataset, self.filter) if shard.folder]
        return reaching(finished, self.filter, self.dataset.grid)

    def reaches(self, shard: Shard) -> bool:
        return all(areas.reaches(shard, box, self.dataset.grid) for box in self._boxes)

    def admits(self, shard: Shard) -> bool:
        """Whether products, levels, dates and area allow any tile of it."""
        wanted, scene = self.filter, shard.scene
        return bool(
            (not wanted.products or scene.product.name in wanted.products)
            and (not wanted.levels or shard.level in wanted.levels)
            and (not wanted.first or scene.day >= keys.day_of(wanted.first))
            and (not wanted.last or 0 < scene.day <= keys.day_of(wanted.last))
            and self.reaches(shard)
        )

    def mask(self, columns: Columns) -> np.ndarray | None:
        """(count,) bool of one of `shards()`, opened; None for all."""
        if not self.tests:
            return None
        allowed = np.ones(columns.count, bool)
        for test in self.tests.values():
            allowed &= test(columns)
            if not allowed.any():
                return allowed
        return None if allowed.all() else allowed

    def of(self, frame: Frame) -> np.ndarray:
        """(frame.count,) bool."""
        found = np.zeros(frame.count, bool)
        for part in frame.parts:
            if self.admits(part.shard):
                allowed = self.mask(part.columns)
                found[part.rows] = True if allowed is None else allowed
        return found

    def each(self, frame: Frame) -> dict[str, np.ndarray]:
        """What each field by itself allows, (frame.count,) bool; "shards" is what products, levels and dates say."""
        found = {name: np.zeros(frame.count, bool) for name in ("shards", *self.tests)}
        for part in frame.parts:
            found["shards"][part.rows] = self.admits(part.shard)
            for name, test in self.tests.items():
                found[name][part.rows] = test(part.columns)
        return found

    def _tests(self, user: Person) -> Iterator[tuple[str, Test]]:
        wanted, pyramid = self.filter, self.dataset.grid
        if self.dataset.kind == Dataset.Kind.GALLERY and (wanted.area or wanted.polygon):
            raise BadQuery(f"The pictures of {self.dataset.name} have no place: leave the area out.")
        if wanted.area is not None:
            area = wanted.area
            yield "bbox", lambda one: areas.inside(one, area, pyramid)
        if wanted.polygon is not None:
            shape = areas.shape_of(wanted.polygon)
            yield "polygon", lambda one: areas.inside_shape(one, shape, pyramid)
        for name, (low, high) in wanted.metrics.items():
            yield f"metrics.{name}", self._range(name, low, high)
        for name, given in wanted.values.items():
            yield f"values.{name}", self._among(name, frozenset(given))
        for name in (*wanted.collections, *wanted.not_collections):
            yield f"collections.{name}", self._member(name, name in wanted.collections)
        yield from self._resolved(user)

    def _resolved(self, user: Person) -> Iterator[tuple[str, Test]]:
        for field in ("labels", "scores"):
            for number, entry in enumerate(getattr(self.filter, field)):
                if field not in _resolvers:
                    raise BadQuery(f"This site has no campaigns: leave {field} out of the filter.")
                yield f"{field}.{number}", by_key(_resolvers[field](self.dataset, entry, user))

    def _range(self, name: str, low: float | None, high: float | None) -> Test:
        column = columns.column_named(self.dataset, name, "number")
        least, most = (-np.inf if low is None else low), (np.inf if high is None else high)
        if column.source == columns.METRIC:
            return lambda one: between(metric_of(one, name), least, most)
        brought = brought_values(self.dataset, name)
        return holding(brought.keys[between(brought.numbers, least, most)])

    def _among(self, name: str, given: frozenset[str]) -> Test:
        columns.column_named(self.dataset, name, "text")
        brought = brought_values(self.dataset, name)
        wanted = [code for code, text in enumerate(brought.texts) if text in given]
        return holding(brought.keys[np.isin(brought.codes, wanted)])

    def _member(self, name: str, wanted: bool) -> Test:
        return holding(collecting.keys_of(collecting.named(self.dataset, name)), wanted=wanted)


def by_key(test: KeyTest) -> Test:
    return lambda one: test(one.keys)


def holding(held: np.ndarray, *, wanted: bool = True) -> Test:
    """Whether tiles are among these keys, which ascend; whether they are not."""
    return by_key(lambda some: contained(some, held) == wanted)


def brought_values(dataset: Dataset, name: str) -> Any:
    """A column that people brought, as search.tables has it; read once for all shards."""
    from search.tables.asking import values_of

    return values_of(dataset, name)


def metric_of(one: Columns, name: str) -> np.ndarray:
    """(count,) of a shard; NaN where it was built before there was this metric."""
    if name in one.columns:
        found: np.ndarray = one.column(name)
        return found
    return np.full(one.count, np.nan, np.float32)


def between(values: np.ndarray, least: float, most: float) -> np.ndarray:
    found: np.ndarray = (values >= least) & (values <= most)
    return found


def contained(some: np.ndarray, held: np.ndarray) -> np.ndarray:
    """(n,) bool: which of some keys are held; both ascend."""
    if not len(held) or not len(some):
        return np.zeros(len(some), bool)
    first, end = np.searchsorted(held, [some[0], some[-1] + 1])
    near = held[first:end]
    found: np.ndarray = np.isin(some, near, assume_unique=True) if len(near) else np.zeros(len(some), bool)
    return found


def matching(dataset: Dataset, asked: Filter) -> ShardQuerySet:
    """Shards, finished or not, that products, dates and levels allow."""
    wanted = Shard.objects.of(dataset)
    if asked.products:
        wanted = wanted.filter(scene__product__name__in=asked.products)
    if asked.levels:
        wanted = wanted.filter(level__in=asked.levels)
    if asked.first:
        wanted = wanted.filter(scene__day__gte=keys.day_of(asked.first))
    if asked.last:
        wanted = wanted.filter(scene__day__lte=keys.day_of(asked.last), scene__day__gt=0)
    return wanted


def boxes(asked: Filter) -> list[grid.Bounds]:
    """Around the filter's area and its polygon: what a shard must reach to have any tile in it."""
    polygon = [areas.around(asked.polygon)] if asked.polygon else []
    return [asked.area, *polygon] if asked.area else polygon


def reaching(shards: Iterable[Shard], asked: Filter, pyramid: grid.Grid) -> list[Shard]:
    """Those that may hold tiles in the filter's area and polygon."""
    around = boxes(asked)
    return [shard for shard in shards if all(areas.reaches(shard, box, pyramid) for box in around)]
