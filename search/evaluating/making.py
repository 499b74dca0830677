"""Evaluations as rows: asked for, made by workers or here."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from django.contrib.auth.models import User

from ml import encoders as comes_with
from ml.errors import BadLabels, NoSuchModel
from search import frames, jobs, modelstore
from search.errors import BadQuery
from search.evaluating import encoding, labels
from search.evaluating.labels import Chosen
from search.evaluating.recipe import OWN, Recipe
from search.frames import Frame
from search.jobs import Progress, Reporter
from search.models import Dataset, Encoder, Evaluation, Status

FEW_SHOT = 20  # labels of a class: 10 to learn from, some to be tested on
KEPT = 30  # finished ones of a dataset


def request(
    dataset: Dataset, asked: Mapping[str, Any], owner: User | None = None, *, background: bool = True
) -> Evaluation:
    """Check it as far as can be at once, and queue it. BadQuery, BadLabels, NotIndexed, TooManyJobs."""
    recipe = Recipe.read(asked)
    check_encoders(dataset, recipe)
    frame = frames.opened(dataset)
    labels.chosen(frame, recipe, owner)
    labels.place_column(frame, recipe, owner)
    return jobs.begin(Evaluation(dataset=dataset, owner=owner, recipe=recipe.as_json()), background=background)


def offered(dataset: Dataset) -> list[tuple[str, str]]:
    """Name and title of what may be compared: the dataset's own vectors first."""
    brought = [(version.reference, f"{version.reference}, {modelstore.in_words(version)}")
               for version in modelstore.offered()]  # fmt: skip
    own = (OWN, f"{dataset.encoder.name}: this dataset's vectors")
    builtin = [(name, name) for name in sorted(comes_with.builtin()) if name != dataset.encoder.name]
    return [own, *brought, *builtin]


def check_encoders(dataset: Dataset, recipe: Recipe) -> None:
    """BadQuery for a name that is neither offered, nor another version of the store, nor was used here once."""
    known = dict(offered(dataset))
    for name in recipe.encoders:
        if name in known or Encoder.objects.filter(name=name).exists():
            continue
        try:
            modelstore.find(name)
        except NoSuchModel as error:
            raise BadQuery(f"There is no encoder {name[:80]!r}: choose from {', '.join(known)}.") from error


def make_here(job: Evaluation, on_progress: Progress | None = None) -> bool:
    """Make it in this process; False when another one has it, or it was stopped. What goes wrong is kept and raised."""
    return jobs.work_on(job, partial(make, job), on_progress)


def make(job: Evaluation, report: Reporter) -> None:
    """The caller has claimed it. Raises what `request` does; BadLabels when no encoder could be measured."""
    began = time.monotonic()
    frame, recipe = frames.opened(job.dataset), Recipe.read(job.recipe)
    report("Looking at the labels", 0, 1)
    found = labels.chosen(frame, recipe, job.owner)
    labelled = labels.labelled_set(frame, found, recipe, job.owner)
    results = encoding.compared(frame, found.rows, labelled, recipe.encoders, report)
    if all("error" in one for one in results):
        raise BadLabels("No encoder could be measured. " + " ".join(one["error"] for one in results[:3]))
    told = {**facts(frame, found, recipe, job), "results": results, "seconds": round(time.monotonic() - began, 1)}
    job.finish(stage="", report=told)
    forget(job.dataset)


def facts(frame: Frame, found: Chosen, recipe: Recipe, job: Evaluation) -> dict[str, Any]:
    """What it was measured on."""
    measured = np.bincount(found.codes, minlength=len(found.classes)).tolist()
    classes = [
        {"name": name, "tiles": tiles, "measured": some}
        for name, tiles, some in zip(found.classes, found.labelled, measured, strict=True)
    ]
    return {
        "title": found.title, "tiles": sum(found.labelled), "measured": len(found.rows), "classes": classes,
        "frame": frame.fingerprint, "apart": recipe.apart, "on_map": frame.dataset.kind == Dataset.Kind.MAP,
        "place": labels.place_column(frame, recipe, job.owner), "notes": notes(found, measured, recipe),
    }  # fmt: skip


def notes(found: Chosen, measured: list[int], recipe: Recipe) -> list[str]:
    """What somebody who reads the numbers should know."""
    told = []
    if len(found.rows) < sum(found.labelled):
        told.append(
            f"Measured on {len(found.rows):,} of {sum(found.labelled):,} labelled tiles: at most {max(measured):,} of "
            f"each class, drawn at random (seed {recipe.seed})."
        )
    if found.left_out:
        told.append(f"Left out, with a single tile each: {', '.join(found.left_out[:10])}.")
    if found.ambiguous:
        told.append(f"{found.ambiguous:,} tiles are in several of the collections and were left out.")
    few = [name for name, count in zip(found.classes, measured, strict=True) if count < FEW_SHOT]
    if few:
        told.append(
            f"Fewer than {FEW_SHOT} labels of {', '.join(few[:10])}: their share of “10 labels” is learnt from fewer, "
            "and tells little."
        )
    return told


def forget(dataset: Dataset) -> None:
    """The oldest of many."""
    for old in dataset.evaluations.filter(status=Status.READY)[KEPT:]:
        jobs.remove(old)
