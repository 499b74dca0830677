"""/datasets/<slug>/: what a dataset holds and how good its index is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from search import summary
from search.describing import describe_levels
from search.errors import NoSuchTile
from search.views import visible


@require_safe
def dataset_page(request: HttpRequest, slug: str) -> HttpResponse:
    """?product=&level=&page= opens the list of one group's shards."""
    dataset = visible(request, slug)
    groups = summary.groups(dataset)
    product, level = request.GET.get("product", ""), request.GET.get("level", "")
    opened = None
    if product:
        if not (level.isascii() and level.isdecimal() and len(level) <= 2):
            raise NoSuchTile(f"{level[:20]!r} is not a level.")
        opened = summary.listed(dataset, product, int(level), request.GET.get("page", "1"))
    context = {
        "dataset": dataset, "groups": groups, "totals": summary.totals(groups), "dates": summary.dates(dataset),
        "products": dataset.products.all(), "levels": describe_levels(dataset), "opened": opened,
        "shards": [summary.described(shard) for shard in opened or []],
        "opened_group": next((g for g in groups if (g.product, str(g.level)) == (product, level)), None),
    }  # fmt: skip
    return render(request, "search/dataset.html", context)
