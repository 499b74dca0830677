"""Which dates of a dataset are there and how far each is: product x level x date, by year where there are many.

A cell is a shard; its state is one of STATES. Twenty years of daily dates are two numbers a year until one is opened.
"""

import calendar
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import F

from search import keys
from search.errors import NoSuchTile
from search.imagery import masks
from search.models import Dataset, Scene, Shard, Status

FEW = 40  # dates that are shown one by one, without folding them into years
STATES = {  # state -> what it is called
    "ready": "searchable",
    "changed": "searchable, newer imagery is on its way",
    "building": "being built",
    "failed": "failed or damaged",
    "stopped": "stopped",
    "missing": "imagery is there, not indexed",
    "none": "no imagery",
}
MARKS = {"ready": "✓", "changed": "↻", "building": "…", "failed": "!", "stopped": "–", "missing": "○", "none": ""}


@dataclass(frozen=True)
class Row:
    """A product at a level.  cells: day -> state, of the days with imagery."""

    product: str
    title: str
    level: int
    size: str
    cells: dict[int, str]

    def state(self, day: int) -> str:
        return self.cells.get(day, "none")

    def count(self, days: Iterable[int]) -> dict[str, int]:
        """How many of the days with imagery are in each state."""
        found: dict[str, int] = defaultdict(int)
        for day in days:
            if day in self.cells:
                found[self.cells[day]] += 1
        return dict(found)


@dataclass(frozen=True)
class Matrix:
    rows: list[Row]

    @cached_property
    def days(self) -> list[int]:
        """Days on which any product has imagery, in order."""
        return sorted({day for row in self.rows for day in row.cells})

    @cached_property
    def years(self) -> dict[int, list[int]]:
        """Year -> its days with imagery; 0 holds what is undated."""
        found: dict[int, list[int]] = defaultdict(list)
        for day in self.days:
            when = keys.date_of(day)
            found[when.year if when else 0].append(day)
        return dict(found)

    @property
    def is_small(self) -> bool:
        return len(self.days) <= FEW


def of(dataset: Dataset, product: str | None = None) -> Matrix:
    """Two queries, whatever there is. NoSuchTile for a product that does not exist."""
    asked = dataset.products.filter(name=product) if product else dataset.products.all()
    products = [one for one in asked if not masks.is_mask(one)]  # which are never indexed
    if product and not asked:
        raise NoSuchTile(f"{dataset.name} has no product {product[:80]!r}.")
    days: dict[int, set[int]] = {one.pk: set() for one in products}
    for pk, day in Scene.objects.filter(product__in=products).values_list("product_id", "day"):
        days[pk].add(day)
    cells: dict[tuple[int, int], dict[int, str]] = defaultdict(dict)
    for pk, level, day, *shard in states(dataset):
        if pk in days:
            cells[pk, level][day] = state_of(*shard)
    levels = sorted({level for _, level in cells}) or dataset.levels_wanted[:3] or []
    return Matrix(
        [
            Row(
                one.name, one.title or one.name, level, size(dataset, level),
                dict.fromkeys(days[one.pk], "missing") | cells[one.pk, level],
            )
            for one in products for level in levels if days[one.pk]
        ]
    )  # fmt: skip


def states(dataset: Dataset) -> Iterable[tuple[Any, ...]]:
    mine = Shard.objects.filter(scene__product__dataset=dataset, encoder_id=dataset.encoder_id).order_by()
    return mine.values_list(
        "scene__product_id", "level", "scene__day", "status", "folder", "scene_version", F("scene__version")
    ).iterator()


def state_of(status: str, folder: str, made_of: str, now: str) -> str:
    if status in (Status.FAILED, Status.DAMAGED):
        return "failed"
    if folder:
        return "ready" if status == Status.READY and made_of == now else "changed"
    return "stopped" if status == Status.CANCELLED else "building"


def size(dataset: Dataset, level: int) -> str:
    return f"{dataset.grid.kilometres(level):,} km" if dataset.kind == Dataset.Kind.MAP else "whole images"


def read_year(text: str) -> int:
    """NoSuchTile for what is no year."""
    if not (text.isascii() and text.isdecimal() and len(text) == 4):
        raise NoSuchTile(f"{text[:20]!r} is not a year.")
    return int(text)


@dataclass(frozen=True)
class Cell:
    day: int
    label: str  # "1 Jan 2004"
    written: str  # "2004-01-01"
    state: str
    short: str  # what a column or a calendar's square is called

    @property
    def words(self) -> str:
        return f"{self.label}: {STATES[self.state]}"

    @property
    def mark(self) -> str:
        return MARKS[self.state]


def cells(row: Row, days: Iterable[int]) -> list[Cell]:
    return [cell(row, day) for day in days]


def cell(row: Row, day: int) -> Cell:
    when = keys.date_of(day)
    label = f"{when.day} {calendar.month_abbr[when.month]} {when.year}" if when else "undated"
    return Cell(day, label, keys.written(day), row.state(day), str(when.day) if when else "undated")


def months(row: Row, year: int) -> list[tuple[str, list[Cell]]]:
    """The year's months, each with a cell for every date."""
    return [
        (calendar.month_abbr[month], [cell(row, keys.day_of(date(year, month, day))) for day in days_of(year, month)])
        for month in range(1, 13)
    ]


def days_of(year: int, month: int) -> range:
    return range(1, calendar.monthrange(year, month)[1] + 1)


@dataclass(frozen=True)
class Year:
    """A row's year, folded: how many of its dates are in which state, as shares of its width too."""

    year: int
    dates: int
    counts: dict[str, int]

    @property
    def label(self) -> str:
        return str(self.year) if self.year else "undated"

    @property
    def words(self) -> str:
        if not self.dates:
            return f"{self.label}: no imagery"
        parts = ", ".join(f"{count} {STATES[state]}" for state, count in self.counts.items())
        return f"{self.label}, {self.dates} date{'s' if self.dates > 1 else ''}: {parts}"

    @property
    def state(self) -> str:
        """Of the whole year: the one to worry about most."""
        order = ("failed", "building", "stopped", "missing", "changed", "ready")
        return next((state for state in order if self.counts.get(state)), "none")

    @property
    def ready(self) -> int:
        return self.counts.get("ready", 0) + self.counts.get("changed", 0)


def folded(row: Row, years: dict[int, list[int]]) -> list[Year]:
    counted = ((year, row.count(days)) for year, days in sorted(years.items()))
    return [Year(year, sum(counts.values()), counts) for year, counts in counted]


def as_json(dataset: Dataset, product: str | None, year: int | None) -> dict[str, object]:
    matrix = of(dataset, product)
    rows = []
    for row in matrix.rows:
        said: dict[str, object] = {"product": row.product, "level": row.level, "size": row.size}
        if year is None:
            said["years"] = [{"year": one.year, "dates": one.dates, **one.counts} for one in folded(row, matrix.years)]
        else:
            said["dates"] = {keys.written(day): row.state(day) for day in matrix.years.get(year, [])}
        rows.append(said)
    return {"states": STATES, "results": rows}
