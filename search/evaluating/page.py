"""/studio/<dataset>/embedding/: is the embedding any good? Encoders side by side on labels at hand."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from ml.errors import MLError
from search import frames, jobs
from search.columns import Column
from search.errors import BadQuery, NotAllowed, NotIndexed, SearchError
from search.evaluating import describing, labels, making
from search.evaluating.recipe import OWN
from search.models import Dataset, Evaluation, Status
from search.views import user_of, visible

COLLECTIONS = "collections"  # instead of a column's name
GROUPS = {"label": "Campaigns", "import": "Classes of the import", "table": "Columns that were brought",
          "collection": "In a collection, or not"}  # fmt: skip
AT_WORK = (Status.WAITING, Status.RUNNING)


@require_safe
def embedding_page(request: HttpRequest, slug: str) -> HttpResponse:
    """?show= opens one evaluation; without it the newest that is finished."""
    return shown(request, visible(request, slug))


def shown(request: HttpRequest, dataset: Dataset, status: int = 200, **more: Any) -> HttpResponse:
    """more: what a form that was refused adds."""
    user = user_of(request)
    listed = describing.listed(dataset, user)
    context = {
        "dataset": dataset, "jobs": [(job, title_of(job), jobs.may_change(job, user)) for job in listed],
        "may_edit": user.is_authenticated, **offered(dataset, user), **opened(request, dataset, listed), **more,
    }  # fmt: skip
    return render(request, "search/studio/embedding.html", context, status=status)


def offered(dataset: Dataset, user: Any) -> dict[str, Any]:
    """What the form lets one choose; of a dataset that is not indexed yet nothing."""
    try:
        frame = frames.opened(dataset)
    except NotIndexed as error:
        return {"not_indexed": str(error), "groups": [], "collections": [], "encoders": [], "columns": []}
    columns = labels.offered(frame, user)
    return {
        "groups": grouped(columns), "columns": [one for one in columns if one.source in ("table", "import")],
        "collections": list(dataset.collections.all()), "encoders": making.offered(dataset), "own": OWN,
    }  # fmt: skip


def grouped(columns: list[Column]) -> list[tuple[str, list[Column]]]:
    found = [(words, [one for one in columns if one.source == source]) for source, words in GROUPS.items()]
    return [(words, held) for words, held in found if held]


def opened(request: HttpRequest, dataset: Dataset, listed: list[Evaluation]) -> dict[str, Any]:
    asked = request.GET.get("show", "")
    if asked and not (asked.isdecimal() and len(asked) < 10):
        raise BadQuery(f"{asked[:20]!r} is not the number of an evaluation.")
    finished = [job for job in listed if job.status == Status.READY]
    job = describing.found(dataset, int(asked), user_of(request)) if asked else next(iter(finished), None)
    at_work = [describing.describe(one, user_of(request), whole=False) for one in listed if one.status in AT_WORK]
    running = {"at_work": at_work, "config": {"slug": dataset.slug, "at_work": [one["id"] for one in at_work]}}
    if job is None or job.status != Status.READY:
        return {"job": job, **running}
    report = job.report
    return {
        "job": job, "report": report, "rows": describing.rows(report), "measures": describing.MEASURES,
        "verdict": describing.verdict(report), "limits": describing.limits(report), "charts": describing.charts(report),
        "by_class": describing.by_class(report), "strips": describing.strips(dataset, report),
        "failed": [one for one in report["results"] if "error" in one],
        "columns_shown": [one["title"] for one in report["results"] if "error" not in one], **running,
    }  # fmt: skip


def title_of(job: Evaluation) -> str:
    """The labels, in words once they are known."""
    return str(job.report.get("title") or job.recipe.get("labels") or ", ".join(job.recipe.get("collections", [])))


@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = visible(request, slug)
    check_signed_in(request)
    try:
        making.request(dataset, read(request.POST), request.user)  # type: ignore[arg-type]
    except (SearchError, MLError) as error:
        return shown(request, dataset, 400, form_error=str(error), given=request.POST,
                     given_encoders=request.POST.getlist("encoders"),
                     given_collections=request.POST.getlist("collections"))  # fmt: skip
    return redirect("studio-embedding", dataset.slug)


def read(form: QueryDict) -> dict[str, Any]:
    """The form as the API takes it. BadQuery for a number that is none."""
    asked = form.get("labels", "")
    found: dict[str, Any] = {"encoders": form.getlist("encoders"), "place": form.get("place", "")}
    found |= {"collections": form.getlist("collections")} if asked == COLLECTIONS else {"labels": asked}
    for name in ("apart", "most"):
        if said := form.get(name, "").strip():
            found[name] = said.replace(",", ".")
    return found


@require_POST
def act(request: HttpRequest, slug: str, number: int, action: str) -> HttpResponse:
    """cancel or remove."""
    dataset = visible(request, slug)
    job = describing.found(dataset, number, user_of(request))
    jobs.check_may_change(job, user_of(request))
    (jobs.cancel if action == "cancel" else jobs.remove)(job)
    return redirect("studio-embedding", dataset.slug)


def check_signed_in(request: HttpRequest) -> None:
    if not request.user.is_authenticated:
        raise NotAllowed("Sign in first: what you make here is kept under your name.")
