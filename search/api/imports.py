"""/api/v1/…imports/: imagery brought into a dataset, watched, stopped, resumed and repeated; NASA's layers."""

from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from search import imports, recipes
from search.api import answers
from search.dashboard import activity
from search.errors import NoSuchTile
from search.gibs import find_layers
from search.models import Import
from search.permissions import check_may_import
from search.views import visible

TAIL = 200  # lines of the log
SUGGESTED = 20


class NewImportSerializer(serializers.Serializer):
    """What to bring in; docs/dashboard.md lists each kind's recipe."""

    kind = serializers.ChoiceField(Import.Kind.choices)
    recipe = serializers.DictField(help_text="as the import's `recipe` is shown again later")
    uploads = serializers.ListField(
        child=serializers.RegexField(r"^[0-9a-f]{32}$"), required=False, max_length=1000,
        help_text="ids of your finished uploads: the files that kind `files` or `embeddings` takes",
    )  # fmt: skip
    confirmed = serializers.BooleanField(default=False, help_text="agreed to a download above 10,000 tiles")


class ImportsView(APIView):
    @extend_schema(responses=answers.ImportsAnswer, operation_id="imports_list")
    def get(self, request: Request, slug: str) -> Response:
        jobs = visible(request, slug).imports.select_related("dataset", "owner")
        return Response({"results": [activity.describe(job) for job in jobs]})

    @extend_schema(request=NewImportSerializer, responses={201: answers.ImportAnswer}, operation_id="imports_create")
    def post(self, request: Request, slug: str) -> Response:
        dataset = visible(request, slug)
        check_may_import(dataset, request.user)
        asked = NewImportSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        sent = values.pop("uploads", [])
        job = recipes.start(dataset, request.user, sent=sent, **values)  # type: ignore[arg-type]
        return Response(activity.describe(job), 201)


def found(request: HttpRequest | Request, number: int) -> Import:
    """NoSuchTile's 404 for imports into datasets that one may not see, whether they exist or not."""
    job = Import.objects.filter(activity.of(request.user), pk=number).select_related("dataset", "owner").first()
    if job is None:
        raise NoSuchTile(f"There is no import {number} that you may see. Sign in, or look at the dataset's page.")
    return job


class ImportView(APIView):
    """One import, with the end of its log."""

    @extend_schema(responses=answers.ImportAnswer, operation_id="imports_retrieve")
    def get(self, request: Request, number: int) -> Response:
        return Response(activity.describe(found(request, number), lines=TAIL))


class ActionView(APIView):
    """Stop it, go on with it, or do it again as a new import."""

    @extend_schema(
        request=None, responses={200: answers.ImportAnswer, 201: answers.ImportAnswer}, operation_id="imports_act"
    )
    def post(self, request: Request, number: int, action: str) -> Response:
        job = found(request, number)
        check_may_import(job.dataset, request.user)
        done = act(job, action, request.user)
        done.refresh_from_db()
        return Response(activity.describe(done), 200 if done.pk == job.pk else 201)


def act(job: Import, action: str, user: Any) -> Import:
    """cancel, resume or repeat -> the import that it is about then."""
    if action == "repeat":
        return imports.start(job.dataset, job.kind, job.recipe, owner=user)
    (imports.stop if action == "cancel" else imports.resume)(job)
    return job


class LayersView(APIView):
    """NASA GIBS' layers whose id or title has every word."""

    permission_classes = (IsAuthenticated,)
    WORDS = OpenApiParameter("q", str, description="words; none: all layers")
    EPSG = OpenApiParameter("epsg", int, enum=[4326, 3857, 3413, 3031])

    @extend_schema(responses=answers.LayersAnswer, operation_id="gibs_layers", parameters=[WORDS, EPSG])
    def get(self, request: Request) -> Response:
        epsg = serializers.IntegerField().run_validation(request.query_params.get("epsg", "4326"))
        layers = find_layers(request.query_params.get("q", "")[:200], epsg)
        return Response({"count": len(layers), "results": [layer.describe() for layer in layers[:SUGGESTED]]})


class EstimateView(APIView):
    """What a download would be: tiles, megabytes, seconds, and whether it would have to be confirmed."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(request=answers.EstimateQuestion, responses=answers.EstimateAnswer, operation_id="gibs_estimate")
    def post(self, request: Request) -> Response:
        asked = answers.EstimateQuestion(data=request.data)
        asked.is_valid(raise_exception=True)
        dataset = visible(request, asked.validated_data["dataset"])
        check_may_import(dataset, request.user)
        return Response(recipes.estimate(dataset, asked.validated_data["recipe"]))
