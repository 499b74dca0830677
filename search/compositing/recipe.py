"""What a composite is to be made of, checked before anything is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.text import slugify

from search.errors import BadQuery

MEDIAN, LEAST_CLOUDY, FILL_GAPS = METHODS = ("median", "least_cloudy", "fill_gaps")
IN_WORDS = {MEDIAN: "median", LEAST_CLOUDY: "least cloudy", FILL_GAPS: "gaps filled"}
MOST_DAYS = 366
KNOWN = {"product", "method", "days", "step", "from", "to", "name", "title", "levels"}


@dataclass(frozen=True)
class Recipe:
    """days: of median and least_cloudy how many each picture is made of, from its date on; of fill_gaps how far to
    either side a day with data is looked for.  step: days between pictures; by default `days`, of fill_gaps one.

    name, title: of the new product.  levels: to index; () as the source's.
    """

    product: str
    method: str = MEDIAN
    days: int = 8
    step: int = 8
    first: date | None = None
    last: date | None = None
    name: str = ""
    title: str = ""
    levels: tuple[int, ...] = ()

    @property
    def core(self) -> dict[str, Any]:
        """What a picture of a date depends on: kept in its product."""
        return {"product": self.product, "method": self.method, "days": self.days, "step": self.step}

    def as_json(self) -> dict[str, Any]:
        days = {"from": self.first and self.first.isoformat(), "to": self.last and self.last.isoformat()}
        return {**self.core, **days, "name": self.name, "title": self.title, "levels": list(self.levels)}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Recipe":
        """BadQuery with what to change."""
        if unknown := set(said) - KNOWN:
            raise BadQuery(
                f"A composite has no option {', '.join(sorted(unknown))}. It has: {', '.join(sorted(KNOWN))}."
            )
        method = said.get("method") or MEDIAN
        if method not in METHODS:
            raise BadQuery(f"There is no composite {method!r}: choose {', '.join(METHODS)}.")
        days = whole("days", said.get("days"), 3 if method == FILL_GAPS else 8)
        step = whole("step", said.get("step"), 1 if method == FILL_GAPS else days)
        first, last = day("from", said.get("from")), day("to", said.get("to"))
        if first and last and first > last:
            raise BadQuery(f"The first date, {first}, is after the last, {last}.")
        product, name, title = (text(key, said.get(key)) for key in ("product", "name", "title"))
        if not product:
            raise BadQuery("Say which product the composite is made of.")
        levels = said.get("levels") or ()
        if not isinstance(levels, list | tuple) or not all(type(level) is int for level in levels):
            raise BadQuery("`levels` must be a list of whole numbers.")
        if name and slugify(name) != name.lower():
            raise BadQuery(f"{name!r} cannot be a product's name: use letters, digits and hyphens.")
        name = name or f"{product[:50]}-{method.replace('_', '-')}-{days}d"
        return cls(product, method, days, step, first, last, name, title, tuple(levels))


def whole(name: str, value: object, default: int) -> int:
    """From 1 to MOST_DAYS."""
    if value is None:
        return default
    if type(value) is not int or not 1 <= value <= MOST_DAYS:
        raise BadQuery(f"{name} is {value!r}; write a whole number of days from 1 to {MOST_DAYS}.")
    return value


def day(name: str, value: object) -> date | None:
    if not value:
        return None
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError as error:
        raise BadQuery(f"{name} is {value!r}, which is not a date: write YYYY-MM-DD.") from error


def text(name: str, value: object) -> str:
    if not isinstance(value, str | None) or len(value or "") > 160:
        raise BadQuery(f"{name} must be a short text.")
    return value or ""
