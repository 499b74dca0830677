"""/datasets/: all that one may see, and /datasets/new/."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Max, Min, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from search import datasets, grid, keys
from search.api.datasets import NewDatasetSerializer
from search.dashboard import forms
from search.errors import SearchError
from search.models import Dataset, Engine, Import, Scene, Shard, Status

AT_WORK = Q(status__in=[Status.WAITING, Status.RUNNING])


@dataclass(frozen=True)
class Line:
    dataset: Dataset
    tiles: int
    bytes: int
    shards: int
    ready: int
    building: int
    broken: int
    importing: int
    dates: int
    first: Any
    last: Any
    is_mine: bool

    @property
    def state(self) -> str:
        if self.importing:
            return "importing"
        if self.building:
            return "building"
        if self.broken:
            return "failed"
        return "ready" if self.ready else "empty"

    @property
    def words(self) -> str:
        return {
            "importing": f"importing, {self.ready} of {self.shards} shards ready" if self.shards else "importing",
            "building": f"being built, {self.ready} of {self.shards} shards ready",
            "failed": f"{self.broken} shard{'s' * (self.broken != 1)} failed",
            "ready": "searchable",
            "empty": "empty",
        }[self.state]


def summed() -> tuple[dict[int, dict[str, Any]], dict[int, dict[str, Any]], dict[int, int]]:
    """By dataset: its shards, its dates, its imports at work. Three queries, whatever there is."""
    shards = Shard.objects.order_by().values("scene__product__dataset").annotate(
        n=Count("pk"), ready=Count("pk", filter=~Q(folder="")), building=Count("pk", filter=AT_WORK),
        broken=Count("pk", filter=Q(status__in=[Status.FAILED, Status.DAMAGED])),
        sum_tiles=Sum("tiles"), sum_bytes=Sum("bytes", filter=~Q(folder="")),
    )  # fmt: skip
    scenes = Scene.objects.order_by().values("product__dataset")
    dated = scenes.filter(day__gt=0).annotate(n=Count("day", distinct=True), first=Min("day"), last=Max("day"))
    jobs = Import.objects.filter(AT_WORK).order_by().values_list("dataset").annotate(n=Count("pk"))
    by_dataset: dict[int, dict[str, Any]] = {row["scene__product__dataset"]: dict(row) for row in shards}
    dates: dict[int, dict[str, Any]] = {row["product__dataset"]: dict(row) for row in dated}
    return by_dataset, dates, dict(jobs)


def line(dataset: Dataset, user: Any, shards: dict[str, Any], dates: dict[str, Any], importing: int) -> Line:
    return Line(
        dataset, shards.get("sum_tiles") or 0, shards.get("sum_bytes") or 0, shards.get("n", 0),
        shards.get("ready", 0), shards.get("building", 0), shards.get("broken", 0), importing, dates.get("n", 0),
        first=keys.date_of(dates["first"]) if dates else None, last=keys.date_of(dates["last"]) if dates else None,
        is_mine=dataset.owner_id is not None and dataset.owner_id == user.pk,
    )  # fmt: skip


@require_safe
def list_page(request: HttpRequest) -> HttpResponse:
    shards, dates, jobs = summed()
    lines = [
        line(one, request.user, shards.get(one.pk, {}), dates.get(one.pk, {}), jobs.get(one.pk, 0))
        for one in Dataset.objects.visible_to(request.user).select_related("owner")
    ]
    return render(request, "search/datasets/list.html", {"lines": lines})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_page(request: HttpRequest) -> HttpResponse:
    """The form; posted, the dataset, or the form again with what is wrong."""
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        asked = NewDatasetSerializer(data=forms.dataset(request.POST))
        try:
            if asked.is_valid():
                made = datasets.create(request.user, asked.validated_data)  # type: ignore[arg-type]
                return redirect(f"/datasets/{made.slug}/#import")
            errors = {name: list(map(str, said)) for name, said in asked.errors.items()}
        except SearchError as error:
            errors = {"form": [str(error)]}
    context = {"errors": errors, "given": request.POST, "choices": choices()}
    return render(request, "search/datasets/new.html", context, status=400 if errors else 200)


def choices() -> dict[str, Any]:
    pyramids = [(one, datasets.size_choices(one)) for one in grid.GRIDS.values()]
    return {
        "kinds": Dataset.Kind.choices, "encoders": datasets.encoder_choices(), "engines": Engine.choices,
        "grids": pyramids, "edges": Dataset.Edges.choices,
    }  # fmt: skip
