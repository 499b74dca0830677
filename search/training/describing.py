"""Trainings as pages, the API and the websocket tell of them."""

from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q

from ml.train.config import BACKBONES
from search import reembedding
from search.dashboard.activity import sentence
from search.models import Dataset, Status, Training

SHOWN = 6  # trainings on a page; the API has them all
ACTIVE = (Status.WAITING, Status.RUNNING)
COLLAPSED = 1.5  # effective rank below which everything looks alike, as in ml.train.watching
SETTLED = 1.0  # epochs before which nothing is said about it


def describe(job: Training, *, curve: bool = True) -> dict[str, Any]:
    state = job.state
    return {
        "id": job.pk, "dataset": job.dataset.slug, "name": job.name, "status": job.status, "phase": job.phase,
        "done": job.done, "total": job.total, "epoch": job.curve[-1][0] if job.curve else 0,
        "epochs": state.get("epochs") or job.options.get("epochs"), "loss": state.get("loss"),
        "images_per_second": state.get("images_per_second"), "knn": last(job, 2), "rank": last(job, 3),
        "seconds_left": job.seconds_left, "warning": warning(job), "error": sentence(job.error),
        "options": job.options, "summary": job.summary, **result(job),
        "owner": job.owner.username if job.owner else None, "attempts": job.attempts,
        "created_at": job.created_at, "finished_at": job.finished_at, **({"curve": job.curve} if curve else {}),
    }  # fmt: skip


def last(job: Training, column: int) -> float | None:
    return next((point[column] for point in reversed(job.curve) if point[column] is not None), None)


def warning(job: Training) -> str:
    """Of an encoder that has stopped telling tiles apart; empty while all is well."""
    rank = last(job, 3)
    if rank is None or rank >= COLLAPSED or job.curve[-1][0] < SETTLED:
        return ""
    return (
        f"It has stopped telling tiles apart: all of them look alike to it (effective rank {rank:.1f}). Stop it, and "
        "begin again with another method, with weaker views, or from an encoder that is there."
    )


def result(job: Training) -> dict[str, Any]:
    """encoder: as the model store calls it; null before it is there, or once it is gone."""
    if job.status != Status.READY or not job.version:
        return {"encoder": None, "page": None, "used": False}
    return {
        "encoder": f"{job.name}/{job.version}", "page": f"/datasets/models/{job.name}/{job.version}/",
        "used": job.encoder_id is not None and job.encoder_id == job.dataset.encoder_id,
    }  # fmt: skip


def title(job: Training) -> str:
    words = BACKBONES.get(job.options.get("backbone", ""), job.options.get("backbone", ""))
    return f"{job.name}: {words.split(':')[0]}"


def latest(dataset: Dataset, count: int = SHOWN) -> list[Training]:
    return list(dataset.trainings.select_related("dataset", "owner", "encoder")[:count])


def message(dataset: Dataset) -> dict[str, object]:
    jobs = [describe(job, curve=job.status in ACTIVE) for job in latest(dataset)]
    change = reembedding.describe(dataset)
    return {"type": "trainings", "dataset": dataset.slug, "trainings": jobs, "change": change}


def of(user: User | AnonymousUser) -> Q:
    """Trainings on datasets that this person may see."""
    return Q(dataset__in=Dataset.objects.visible_to(user))
