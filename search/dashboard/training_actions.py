"""What the forms of a dataset's page do about encoders: teach one, stop and go on, use one for the dataset."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST, require_safe
from rest_framework.exceptions import ValidationError

from ml.errors import MLError
from search import encoders, modelstore, reembedding, training
from search.api.problems import first_problem
from search.api.trainings import NewTrainingSerializer, chosen_in, found
from search.dashboard import forms
from search.dashboard.actions import back
from search.dashboard.page import shown
from search.errors import SearchError
from search.models import Dataset
from search.permissions import check_may_import, check_may_manage
from search.training import options, pace, previewing
from search.training.options import Options
from search.views import visible


def read(request: HttpRequest) -> tuple[Options, str]:
    """Raises BadQuery, ValidationError."""
    return chosen_in(NewTrainingSerializer, forms.training(request.POST if request.method == "POST" else request.GET))


@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = visible(request, slug)
    check_may_import(dataset, request.user)
    try:
        chosen, name = read(request)
        training.start(dataset, chosen, request.user, name=name)  # type: ignore[arg-type]
    except ValidationError as error:
        return refused(request, dataset, first_problem(error.detail))
    except SearchError as error:
        return refused(request, dataset, str(error))
    return back(dataset, "teach")


def refused(request: HttpRequest, dataset: Dataset, why: str) -> HttpResponse:
    return shown(request, dataset, 400, teach_error=why, given=request.POST)


@require_safe
def estimate(request: HttpRequest, slug: str) -> HttpResponse:
    """Of the form as it stands: {preset: {"tiles", "epochs", "seconds", "bytes"}}, or {"problem"}."""
    dataset = visible(request, slug)
    check_may_import(dataset, request.user)
    try:
        found = pace.estimate(dataset, read(request)[0])
    except (ValidationError, SearchError) as error:
        why = first_problem(error.detail) if isinstance(error, ValidationError) else str(error)
        return JsonResponse({"problem": why})
    return JsonResponse({name: one._asdict() for name, one in found.items()})


@require_safe
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = visible(request, slug)
    check_may_import(dataset, request.user)
    chosen = options.checked(dataset, read(request)[0])
    answer = HttpResponse(previewing.preview(options.scenes(dataset, chosen), chosen), content_type="image/png")
    answer["Cache-Control"] = "private, max-age=600"
    return answer


@require_POST
def act(request: HttpRequest, slug: str, number: int, action: str) -> HttpResponse:
    dataset, job = visible(request, slug), found(request, number)
    check_may_import(job.dataset, request.user)
    (training.stop if action == "cancel" else training.resume)(job)
    return back(dataset, "teach")


@require_POST
def use(request: HttpRequest, slug: str) -> HttpResponse:
    """Change the encoder: encoder=name/version, keep=1 to leave the old shards; or action=stop, action=retry."""
    dataset = visible(request, slug)
    check_may_manage(dataset, request.user)
    action = request.POST.get("action")
    if action == "stop":
        reembedding.stop(dataset)
    elif action == "retry":
        reembedding.retry(dataset)
    else:
        change(request, dataset, request.POST.get("encoder", ""))
    return back(dataset, "teach")


@require_POST
def use_model(request: HttpRequest, name: str, version: int) -> HttpResponse:
    """The same from an encoder's own page: dataset=its short name."""
    dataset = visible(request, request.POST.get("dataset", ""))
    check_may_manage(dataset, request.user)
    found = modelstore.find(name, str(version))
    change(request, dataset, found.reference)
    return back(dataset, "teach")


def change(request: HttpRequest, dataset: Dataset, reference: str) -> None:
    """What is wrong with it is said on the page."""
    try:
        reembedding.start(dataset, encoders.named(reference), keep=bool(request.POST.get("keep")))
    except (SearchError, MLError) as error:
        messages.error(request, str(error))
