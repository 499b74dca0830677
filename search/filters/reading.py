"""The JSON of a filter <-> search.filters.Filter."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from search import keys
from search.errors import BadQuery
from search.filters.asked import Filter, Labels, Range, Scores

MOST = 1000  # entries of a list
LONGEST = 500  # characters of a text
UNIX = date(1970, 1, 1)
FORM = '{"metrics": {"sharpness": [10, null]}}'


def read(data: Mapping[str, Any]) -> Filter:
    """The filter that JSON says; BadQuery with what to change. What is null or empty does not filter."""
    if not isinstance(data, Mapping):
        raise BadQuery(f"A filter is a JSON object, such as {FORM}.")
    unknown = sorted(str(name) for name in data.keys() - READERS.keys())
    if unknown:
        raise BadQuery(f"A filter has no {', '.join(unknown)}. It may have: {', '.join(READERS)}.")
    given = {name: value for name, value in data.items() if value not in (None, [], {}, "", ())}
    return Filter(**{RENAMED.get(name, name): READERS[name](name, value) for name, value in given.items()}).checked()


def as_json(asked: Filter) -> dict[str, Any]:
    """What `read` reads, without what does not asked."""
    said: dict[str, Any] = {
        "products": list(asked.products),
        "levels": list(asked.levels),
        "from": asked.first.isoformat() if asked.first else None,
        "to": asked.last.isoformat() if asked.last else None,
        "bbox": list(asked.area) if asked.area else None,
        "polygon": dict(asked.polygon) if asked.polygon else None,
        "metrics": {name: list(bounds) for name, bounds in asked.metrics.items()},
        "values": {name: list(texts) for name, texts in asked.values.items()},
        "labels": [{"campaign": one.campaign, "answers": list(one.answers)} for one in asked.labels],
        "scores": [
            {"campaign": one.campaign, "sweep": one.sweep, "range": [one.low, one.high]} for one in asked.scores
        ],
        "collections": list(asked.collections),
        "not_collections": list(asked.not_collections),
    }
    return {name: value for name, value in said.items() if value not in (None, [], {})}


def sequence(name: str, value: Any) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise BadQuery(f"{name} must be a list, such as {EXAMPLES.get(name, '[…]')}.")
    if len(value) > MOST:
        raise BadQuery(f"{name} has {len(value):,} entries; {MOST:,} are allowed.")
    return value


def texts(name: str, value: Any) -> tuple[str, ...]:
    for one in sequence(name, value):
        if not isinstance(one, str) or not one or len(one) > LONGEST:
            raise BadQuery(f"{name} must be a list of texts: {str(one)[:40]!r} is not one.")
    return tuple(value)


def whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 31:
        raise BadQuery(f"{name} must be a whole number: {str(value)[:40]!r} is not one.")
    return value


def levels(name: str, value: Any) -> tuple[int, ...]:
    found = tuple(whole(name, one) for one in sequence(name, value))
    if any(level >= keys.LIMITS["level"] for level in found):
        raise BadQuery(f"There is no level {max(found)}: levels go from 0 to {keys.LIMITS['level'] - 1}.")
    return found


def day(name: str, value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        found = date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadQuery(f"{name} must be a date: write YYYY-MM-DD instead of {str(value)[:40]!r}.") from error
    if found >= keys.EPOCH:
        return found
    raise BadQuery(f"{name} is {found}: dates begin with {keys.EPOCH}.")


def number(name: str, value: Any) -> float | None:
    """None for no bound; a date as days since 1970-01-01, as columns of dates have them."""
    if value is None:
        return None
    if isinstance(value, str) and (found := read_date(value)):
        return float((found - UNIX).days)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadQuery(f"{name}: {str(value)[:40]!r} is not a number. Write one, or null for no bound.")
    return float(value)


def read_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def limits(name: str, value: Any) -> Range:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise BadQuery(f"{name} must be [low, high]; write null for no bound.")
    return number(name, value[0]), number(name, value[1])


def box(name: str, value: Any) -> tuple[float, float, float, float]:
    sides = [number(name, side) for side in sequence(name, value)]
    if len(sides) != 4 or None in sides:
        raise BadQuery(f"{name} must be four numbers: west, south, east, north in degrees.")
    west, south, east, north = (float(side) for side in sides if side is not None)
    return west, south, east, north


def polygon(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadQuery('The polygon must be GeoJSON: {"type": "Polygon", "coordinates": [[[lon, lat], …]]}.')
    return {"type": value.get("type"), "coordinates": value.get("coordinates")}


def mapping(name: str, value: Any, inner: Callable[[str, Any], Any]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise BadQuery(f"{name} must be an object, such as {EXAMPLES[name]}.")
    if len(value) > MOST:
        raise BadQuery(f"{name} has {len(value):,} entries; {MOST:,} are allowed.")
    return {str(key): inner(str(key), one) for key, one in value.items()}


def entry(name: str, value: Any, known: set[str]) -> Mapping[str, Any]:
    """One of a list of objects: with a campaign, and nothing that is not known."""
    if not isinstance(value, Mapping) or "campaign" not in value or value.keys() - known:
        raise BadQuery(f"{name} must be a list such as {EXAMPLES[name]}.")
    return value


def labels(name: str, value: Any) -> tuple[Labels, ...]:
    given = [entry(name, one, {"campaign", "answers"}) for one in sequence(name, value)]
    return tuple(
        Labels(whole("campaign", one["campaign"]), texts("answers", one.get("answers") or ())) for one in given
    )


def scores(name: str, value: Any) -> tuple[Scores, ...]:
    return tuple(score(entry(name, one, {"campaign", "sweep", "range"})) for one in sequence(name, value))


def score(said: Mapping[str, Any]) -> Scores:
    if "sweep" not in said:
        raise BadQuery(f"Which sweep's scores? Write scores such as {EXAMPLES['scores']}.")
    low, high = limits("range", said.get("range") or (None, None))
    return Scores(whole("campaign", said["campaign"]), whole("sweep", said["sweep"]), low, high)


EXAMPLES = {
    "products": '["true-colour"]', "levels": "[5, 6]", "bbox": "[-20, 10, 20, 30]",
    "metrics": '{"sharpness": [10, null]}', "values": '{"station": ["north", "south"]}',
    "labels": '[{"campaign": 3, "answers": ["yes"]}]',
    "scores": '[{"campaign": 3, "sweep": 1, "range": [0.5, null]}]', "collections": '["islands"]',
    "not_collections": '["islands"]', "answers": '["yes"]',
}  # fmt: skip
READERS: dict[str, Callable[[str, Any], Any]] = {
    "products": texts, "levels": levels, "from": day, "to": day, "bbox": box, "polygon": polygon,
    "metrics": lambda name, value: mapping(name, value, limits),
    "values": lambda name, value: mapping(name, value, texts),
    "labels": labels, "scores": scores, "collections": texts, "not_collections": texts,
}  # fmt: skip
RENAMED = {"from": "first", "to": "last", "bbox": "area"}
FIELDS = READERS.keys()  # of the JSON
