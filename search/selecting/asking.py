"""What people ask of a selection: a recipe (ml.selection.Recipe) with a filter, collections and a name, and what of it
cannot be, each refusal with the field that is to be changed."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ml.errors import BadSelection
from ml.selection import Recipe
from search import collecting, filters
from search.columns import Column
from search.errors import BadQuery, SearchError
from search.frames import Frame
from search.models import Dataset
from search.selecting import columns
from search.selecting.columns import Person

SIMILARITY, COLUMN = "collection", "column"


class Refused(BadSelection):
    """fields: the recipe's field at fault, as forms name them ("n", "objectives.1", "filter"), with the message."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.fields = {field: [message]}


def read(frame: Frame, data: Mapping[str, Any], user: Person) -> Recipe:
    """The recipe, once it can be carried out as far as one sees beforehand. Refused, with what to change."""
    recipe = understood(data)
    known = {column.name: column for column in columns.columns_of(frame, user)}
    for number, one in enumerate(recipe.objectives):
        check_objective(frame.dataset, number, one, known)
    for name in recipe.thresholds:
        if name not in known or known[name].kind == "text":
            raise Refused(no_column(name, known, "number"), "thresholds")
    free = allowed(frame, recipe, user)
    free[before(frame, recipe)] = False
    check_amount(recipe, int(free.sum()))
    return recipe


def understood(data: Mapping[str, Any]) -> Recipe:
    """Of JSON; the site's own fields are of the right kind."""
    try:
        recipe = Recipe.read(data)
    except BadSelection as error:
        raise Refused(str(error), at_fault(data, str(error))) from error
    for field, kind in (("filter", Mapping), ("continue_from", str), ("exclude", list | tuple), ("name", str)):
        value = recipe.site.get(field)
        if value is not None and not isinstance(value, kind):
            raise Refused(f"{field} must be {WANTED[field]}.", field)
    if any(not isinstance(name, str) for name in recipe.site.get("exclude") or []):
        raise Refused(f"exclude must be {WANTED['exclude']}.", "exclude")
    return recipe


WANTED = {
    "filter": "an object, such as {}: every tile", "continue_from": "the name of a collection",
    "exclude": "a list of names of collections", "name": "a text",
}  # fmt: skip


def at_fault(data: Any, message: str) -> str:
    """Which field of a recipe the message is about: the one that alone brings it about."""
    if not isinstance(data, Mapping):
        return ""
    objectives = data.get("objectives")
    several = objectives if isinstance(objectives, list) else []
    parts = [(f"objectives.{number}", {"n": 1, "objectives": [one]}) for number, one in enumerate(several)]
    parts += [(name, {"n": 1, name: value}) for name, value in data.items()]
    for field, part in parts:
        try:
            Recipe.read(part)
        except BadSelection as error:
            if str(error) == message:
                return field
    return "n"


def check_objective(dataset: Dataset, number: int, one: Any, known: Mapping[str, Column]) -> None:
    field = f"objectives.{number}"
    if (column := getattr(one, COLUMN, None)) is not None and column not in known:
        raise Refused(no_column(column, known, ""), field)
    if (name := getattr(one, SIMILARITY, None)) is not None:
        named(dataset, name, field)


def no_column(name: str, known: Mapping[str, Column], kind: str) -> str:
    fit = ", ".join(column.name for column in known.values() if not kind or column.kind != "text")
    if name in known:
        return f"{name} is a column of texts: a threshold needs numbers. Use {fit}."
    return f"There is no column {name[:80]!r}: use {fit}."


def named(dataset: Dataset, name: str, field: str) -> np.ndarray:
    """The keys of a collection, which must have some."""
    return refusing(field, lambda: keys_in(dataset, name))


def keys_in(dataset: Dataset, name: str) -> np.ndarray:
    held = collecting.keys_of(collecting.named(dataset, name))
    if not len(held):
        raise BadQuery(f"The collection {name!r} is empty: add tiles to it, or choose another.")
    return held


def refusing(field: str, work: Callable[[], np.ndarray]) -> np.ndarray:
    """What search refuses is a refusal of the field."""
    try:
        return work()
    except SearchError as error:
        raise Refused(str(error), field) from error


def allowed(frame: Frame, recipe: Recipe, user: Person) -> np.ndarray:
    """(n,) bool: what the filter keeps, without the collections that are to be left out."""
    dataset, wanted = frame.dataset, recipe.site.get("filter") or {}
    kept = refusing("filter", lambda: filters.compiled(dataset, filters.read(wanted), user).of(frame)).copy()
    for name in recipe.site.get("exclude") or []:
        kept[frame.rows_of(named(dataset, name, "exclude"))] = False
    return kept


def before(frame: Frame, recipe: Recipe) -> np.ndarray:
    """Rows that are chosen already, ascending."""
    name = recipe.site.get("continue_from")
    return frame.rows_of(named(frame.dataset, name, "continue_from")) if name else np.empty(0, np.int64)


def check_amount(recipe: Recipe, left: int) -> None:
    """left: tiles that may be chosen."""
    if not left:
        raise Refused(
            "Nothing is left to choose from: the filter, and the collections that are left out or chosen already, keep "
            "no tile. Widen the filter, or leave fewer collections out.", "filter",
        )  # fmt: skip
    if recipe.n is not None and recipe.n > left:
        raise Refused(
            f"You ask for {recipe.n:,} tiles, and {left:,} are left to choose from: ask for {left:,} or fewer, or "
            "widen the filter.", "n",
        )  # fmt: skip


def field_of(recipe: Mapping[str, Any], message: str) -> str:
    """Which field a refusal is about that came while the tiles were chosen: the one whose names it says."""
    for number, one in enumerate(recipe.get("objectives") or []):
        names = [one.get(COLUMN), one.get(SIMILARITY)]
        if any(name and name in message for name in names):
            return f"objectives.{number}"
    if any(name in message for name in recipe.get("thresholds") or {}):
        return "thresholds"
    return "filter" if recipe.get("filter") and "left" in message else "n"
