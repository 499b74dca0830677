"""What a download would be: exactly which tiles, about how many megabytes and minutes, and why not, if not.

A recipe is a dictionary, as forms, the API and the command make it and as Import.recipe keeps it:
    layer      id, or words that only one layer has
    epsg       4326 (default), 3857, 3413 or 3031
    bbox       [west, south, east, north] in degrees; west greater than east crosses the date line
    polygon    GeoJSON instead of a box; neither: all that the projection shows
    levels     [6] or 6
    dates      ["2012-07-09", …], or
    from, to   and, if not every date that the layer has, step: days, or "P1M"; layers without time need none of these
    time       of layers with several pictures a day: "12:00", or ["00:00", "12:00"], in UTC
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from shapely.geometry.base import BaseGeometry

from search import keys
from search.errors import BadQuery
from search.gibs import capabilities, region, rules, times
from search.gibs.endpoint import EPSGS, Source
from search.gibs.estimating import estimated, written_bytes, written_seconds
from search.gibs.layers import Layer

KNOWN = {"layer", "epsg", "bbox", "polygon", "levels", "dates", "from", "to", "step", "time", "host",
         "connections", "megabits"}  # fmt: skip
ASK_ABOVE = 10_000  # tiles: the command asks before it starts


@dataclass(frozen=True)
class Sheet:
    """One product on one date: the part of a plan that becomes one scene."""

    source: Source
    day: int  # a tile key's

    @property
    def time(self) -> str:
        return self.source.time(self.day)

    @property
    def folder(self) -> str:
        return self.source.folder(self.time)


@dataclass(frozen=True)
class Plan:
    """tiles: level -> (n, 2) rows and columns, the same for every sheet.  bytes, seconds: about; basis: why so."""

    layer: Layer
    sheets: tuple[Sheet, ...]
    tiles: dict[int, np.ndarray]
    bytes: int
    seconds: float
    basis: str
    notes: tuple[str, ...] = ()
    bbox: tuple[float, float, float, float] = (-180.0, -90.0, 180.0, 90.0)  # around the region; see region.around

    def __len__(self) -> int:
        return len(self.sheets) * self.tiles_a_sheet

    @property
    def tiles_a_sheet(self) -> int:
        return sum(map(len, self.tiles.values()))

    @property
    def levels(self) -> list[int]:
        return sorted(self.tiles)

    def addresses(self) -> Iterator[tuple[str, int, int, int]]:
        """Every (time, level, row, column), in the order of downloading."""
        for sheet in self.sheets:
            for level, places in self.tiles.items():
                for row, col in places.tolist():
                    yield sheet.time, level, row, col

    def sentence(self) -> str:
        """What a person is told before it starts."""
        dates = len({sheet.day for sheet in self.sheets})
        when = f"{dates} date{'s' * (dates != 1)}" if self.layer.dates else "no dates"
        levels = ", ".join(map(str, self.levels))
        return (
            f"{self.layer.title or self.layer.id} ({self.layer.id}): {len(self):,} tiles of level {levels}, {when}, "
            f"about {written_bytes(self.bytes)}, {written_seconds(self.seconds)} ({self.basis})."
        )

    def describe(self) -> dict[str, object]:
        """For forms and scripts."""
        return {
            "layer": self.layer.id, "title": self.layer.title, "epsg": self.layer.epsg, "levels": self.levels,
            "dates": sorted({keys.written(sheet.day) for sheet in self.sheets}), "tiles": len(self),
            "tiles_by_level": {str(level): len(found) for level, found in self.tiles.items()},
            "products": sorted({sheet.source.product_name for sheet in self.sheets}), "bytes": self.bytes,
            "seconds": round(self.seconds), "basis": self.basis, "notes": list(self.notes),
            "sentence": self.sentence(), "asked_today": rules.asked_today(),
        }  # fmt: skip


def plan(recipe: dict[str, Any]) -> Plan:
    """BadQuery, NoSuchLayer or TooManyTiles in a sentence for what cannot be; Unreachable without capabilities."""
    unknown = set(recipe) - KNOWN
    if unknown:
        raise BadQuery(f"A download has no {', '.join(sorted(unknown))}. It has: {', '.join(sorted(KNOWN))}.")
    layer = capabilities.layer_named(str(recipe.get("layer") or ""), whole(recipe.get("epsg") or 4326, "projection"))
    levels = levels_of(layer, recipe.get("levels"))
    days, clocks, notes = days_of(layer, recipe)
    shape = shape_of(recipe)
    area = region.projected(shape, EPSGS[layer.epsg])
    tiles = region.tiles_of(EPSGS[layer.epsg], area, levels)
    sheets = tuple(Sheet(layer.source(clock), day) for day in days for clock in clocks)
    total = sum(map(len, tiles.values())) * len(sheets)
    if not total:
        raise BadQuery("No tile lies in this region.")
    rules.check(total)
    return Plan(layer, sheets, tiles, *estimated(layer, tiles, len(sheets), recipe), notes, region.around(shape))


def shape_of(recipe: dict[str, Any]) -> BaseGeometry:
    if recipe.get("bbox") and recipe.get("polygon"):
        raise BadQuery("Give a box or a polygon, not both.")
    if recipe.get("polygon"):
        polygon = recipe["polygon"]
        return region.of_geojson(_json(polygon) if isinstance(polygon, str) else polygon)
    return region.of_box(recipe.get("bbox") or [-180, -90, 180, 90])


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadQuery(f"The polygon is not GeoJSON: {error}.") from error


def whole(value: Any, what: str) -> int:
    if isinstance(value, bool) or not str(value).strip().lstrip("-").isdecimal():
        raise BadQuery(f"{str(value)[:40]!r} is not a {what}: write a whole number.")
    return int(value)


def levels_of(layer: Layer, wanted: Any) -> list[int]:
    if wanted in (None, "", []):
        raise BadQuery(f"Which level? {layer.id} has 0 to {layer.deepest}; a larger number shows smaller things.")
    levels = sorted({whole(level, "level") for level in (wanted if isinstance(wanted, list | tuple) else [wanted])})
    wrong = [level for level in levels if not 0 <= level <= layer.deepest]
    if wrong:
        raise BadQuery(
            f"{layer.id} has no level {wrong[0]}: its levels go from 0 to {layer.deepest} ({layer.matrix_set})."
        )
    return levels


def days_of(layer: Layer, recipe: dict[str, Any]) -> tuple[list[int], list[str], tuple[str, ...]]:
    """Tile keys' days, times of day ([""] for one picture a day), and what a person should know about them."""
    if not layer.dates:
        if any(recipe.get(name) for name in ("dates", "from", "to")):
            return [0], [""], (f"{layer.id} has no dates: it is the same picture whenever it is asked for.",)
        return [0], [""], ()
    clocks = clocks_of(layer, recipe)
    wanted, exact = wanted_days(layer, recipe)
    had = [day for day in wanted if all(layer.domain.holds(_moment(day, clock)) for clock in clocks)]
    lacking = [day for day in wanted if day not in set(had)]
    if lacking and (exact or not had):
        raise BadQuery(lacks(layer, lacking[0], clocks[0]))
    notes = (f"{layer.id} has nothing on {len(lacking)} of these dates; they are left out: "
             f"{', '.join(map(str, lacking[:5]))}{' …' if len(lacking) > 5 else ''}.",) if lacking else ()  # fmt: skip
    return [keys.day_of(day) for day in had], clocks, notes


