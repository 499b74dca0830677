"""Selections made: tiles gathered, chosen, compared with the whole, kept as a collection."""

import time
from typing import Any, NamedTuple

import numpy as np

from ml import selection
from ml.selection import Recipe
from ml.selection.recipe import Similarity
from search import collecting, frames
from search.columns import METRIC
from search.frames import Frame
from search.jobs import Progress, Reporter
from search.layouts import cache
from search.models import Collection, Selection
from search.selecting import asking, columns
from search.selecting.columns import Person, Texts
from search.selecting.vectors import FrameVectors

ORDER = "order.npy"
COMPARED = 16  # columns, at most, whose histograms a report has
STAGES = {
    "reading": "Reading the tiles", "gains": "Measuring what each tile would add",
    "neighbours": "Looking for each tile's neighbours", "similarity": "Comparing with the examples",
    "duplicates": "Looking for near-duplicates", "choosing": "Choosing tiles", "comparing": "Comparing with the whole",
}  # fmt: skip
PLAIN = ("@level", "@product", "@cluster")


class Material(NamedTuple):
    """What a recipe needs of a frame.  allowed: (n,) bool.  before: rows chosen already, ascending."""

    allowed: np.ndarray
    columns: dict[str, np.ndarray | Texts]
    similar_to: dict[str, np.ndarray]
    before: np.ndarray


def make(job: Selection, report: Reporter) -> None:
    """The caller has claimed it. Raises BadSelection and what search refuses, Cancelled."""
    began = time.monotonic()
    frame = frames.opened(job.dataset)
    report("Looking at the tiles", 0, frame.count)
    recipe = asking.understood(job.recipe)
    told, rows = chosen(frame, recipe, job.owner, in_words(report))
    keys = frame.keys[rows]
    cache.keep(job.folder / ORDER, keys)
    report("Keeping the collection", 0, 1)
    told["seconds"] = round(time.monotonic() - began, 1)
    collection = kept(job, keys)
    try:
        job.finish(stage="", report=told, collection=collection)
    except BaseException:
        collecting.delete(collection)  # of a selection that was stopped meanwhile
        raise


def in_words(report: Progress) -> Progress:
    """Stages of ml.selection as people read them."""
    return lambda stage, done, total: report(STAGES.get(stage, stage.capitalize()), done, total)


def chosen(frame: Frame, recipe: Recipe, user: Person, report: Progress) -> tuple[dict[str, Any], np.ndarray]:
    """The report, and the rows in the order chosen."""
    material = gathered(frame, recipe, user)
    vectors = FrameVectors(frame)
    found = selection.select(
        vectors, recipe, columns=material.columns, similar_to=material.similar_to, allowed=material.allowed,
        before=material.before, on_progress=report,
    )  # fmt: skip
    seen = np.union1d(material.before, found.rows)
    compared = selection.compare(
        vectors, seen, allowed=of_all(material), columns=told_of(frame, recipe, user, material), seed=recipe.seed,
        on_progress=report,
    )  # fmt: skip
    return {
        "frame": frame.fingerprint, "tiles": frame.count, "allowed": int(material.allowed.sum()),
        "considered": found.considered, "removed_duplicates": found.removed_duplicates, "chosen": len(found.rows),
        "before": len(material.before), "stopped_by": found.stopped_by, "approximations": list(found.approximations),
        "notes": list(found.notes),
        "closest": found.closest, "worth": worth(found.values),
        "compared": compared,
    }, found.rows  # fmt: skip


def worth(values: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """What the chosen tiles were worth for each objective when they were chosen: the least, the middle, the most."""
    known = {title: one[np.isfinite(one)] for title, one in values.items()}
    return {
        title: {"low": float(one.min()), "median": float(np.median(one)), "high": float(one.max())}
        for title, one in known.items()
        if len(one)
    }


def of_all(material: Material) -> np.ndarray:
    """What the chosen tiles are compared with: all that might have been, and what was chosen before."""
    every = material.allowed.copy()
    every[material.before] = True
    return every


def gathered(frame: Frame, recipe: Recipe, user: Person) -> Material:
    like = {
        one.collection: frame.rows_of(asking.named(frame.dataset, one.collection, f"objectives.{number}"))
        for number, one in enumerate(recipe.objectives)
        if isinstance(one, Similarity)
    }
    needed = {name: columns.values(frame, name, user) for name in recipe.columns()}
    return Material(asking.allowed(frame, recipe, user), needed, like, asking.before(frame, recipe))


def told_of(frame: Frame, recipe: Recipe, user: Person, material: Material) -> dict[str, np.ndarray | Texts]:
    """The columns that the report shows: those of the recipe, then metrics and the plain ones that differ at all."""
    every = {column.name: column for column in columns.columns_of(frame, user)}
    metrics = [name for name, column in every.items() if column.source == METRIC and column.measured]
    names = [*dict.fromkeys([*recipe.columns(), *metrics, *PLAIN])][:COMPARED]
    found = {name: material.columns.get(name) for name in names}
    read = {name: columns.values(frame, name, user) if one is None else one for name, one in found.items()}
    return {name: one for name, one in read.items() if tells(one)}


def tells(column: np.ndarray | Texts) -> bool:
    """Whether there is anything to compare: a number that is known, more than one text."""
    return bool(np.isfinite(column).any()) if isinstance(column, np.ndarray) else len(column[1]) > 1


def kept(job: Selection, keys: np.ndarray) -> Collection:
    """The collection of that name; with a number where the name was taken meanwhile.

    What an attempt made whose worker was killed at its very end is taken over.
    """
    words = f"Selection {job.pk}: {len(keys):,} tiles"
    there = job.dataset.collections.filter(description=words, selections=None).first()
    if there is not None and np.array_equal(collecting.keys_of(there), np.sort(keys)):
        return there
    taken = set(job.dataset.collections.values_list("name", flat=True))
    names = [job.name, *(f"{job.name[:72]} ({number})" for number in range(2, len(taken) + 2))]
    name = next((name for name in names if name not in taken), job.name)
    return collecting.create(job.dataset, name, keys, job.owner, words)


def order(job: Selection, frame: Frame) -> np.ndarray:
    """(m,) int32: rows of the frame in the order chosen; tiles that it does not have any more are left out."""
    path = job.folder / ORDER
    if not path.is_file():
        return np.empty(0, np.int32)
    wanted = np.asarray(cache.load(path))
    ascending = np.argsort(wanted)
    rows = frame.rows_of(wanted[ascending])
    places = ascending[np.searchsorted(wanted[ascending], frame.keys[rows])]
    return rows[np.argsort(places)].astype(np.int32)
