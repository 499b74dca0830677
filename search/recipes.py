"""What people ask to bring in, checked as far as can be at once, as an import's recipe: uploads become paths."""

from typing import Any

from django.contrib.auth.models import User

from search import gibs, imports, uploads
from search.compositing.recipe import Recipe
from search.errors import BadQuery, NeedsConfirmation
from search.gibs.planning import ASK_ABOVE, KNOWN, Plan
from search.imports import embeddings, files
from search.models import Dataset, Import

OF_THE_SITE = {"host", "connections", "megabits"}  # of a download: not for people who only use the site
ASKED = KNOWN - OF_THE_SITE


def start(
    dataset: Dataset, user: User, *, kind: str, recipe: dict[str, Any], sent: list[str], confirmed: bool
) -> Import:
    """Check and queue it. BadQuery, NotAllowed, NoSuchUpload and what the plan refuses say what is wrong.

    sent: ids of finished uploads.  confirmed: a large download was agreed to; else NeedsConfirmation tells its size.
    """
    if kind == Import.Kind.GIBS:
        recipe = agreed(dataset, recipe, confirmed=confirmed)
    elif kind == Import.Kind.COMPOSITE:
        Recipe.from_json(recipe)
    else:
        recipe = {**recipe, "paths": paths(user, recipe, sent)}
        if kind == Import.Kind.FILES:
            files.options_of(dataset, files.options_in(recipe))
        else:
            said = {name: value for name, value in recipe.items() if name not in ("paths", "options")}
            embeddings.options_of(dataset, said | dict(recipe.get("options") or {}))
    return imports.start(dataset, kind, recipe, owner=user)


def agreed(dataset: Dataset, asked: dict[str, Any], *, confirmed: bool) -> dict[str, Any]:
    recipe = download(dataset, asked)
    plan = gibs.estimate(recipe)
    if len(plan) > ASK_ABOVE and not confirmed:
        raise NeedsConfirmation(f"That is a large download: {plan.sentence()} Agree to it to begin.")
    return {**recipe, "layer": plan.layer.id}


def download(dataset: Dataset, asked: dict[str, Any]) -> dict[str, Any]:
    """The grid decides on the projection, and the dataset on the levels where none are asked for."""
    if dataset.kind != Dataset.Kind.MAP:
        raise BadQuery(f"{dataset.name} is a gallery of plain images. Satellite imagery needs a dataset that is a map.")
    unknown = set(asked) - ASKED
    if unknown:
        raise BadQuery(f"A download has no {', '.join(sorted(unknown))}. It has: {', '.join(sorted(ASKED))}.")
    if asked.get("epsg") not in (None, "", dataset.grid.epsg):
        raise BadQuery(f"{dataset.name} is on {dataset.grid.crs}: for another projection make another dataset.")
    levels = asked.get("levels") or dataset.levels_wanted
    return {**{name: value for name, value in asked.items() if value}, "epsg": dataset.grid.epsg, "levels": levels}


def estimate(dataset: Dataset, asked: dict[str, Any]) -> dict[str, object]:
    """What a download from NASA GIBS would be; nothing is downloaded."""
    plan: Plan = gibs.estimate(download(dataset, asked))
    return {**plan.describe(), "large": len(plan) > ASK_ABOVE}


def paths(user: User, recipe: dict[str, Any], sent: list[str]) -> list[str]:
    """What to import: the person's finished uploads, addresses, and, for staff, files on the server."""
    named = recipe.get("paths") or []
    if not isinstance(named, list) or not all(isinstance(path, str) and path for path in named):
        raise BadQuery("`paths` must be a list of addresses, or of files and folders on the server.")
    for path in [*named, *filter(None, [recipe.get("footprints")])]:
        files.allowed(str(path), user)
    found = [uploads.find(one, user) for one in sent]
    unfinished = [upload.name for upload in found if not upload.is_whole]
    if unfinished:
        raise BadQuery(f"{', '.join(unfinished)} has not arrived completely: go on with the upload first.")
    if not (found or named):
        raise BadQuery("Choose at least one file to import.")
    return [*named, *(str(upload.file) for upload in found)]