def clocks_of(layer: Layer, recipe: dict[str, Any]) -> list[str]:
    given = recipe.get("time") or []
    clocks = [times.clock(text) for text in (given if isinstance(given, list | tuple) else [given])]
    if layer.domain.subdaily and not clocks:
        some = ", ".join(layer.domain.clocks(layer.domain.last.date() - timedelta(days=1)))
        raise BadQuery(
            f"{layer.id} has several pictures a day ({some} …): say which times of day, such as 12:00 (UTC)."
        )
    if clocks and not layer.domain.subdaily:
        raise BadQuery(f"{layer.id} has one picture a day: leave the time of day out.")
    return sorted(set(clocks)) or [""]


def wanted_days(layer: Layer, recipe: dict[str, Any]) -> tuple[list[date], bool]:
    """The dates asked for, and whether each was named."""
    if recipe.get("dates"):
        dates = recipe["dates"]
        return sorted({times.day(text) for text in (dates if isinstance(dates, list | tuple) else [dates])}), True
    if not recipe.get("from"):
        raise BadQuery(f"Which dates? {layer.id} has {layer.domain.first:%Y-%m-%d} to {layer.domain.last:%Y-%m-%d}.")
    first, last = times.day(recipe["from"]), times.day(recipe.get("to") or recipe["from"])
    if last < first:
        raise BadQuery(f"The dates go from {first} to {last}: the first must not be after the last.")
    if recipe.get("step"):
        return stepped(first, last, times.step(recipe["step"])), first == last
    end = times.midnight(last) + timedelta(days=1, seconds=-1)
    own = layer.domain.between(times.midnight(first), end) if not layer.domain.subdaily else []
    if layer.domain.subdaily:
        return stepped(first, last, times.Step(seconds=86400)), first == last
    return ([moment.date() for moment in own] or [first]), first == last


def stepped(first: date, last: date, step: times.Step) -> list[date]:
    if step.seconds % 86400:
        raise BadQuery("The step between dates must be whole days, months or years.")
    whole_range = times.Period(times.midnight(first), times.midnight(last), step)
    domain = times.Domain((whole_range,)) if first != last else None
    return [m.date() for m in domain.between(whole_range.start, whole_range.end)] if domain else [first]


def lacks(layer: Layer, day: date, clock: str) -> str:
    """Why a date cannot be had, and what can instead."""
    domain, moment = layer.domain, _moment(day, clock)
    if not domain.first.date() <= day <= domain.last.date():
        return f"{layer.id} has nothing on {day}: it has {domain.first:%Y-%m-%d} to {domain.last:%Y-%m-%d}."
    if clock:
        return (
            f"{layer.id} has nothing on {day} at {clock[:5]}: it has {', '.join(domain.clocks(day)) or 'no picture'} …"
        )
    close = " and ".join(f"{near:%Y-%m-%d}" for near in domain.near(moment))
    return f"{layer.id} has nothing on {day}: the nearest are {close or 'far away'}."


def _moment(day: date, clock: str) -> datetime:
    start = times.midnight(day)
    return (
        start if not clock else start + timedelta(hours=int(clock[:2]), minutes=int(clock[3:5]), seconds=int(clock[6:]))
    )
