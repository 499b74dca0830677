"""Maps of embeddings as the API tells of them."""

from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from search import jobs
from search.dashboard.activity import sentence
from search.models import Dataset, Layout


def describe(job: Layout, user: User | AnonymousUser) -> dict[str, Any]:
    return {
        "id": job.pk, "method": job.method, "frame": job.frame, "options": job.options, "status": job.status,
        "stage": job.stage, "done": job.done, "total": job.total, "report": job.report, "error": sentence(job.error),
        "owner": job.owner.username if job.owner else None, "may_change": jobs.may_change(job, user),
        "created_at": job.created_at,
    }  # fmt: skip


def listed(dataset: Dataset, user: User | AnonymousUser) -> list[dict[str, Any]]:
    return [describe(job, user) for job in dataset.layouts.select_related("dataset", "owner")]
