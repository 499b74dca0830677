"""/studio/: which dataset; /studio/<dataset>/: its map of embeddings."""

from dataclasses import dataclass

from django.db.models import Count, F, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from search import keys
from search.dashboard.models import for_visitors
from search.models import Dataset, Shard, Status
from search.views import user_of, visible

TABS = [
    ("colour", "Colour"),
    ("filter", "Filter"),
    ("select", "Select"),
    ("compare", "Compare"),
    ("collections", "Collections"),
]


PLACED = ("offset", "level", "row", "col")  # what of a key says where its tile is: the lower 32 bits


@dataclass(frozen=True)
class Choice:
    """A dataset of the list. tiles: of its finished shards."""

    dataset: Dataset
    tiles: int
    collections: int


@for_visitors
@require_safe
def list_page(request: HttpRequest) -> HttpResponse:
    """Straight to the only dataset that can be looked at, else all that one may see."""
    datasets = list(Dataset.objects.visible_to(user_of(request)).select_related("encoder"))
    tiles, collections = counted(datasets)
    choices = [Choice(one, tiles.get(one.pk, 0), collections.get(one.pk, 0)) for one in datasets]
    if len(choices) == 1:
        return redirect("studio", choices[0].dataset.slug)
    return render(request, "search/studio/list.html", {"choices": choices})


def counted(datasets: list[Dataset]) -> tuple[dict[int, int], dict[int, int]]:
    """Tiles that can be looked at, and collections, of each dataset by its number. Two queries."""
    mine = Shard.objects.filter(scene__product__dataset__in=datasets, encoder=F("scene__product__dataset__encoder"))
    tiles = mine.searchable().order_by().values_list("scene__product__dataset").annotate(n=Sum("tiles"))
    made = Dataset.objects.filter(pk__in=[one.pk for one in datasets]).order_by()
    return dict(tiles), dict(made.values_list("pk").annotate(n=Count("collections")))


@require_safe
def studio_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The page; its script asks for the arrays. Without a finished shard it says what has to happen first."""
    dataset, user = visible(request, slug), user_of(request)
    state = standing(dataset)
    is_map = dataset.kind == Dataset.Kind.MAP
    context = {
        "dataset": dataset, "state": state, "tabs": TABS, "may_edit": user.is_authenticated,
        "may_import": dataset.may_import(user),
        "datasets": Dataset.objects.visible_to(user),
        "config": {
            "slug": dataset.slug, "name": dataset.name, "kind": dataset.kind,
            "api": f"/api/v1/datasets/{dataset.slug}/",
            "grid": dataset.grid.describe() if is_map else None,
            "bits": {name: {"shift": keys.SHIFTS[name], "width": keys.WIDTHS[name]} for name in PLACED},
        },
    }  # fmt: skip
    return render(request, "search/studio/studio.html", context)


def standing(dataset: Dataset) -> str:
    """ready, building (no shard is finished yet), failed (none will be), or empty (there is no imagery)."""
    if Shard.objects.of(dataset).searchable().exists():
        return "ready"
    counts = Shard.objects.filter(scene__product__dataset=dataset).aggregate(
        all=Count("pk"), at_work=Count("pk", filter=Q(status__in=[Status.WAITING, Status.RUNNING]))
    )
    if counts["at_work"]:
        return "building"
    return "failed" if counts["all"] else "empty"
