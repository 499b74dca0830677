"""Imports of kind "composite": a new product of several days of another one (search/compositing)."""

from typing import Any

from search import compositing
from search.imports import Report
from search.models import Import


def run(job: Import, report: Report) -> dict[str, Any]:
    return compositing.run(job.dataset, compositing.Recipe.from_json(job.recipe), report)
