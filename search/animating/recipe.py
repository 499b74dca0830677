"""What a film is to show, checked before anything is read."""

import math
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from search.errors import BadQuery

FORMATS = {"mp4": "video/mp4", "webp": "image/webp", "gif": "image/gif"}
SKIP, HOLD = "skip", "hold"
NARROWEST = 240  # pixels: below it the captions do not fit
FASTEST = 30.0  # frames a second


@dataclass(frozen=True)
class Recipe:
    """bbox: west, south, east, north in degrees; west > east crosses the date line.  first, last: None is open.

    missing: what becomes of a date without data in the box: left out, or the last picture is held.
    """

    product: str
    bbox: tuple[float, float, float, float]
    first: date | None = None
    last: date | None = None
    form: str = "mp4"
    width: int = 960
    fps: float = 3.0
    missing: str = SKIP

    def as_json(self) -> dict[str, Any]:
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        days = {name: said[name] and said[name].isoformat() for name in ("first", "last")}
        return {**said, **days, "bbox": list(self.bbox)}

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> "Recipe":
        days = {name: said[name] and date.fromisoformat(said[name]) for name in ("first", "last")}
        known = {field.name: said[field.name] for field in fields(cls)}
        return cls(**{**known, **days, "bbox": tuple(said["bbox"])})


@dataclass(frozen=True)
class Limits:
    """The most that one may ask for. pixels: of all frames together."""

    width: int
    frames: int
    pixels: float


GUEST = Limits(width=1280, frames=400, pixels=3e8)
MEMBER = Limits(width=3840, frames=4000, pixels=8e9)
OPERATOR = Limits(width=7680, frames=40_000, pixels=1e12)  # on the command line: the machine is theirs


def check(recipe: Recipe, limits: Limits) -> None:
    """BadQuery for what no film can be made of."""
    west, south, east, north = recipe.bbox
    if not all(map(math.isfinite, recipe.bbox)):
        raise BadQuery("The box must be four numbers: west, south, east, north in degrees.")
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90) or west == east:
        raise BadQuery(
            f"The box {west:g} {south:g} {east:g} {north:g} is not on Earth: write west south east north in degrees, "
            "longitudes from -180 to 180, latitudes from -90 to 90, south below north."
        )
    if recipe.form not in FORMATS:
        raise BadQuery(f"{recipe.form!r} is no kind of film: choose {', '.join(FORMATS)}.")
    if recipe.missing not in (SKIP, HOLD):
        raise BadQuery(f"missing is {recipe.missing!r}: choose {SKIP} or {HOLD}.")
    if not NARROWEST <= recipe.width <= limits.width:
        raise BadQuery(f"A film may be {NARROWEST} to {limits.width} pixels wide here, not {recipe.width}.")
    if not 0.1 <= recipe.fps <= FASTEST:
        raise BadQuery(f"fps is {recipe.fps:g}; write a number of dates a second from 0.1 to {FASTEST:g}.")
    if recipe.first and recipe.last and recipe.first > recipe.last:
        raise BadQuery(f"The first date, {recipe.first}, is after the last, {recipe.last}.")
