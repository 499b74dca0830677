"""/datasets/models/: the encoders that there are, each one's report card, two or more side by side."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from ml.errors import NoSuchModel
from ml.modelstore import Version, card, shown
from ml.modelstore import listed as all_of
from search import encoders, filetypes, modelstore
from search.api.models import NewModelSerializer, brought
from search.api.problems import first_problem
from search.dashboard import curves
from search.dashboard.page import CHUNK
from search.errors import SearchError
from search.models import Dataset, Encoder
from search.views import user_of

KINDS = {
    "ssl": "learnt from imagery without labels", "timm": "a network of the library timm",
    "torchvision": "a network of the library torchvision", "open_clip": "understands pictures and words (CLIP)",
    "onnx": "an ONNX file", "joined": "several encoders side by side", "colour": "computed: which colours there are",
    "structure": "computed: what lies in the picture, and how large it is",
    "statistics": "computed from the inner layers of a network",
    "reduced": "another encoder with shorter vectors",
}  # fmt: skip
METHODS = {
    "simclr": "SimCLR: tells images apart from each other", "vicreg": "VICReg: keeps its numbers independent",
    "simsiam": "SimSiam: foresees one view from the other", "dino": "DINO: teaches itself, as teacher and pupil",
    "finetune": "fine-tuned on labelled images",
    "barlow": "Barlow Twins: keeps its numbers independent",
}  # fmt: skip
BROUGHT = ("timm", "torchvision", "ssl", "open_clip", "onnx")
Page = Callable[..., HttpResponse]


def for_visitors(page: Page) -> Page:
    """Where the site is not open to the public, only for those who are signed in."""

    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if settings.PUBLIC_SEARCH or request.user.is_authenticated:
            return page(request, *args, **kwargs)
        return redirect_to_login(request.get_full_path())

    return guarded


@for_visitors
@require_safe
def list_page(request: HttpRequest) -> HttpResponse:
    return listing(request)


def listing(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    """The page; `more` is what a form that was refused adds to it."""
    user = user_of(request)
    retired = request.GET.get("retired") == "1"
    found, used = all_of(modelstore.store()), users(user)
    shown_ones = [line(version, used) for version in found if retired or not version.retired]
    context = {
        "own": [one for one in shown_ones if not one["version"].comes_with],
        "along": [one for one in shown_ones if one["version"].comes_with],
        "hidden": 0 if retired else sum(version.retired for version in found), "retired": retired,
        "may_manage": modelstore.may_manage(user), "kinds": [(kind, KINDS[kind]) for kind in BROUGHT],
        "accepted": ",".join(filetypes.MODELS), "chunk": min(CHUNK, settings.UPLOAD_LIMIT),
        "limit": settings.MODEL_LIMIT, "once": settings.UPLOAD_LIMIT, **more,
    }  # fmt: skip
    return render(request, "search/models/list.html", context, status=status)


def users(user: Any) -> dict[tuple[str, str], int]:
    """(folder, name) of encoder rows -> datasets that this person sees, in one query."""
    rows = Dataset.objects.visible_to(user).order_by().values_list("encoder__folder", "encoder__name")
    return {(folder, name): count for folder, name, count in rows.annotate(n=Count("pk", distinct=True))}


def line(version: Version, used: dict[tuple[str, str], int]) -> dict[str, Any]:
    folder = "" if version.comes_with else encoders.written(version.folder)
    told = card.numbers(version)
    return {
        "version": version, "page": modelstore.addresses(version)["page"], "standing": shown.standing(version),
        "kind": KINDS.get(version.kind, version.kind), "collapsed": card.collapsed(version),
        "right": shown.written(told["precision_10"], "share") if told["precision_10"] is not None else "",
        "dim": version.dim, "size": shown.size(version.bytes),
        "used": sum(n for (where, name), n in used.items() if where == folder and (folder or name == version.name)),
    }  # fmt: skip


@for_visitors
@require_safe
def name_page(request: HttpRequest, name: str) -> HttpResponse:
    return redirect(modelstore.addresses(modelstore.find(name))["page"])


@for_visitors
@require_safe
def version_page(request: HttpRequest, name: str, version: int) -> HttpResponse:
    found, user = modelstore.find(name, str(version)), user_of(request)
    told, open_data = card.numbers(found), modelstore.may_see_data(found, user)
    context = {
        "version": found, "standing": shown.standing(found), "addresses": modelstore.addresses(found),
        "numbers": [
            {"measure": one, "value": shown.written(told[one.key], one.form)}
            for one in card.MEASURES if one.is_quality and told[one.key] is not None
        ],
        "measured": any(told[key] is not None for key in ("precision_10", "knn_20")),
        "curves": drawn(found), "collapsed": card.collapsed(found), "facts": facts(found, open_data=open_data),
        "settings": list(card.settings(found).items()), "used_by": modelstore.used_by(found, user),
        "others": beside(found),
        "strips": modelstore.addresses(found)["strips"] if open_data else None, "may_see": open_data,
        "may_manage": modelstore.may_manage(user) and not found.comes_with,
    }  # fmt: skip
    return render(request, "search/models/card.html", context)


def beside(version: Version) -> list[Version]:
    """Others to compare it with, those of its own name first."""
    others = [one for one in all_of(modelstore.store(), retired=False) if one.folder != version.folder]
    return sorted(others, key=lambda one: one.name != version.name)


def drawn(version: Version) -> list[curves.Curve]:
    found = [
        curves.draw(card.curve(version, "loss"), "Loss: how far it is from what it should have learnt"),
        curves.draw(card.curve(version, "knn"), "Share of images that their neighbours name rightly", share=True),
    ]
    return [one for one in found if one is not None]


def facts(version: Version, *, open_data: bool) -> list[tuple[str, str]]:
    """What it is and where it comes from, in words; what nobody knows is left away."""
    config, told = version.config, version.card
    data = told["data"] if isinstance(told.get("data"), dict) else {}
    chosen = told["config"] if isinstance(told.get("config"), dict) else {}
    method = str(told.get("method", ""))
    found = [
        ("Kind", KINDS.get(version.kind, version.kind)),
        ("Method", METHODS.get(method, method)),
        ("Network", config.get("architecture") or told.get("backbone")),
        ("Looks at", looks_at(version)),
        ("Learnt from", data.get("source") if open_data else "a dataset that you may not see"),
        ("Images", counted(version)),
        ("Left out", f"{data['refused']:,} images that could not be read" if data.get("refused") else ""),
        ("Digest of the data", data.get("digest")),
        ("Epochs", chosen.get("epochs")),
        ("Started from", started(told.get("from") or config.get("from"))),
        ("Machine", told.get("hardware")),
        ("Measured on", told.get("labels") or told.get("measured_on")),
        ("Source", config.get("source")),
        ("Numbers per image", f"{version.dim:,}" if version.dim else ""),
        ("Size", shown.size(version.bytes)),
        ("Licence", version.licence),
        ("Came here", "" if version.comes_with else shown.when(version).replace("T", ", ").replace("+00:00", " UTC")),
    ]
    return [(title, str(value)) for title, value in found if value not in (None, "", 0)]


def started(given: object) -> str:
    """The name of what it learnt on from, where a row knows its fingerprint."""
    row = Encoder.objects.filter(fingerprint=given).first() if isinstance(given, str) else None
    return str(row) if row else str(given or "")


def counted(version: Version) -> str:
    """12,840, in 73 min, 413 images a second"""
    told = card.numbers(version)
    parts = [
        shown.written(told["images"]) if told["images"] else "",
        f"in {shown.written(told['seconds'], 'seconds')}" if told["seconds"] else "",
        f"{shown.written(told['images_per_second'])} images a second" if told["images_per_second"] else "",
    ]
    return ", ".join(part for part in parts if part)


def looks_at(version: Version) -> str:
    size = version.config.get("size")
    bands = "red, green and blue" if version.bands == 3 else f"{version.bands} bands"
    return f"squares of {size} pixels a side, in {bands}" if size else f"pictures in {bands}"


@for_visitors
@require_safe
def compare_page(request: HttpRequest) -> HttpResponse:
    """?versions=a/1&versions=b/2, or with commas between."""
    asked = [one.strip() for given in request.GET.getlist("versions") for one in given.split(",") if one.strip()]
    if len(asked) < 2:
        messages.info(request, "Tick two encoders or more, then compare them.")
        return redirect("models")
    found = modelstore.compared(asked)
    versions, user = [modelstore.find(*reference.split("/")) for reference in found["versions"]], user_of(request)
    rows = [{**row, "cells": cells(row)} for row in found["numbers"]]
    pictures = [(one, modelstore.addresses(one)["strips"]) for one in versions if modelstore.may_see_data(one, user)]
    context = {
        "lines": [line(one, {}) for one in versions], "numbers": rows, "settings": found["settings"],
        "pictures": [(one, address) for one, address in pictures if address],
    }  # fmt: skip
    return render(request, "search/models/compare.html", context)


def cells(row: dict[str, Any]) -> list[tuple[str, bool]]:
    """(the number as written, whether it is the best)."""
    return [(shown.written(value, row["form"]), place == row["best"]) for place, value in enumerate(row["values"])]


@require_POST
def act(request: HttpRequest, name: str, version: int, action: str) -> HttpResponse:
    modelstore.check_may_manage(user_of(request))
    found = modelstore.find(name, str(version))
    try:
        changed = modelstore.change(found, action)
    except SearchError as error:
        messages.error(request, str(error))
        return redirect(modelstore.addresses(found)["page"])
    said = {
        "promote": f"{name} means version {version} from now on: new datasets that choose it get this version.",
        "retire": f"{changed.reference} is no longer offered. Datasets that use it go on as before.",
        "unretire": f"{changed.reference} is offered again.",
    }
    messages.success(request, said[action])
    return redirect(modelstore.addresses(changed)["page"])


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Without scripts: one file, as large as one request may be."""
    modelstore.check_may_manage(user_of(request))
    asked = NewModelSerializer(data={**request.POST.dict(), **request.FILES.dict()})
    try:
        if not asked.is_valid():
            return listing(request, 400, error=first_problem(asked.errors), given=request.POST)
        version = brought(request.user, asked.validated_data)
    except (SearchError, NoSuchModel) as error:
        return listing(request, 400, error=str(error), given=request.POST)
    messages.success(request, f"{version.reference} is in the store: it was tried, and makes vectors.")
    return redirect(modelstore.addresses(version)["page"])
