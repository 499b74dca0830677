"""Selections as rows: asked for, made here."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User

from search import collecting, frames, jobs
from search.errors import SearchError
from search.jobs import Progress
from search.models import Dataset, Selection
from search.selecting import asking, making


def request(
    dataset: Dataset, data: Mapping[str, Any], owner: User | None = None, *, background: bool = True
) -> Selection:
    """A new row, handed to the workers or left waiting. Raises asking.Refused, NotIndexed, TooManyJobs."""
    frame = frames.opened(dataset)
    recipe = asking.read(frame, data, owner)
    name = collection_name(dataset, recipe.site.get("name") or "")
    asked = {**recipe.as_json(), "name": name}
    return jobs.begin(Selection(dataset=dataset, owner=owner, name=name, recipe=asked), background=background)


def collection_name(dataset: Dataset, given: str) -> str:
    """As given, or one that is free. Refused for one that cannot be, or is taken."""
    if not given.strip():
        taken = {
            *dataset.collections.values_list("name", flat=True),
            *dataset.selections.values_list("name", flat=True),
        }
        return next(name for number in range(1, len(taken) + 2) if (name := f"Selection {number}") not in taken)
    try:
        name = collecting.checked_name(given)
    except SearchError as error:
        raise asking.Refused(str(error), "name") from error
    if dataset.collections.filter(name=name).exists():
        raise asking.Refused(f"{dataset.name} has a collection {name!r} already: choose another name.", "name")
    return name


def make_here(job: Selection, on_progress: Progress | None = None) -> bool:
    """Make it in this process; False when another one has it, or it was stopped. What goes wrong is kept and raised."""
    return jobs.work_on(job, lambda report: making.make(job, report), on_progress)
