"""What the dataset page's forms do: each answers with the page again, changed or with what was wrong."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from search import datasets, deleting, progress, recipes, tasks
from search.api.datasets import ChangeSerializer
from search.api.imports import act, found
from search.api.problems import first_problem
from search.dashboard import forms
from search.dashboard.page import shown
from search.errors import NeedsConfirmation, SearchError
from search.models import Dataset, Import, Shard, Status
from search.permissions import check_may_import, check_may_manage
from search.views import visible


def back(dataset: Dataset, part: str) -> HttpResponse:
    return redirect(f"/datasets/{dataset.slug}/#{part}")


@require_POST
def start_import(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Begin, or with the button `estimate` only say how large it would be."""
    dataset = visible(request, slug)
    check_may_import(dataset, request.user)
    form = request.POST
    opened: dict[str, Any] = {"form_kind": kind, "given": form, "given_levels": form.getlist("levels")}
    try:
        recipe = forms.recipe(kind, form)
        if kind == Import.Kind.GIBS and "estimate" in form:
            return shown(request, dataset, estimate=recipes.estimate(dataset, recipe), **opened)
        recipes.start(
            dataset, request.user, kind=kind, recipe=recipe, sent=form.getlist("uploads"),  # type: ignore[arg-type]
            confirmed=bool(form.get("confirmed")),
        )  # fmt: skip
    except NeedsConfirmation as large:
        return shown(request, dataset, 409, must_confirm=str(large), **opened)
    except SearchError as error:
        return shown(request, dataset, 400, form_error=str(error), **opened)
    return back(dataset, "activity")


@require_POST
def act_on_import(request: HttpRequest, slug: str, number: int, action: str) -> HttpResponse:
    dataset = visible(request, slug)
    job = found(request, number)
    check_may_import(job.dataset, request.user)
    act(job, action, request.user)
    return back(dataset, "activity")


@require_POST
def act_on_shards(request: HttpRequest, slug: str, action: str) -> HttpResponse:
    """retry: what failed or was stopped is built again.  cancel: what waits or runs is stopped."""
    dataset = visible(request, slug)
    check_may_import(dataset, request.user)
    mine = Shard.objects.filter(scene__product__dataset=dataset, encoder_id=dataset.encoder_id)
    if action == "cancel":
        mine.cancel()
    else:
        stuck = list(
            mine.filter(status__in=[Status.FAILED, Status.CANCELLED, Status.DAMAGED]).values_list("pk", flat=True)
        )
        Shard.objects.filter(pk__in=stuck).retry()
        for shard_id in stuck[: tasks.WINDOW]:
            tasks.enqueue(shard_id)
    progress.announce(dataset, at_once=True)
    return back(dataset, "activity")


@require_POST
def change_settings(request: HttpRequest, slug: str) -> HttpResponse:
    dataset = visible(request, slug)
    check_may_manage(dataset, request.user)
    asked = ChangeSerializer(data=forms.settings(request.POST))
    try:
        if not asked.is_valid():
            return shown(request, dataset, 400, settings_error=first_problem(asked.errors), given=request.POST)
        datasets.change(dataset, asked.validated_data)
    except SearchError as error:
        return shown(request, visible(request, slug), 400, settings_error=str(error), given=request.POST)
    messages.success(request, "The settings are saved.")
    return back(dataset, "settings")


@require_POST
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Only when the short name was typed as well."""
    dataset = visible(request, slug)
    check_may_manage(dataset, request.user)
    if request.POST.get("confirm", "").strip() != dataset.slug:
        wrong = f"Nothing was deleted: to delete it, write its short name, {dataset.slug}, into the field."
        return shown(request, dataset, 400, delete_error=wrong)
    deleting.delete(dataset)
    messages.success(request, f"{dataset.name} is deleted.")
    return redirect("/datasets/")
