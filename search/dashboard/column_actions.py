"""What the forms of a dataset's page do about its columns: bring a table, remove one, measure what is missing."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from search import measuring, progress, tables
from search.dashboard.actions import back
from search.dashboard.page import shown
from search.errors import NotAllowed, SearchError
from search.models import Dataset
from search.permissions import check_may_import
from search.views import visible

HOW = ("key", "delimiter", "encoding")


@require_POST
def bring(request: HttpRequest, slug: str) -> HttpResponse:
    dataset, sent = visible(request, slug), request.FILES.get("file")
    check_may_import(dataset, request.user)
    if sent is None:
        return refused(request, dataset, "Choose a file: a table as CSV or Parquet.")
    how = {name: request.POST.get(name, "").strip() for name in HOW}
    try:
        found = tables.bring_sent(dataset, sent, user=request.user, **how)
    except NotAllowed:
        raise
    except SearchError as error:
        return refused(request, dataset, str(error))
    for sentence in found.sentences():
        messages.success(request, sentence)
    return back(dataset, "columns")


def refused(request: HttpRequest, dataset: Dataset, why: str) -> HttpResponse:
    return shown(request, dataset, 400, table_error=why, table_given=request.POST)


@require_POST
def remove(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    dataset = visible(request, slug)
    table = tables.table_of(dataset, number)
    tables.check_may_remove(table, request.user)
    tables.remove(table)
    messages.success(request, f"The columns of {table.name} are removed.")
    return back(dataset, "columns")


@require_POST
def measure(request: HttpRequest, slug: str) -> HttpResponse:
    """Queue the shards that lack metrics."""
    dataset = visible(request, slug)
    check_may_import(dataset, request.user)
    measuring.request(dataset)
    progress.announce(dataset, at_once=True)
    return back(dataset, "columns")
