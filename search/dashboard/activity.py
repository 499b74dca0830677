"""Imports and the building of shards as pages, the API and the websocket tell of them."""

from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q

from search import joblog
from search.models import Dataset, Import, Status

LINES = 40  # of the log, for those who watch
SHOWN = 30  # imports on a page; the API has them all
ACTIVE = (Status.WAITING, Status.RUNNING)
KINDS = {"gibs": "NASA GIBS", "files": "Files", "embeddings": "Embeddings", "composite": "Composite"}


def describe(job: Import, *, lines: int = 0) -> dict[str, Any]:
    """lines: of its log, the last ones."""
    said: dict[str, Any] = {
        "id": job.pk, "dataset": job.dataset.slug, "kind": job.kind, "title": title(job), "status": job.status,
        "done": job.done, "total": job.total, "unit": job.unit, "rate": job.rate, "seconds_left": job.seconds_left,
        "seconds": job.seconds, "error": sentence(job.error), "recipe": job.recipe, "summary": job.summary,
        "owner": job.owner.username if job.owner else None, "created_at": job.created_at,
        "finished_at": job.finished_at, "attempts": job.attempts,
    }  # fmt: skip
    return {**said, "log": joblog.tail(job, lines)} if lines else said


def title(job: Import) -> str:
    """What is brought in, in a few words."""
    recipe = job.recipe
    what = (
        recipe.get("layer")
        or recipe.get("layers")
        or recipe.get("title")
        or recipe.get("name")
        or recipe.get("product")
    )
    if not what and recipe.get("paths"):
        names = [str(path).rstrip("/").rsplit("/", 1)[-1] for path in recipe["paths"]]
        what = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    words = ", ".join(map(str, what)) if isinstance(what, list) else str(what or "")
    return f"{KINDS.get(job.kind, job.kind)}: {words[:120]}" if words else KINDS.get(job.kind, job.kind)


def sentence(error: str) -> str:
    """What went wrong, without the name of the exception's class that rows keep before it."""
    name, colon, rest = error.partition(": ")
    return rest if colon and name.isidentifier() else error


def latest(dataset: Dataset, count: int = SHOWN) -> list[Import]:
    """Those at work, and the last ones, the newest first."""
    return list(dataset.imports.select_related("dataset", "owner")[:count])


def watched(dataset: Dataset) -> list[dict[str, Any]]:
    """For those who watch: what is at work with the end of its log, and the last finished without."""
    return [describe(job, lines=LINES if job.status in ACTIVE else 0) for job in latest(dataset, 12)]


def message(dataset: Dataset) -> dict[str, object]:
    return {"type": "imports", "dataset": dataset.slug, "imports": watched(dataset)}


def of(user: User | AnonymousUser) -> Q:
    """Imports into datasets that this person may see."""
    return Q(dataset__in=Dataset.objects.visible_to(user))
