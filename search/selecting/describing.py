"""Selections as the API and the command tell of them."""

import json
import shlex
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from search import jobs
from search.dashboard.activity import sentence
from search.models import Selection, Status
from search.selecting import asking


def describe(job: Selection, user: User | AnonymousUser, *, whole: bool = True) -> dict[str, Any]:
    """whole: with the comparison, which is long."""
    return {**described(job, whole=whole), "may_change": jobs.may_change(job, user)}


def described(job: Selection, *, whole: bool = True) -> dict[str, Any]:
    report = {name: value for name, value in job.report.items() if whole or name != "compared"}
    error, row = sentence(job.error), job.collection
    return {
        "id": job.pk, "name": job.name, "status": job.status, "stage": job.stage, "done": job.done, "total": job.total,
        "recipe": job.recipe, "report": report, "error": error,
        "field": asking.field_of(job.recipe, error) if job.status == Status.FAILED else "",
        "collection": {"id": row.pk, "name": row.name, "count": row.count} if row else None,
        "command": command(job), "owner": job.owner.username if job.owner else None,
        "created_at": job.created_at, "finished_at": job.finished_at,
    }  # fmt: skip


def command(job: Selection) -> str:
    """What makes the same selection at a terminal: the collection needs a name of its own."""
    recipe = {name: value for name, value in job.recipe.items() if name != "name"}
    return f"python manage.py select {job.dataset.slug} --recipe {shlex.quote(json.dumps(recipe, ensure_ascii=False))}"
