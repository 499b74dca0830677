"""/datasets/<slug>/: what a dataset holds, how it grows, how good its index is, and the forms that change it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from search import datasets, filetypes, progress, summary, uploads
from search.compositing.recipe import IN_WORDS
from search.dashboard import activity, columns, coverage, disk, previews, teaching
from search.describing import describe_levels, image_address
from search.errors import NoSuchTile
from search.grid import GEOGRAPHIC
from search.models import Dataset, Scene
from search.views import user_of, visible

CHUNK = 4 * 2**20  # bytes of one piece: within a minute even over one megabit a second


@require_safe
def dataset_page(request: HttpRequest, slug: str) -> HttpResponse:
    """?product=&level=&page= opens the list of one group's shards, ?year= the dates of a year."""
    return shown(request, visible(request, slug))


def shown(request: HttpRequest, dataset: Dataset, status: int = 200, **more: Any) -> HttpResponse:
    """The page; `more` is what a form that was refused, or asked for an estimate, adds to it."""
    user = user_of(request)
    may_import = dataset.may_import(user)
    context = {
        "dataset": dataset, **held(dataset), **listed(request, dataset), **matrix(request, dataset),
        "jobs": [activity.describe(job, lines=activity.LINES) for job in activity.latest(dataset)],
        "job_count": dataset.imports.count(), "shards": progress.totals(dataset), "disk": disk.use(dataset),
        "strips": previews.strips(dataset), "may_import": may_import, "may_manage": dataset.may_manage(user),
        **teaching.told(dataset), "columns": columns.told(dataset, user),
        **(offered(dataset, user) if may_import else {}), **more,
    }  # fmt: skip
    return render(request, "search/datasets/page.html", context, status=status)


def held(dataset: Dataset) -> dict[str, Any]:
    groups = summary.groups(dataset)
    return {
        "groups": groups, "totals": summary.totals(groups), "dates": summary.dates(dataset),
        "products": list(dataset.products.all()), "levels": describe_levels(dataset),
    }  # fmt: skip


def listed(request: HttpRequest, dataset: Dataset) -> dict[str, Any]:
    product, level = request.GET.get("product", ""), request.GET.get("level", "")
    if not (product and level):
        return {"opened": None}
    if not (level.isascii() and level.isdecimal() and len(level) <= 2):
        raise NoSuchTile(f"{level[:20]!r} is not a level.")
    opened = summary.listed(dataset, product, int(level), request.GET.get("page", "1"))
    group = next((g for g in summary.groups(dataset) if (g.product, g.level) == (product, int(level))), None)
    return {"opened": opened, "opened_group": group, "shard_rows": [summary.described(shard) for shard in opened]}


def matrix(request: HttpRequest, dataset: Dataset) -> dict[str, Any]:
    """Every date where they are few; else a cell a year, and the months of the year that is asked for."""
    whole, asked = coverage.of(dataset), request.GET.get("year", "")
    if whole.is_small:
        rows = [{"row": row, "cells": coverage.cells(row, whole.days)} for row in whole.rows]
        return {"matrix": whole, "matrix_rows": rows}
    years = sorted(whole.years)
    rows = [{"row": row, "years": coverage.folded(row, whole.years)} for row in whole.rows]
    year = coverage.read_year(asked) if asked else None
    opened = [{"row": row, "months": coverage.months(row, year)} for row in whole.rows] if year else []
    return {"matrix": whole, "matrix_rows": rows, "matrix_years": years, "year": year, "year_rows": opened}


def offered(dataset: Dataset, user: Any) -> dict[str, Any]:
    """What the forms of imports need."""
    return {
        "waiting": uploads.waiting(dataset, user), "chunk": min(CHUNK, settings.UPLOAD_LIMIT),
        "accepted": ",".join(filetypes.ACCEPTED), "sizes": datasets.size_choices(dataset.grid),
        "folders": settings.IMPORT_FOLDERS if user.is_staff else [], "methods": list(IN_WORDS.items()),
        "quota": settings.UPLOAD_QUOTA, "backdrop": backdrop(user), "teach": teaching.offered(dataset),
    }  # fmt: skip


def backdrop(user: Any) -> str:
    """The address of level 2's tiles of a map of the whole Earth that this person may see, to draw areas on; or ""."""
    earth = {"west__lte": -179, "east__gte": 179, "south__lte": -80, "north__gte": 80}
    seen = Dataset.objects.visible_to(user).filter(kind=Dataset.Kind.MAP, tms=GEOGRAPHIC.id)
    scene = Scene.objects.filter(product__dataset__in=seen, **earth).select_related("product__dataset").first()
    if scene is None:
        return ""
    return f"{image_address(scene, 2, 0, 0).removesuffix('0/0.webp')}ROW/COL.webp?size=256&v={scene.version}"
