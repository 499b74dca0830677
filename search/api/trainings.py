"""/api/v1/…trainings/: encoders that learn from a dataset's own tiles, begun, watched, stopped and gone on with."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.train.config import METHODS, PAIRS
from search import training
from search.errors import NoSuchTile
from search.models import Dataset, Training
from search.permissions import check_may_import
from search.training import describing, options, pace, previewing
from search.training.options import PRESETS, Options
from search.views import visible

CROP = {"child": serializers.FloatField(min_value=0.01, max_value=1), "min_length": 2, "max_length": 2}


class ViewsSerializer(serializers.Serializer):
    """How two views of a tile may differ and still be the same thing; 0 or false turns a change off."""

    rotation = serializers.FloatField(required=False, min_value=0, max_value=180, help_text="degrees to either side")
    flips = serializers.BooleanField(required=False)
    crop = serializers.ListField(required=False, help_text="least and greatest share of its area", **CROP)  # type: ignore[arg-type]
    brightness = serializers.FloatField(required=False, min_value=0, max_value=1)
    contrast = serializers.FloatField(required=False, min_value=0, max_value=1)
    colour = serializers.FloatField(required=False, min_value=0, max_value=1, help_text="of each band by itself")
    blur = serializers.FloatField(required=False, min_value=0, max_value=5, help_text="pixels")
    noise = serializers.FloatField(required=False, min_value=0, max_value=0.5)


class OptionsSerializer(serializers.Serializer):
    """What is left out is chosen for you; docs/training.md says what each means."""

    preset = serializers.ChoiceField(list(PRESETS), required=False, help_text="epochs and tiles at most; good")
    method = serializers.ChoiceField(METHODS, required=False)
    backbone = serializers.CharField(required=False, max_length=80, help_text="a network of timm's")
    size = serializers.IntegerField(
        required=False, min_value=options.SIZES[0], max_value=options.SIZES[1], help_text="pixels a side"
    )
    epochs = serializers.IntegerField(required=False, min_value=1, max_value=10_000, help_text="looks at each tile")
    most = serializers.IntegerField(required=False, min_value=0, help_text="tiles, drawn at random; 0: all")
    products = serializers.ListField(child=serializers.CharField(max_length=80), required=False)
    levels = serializers.ListField(child=serializers.IntegerField(min_value=0, max_value=13), required=False)
    first = serializers.DateField(required=False, help_text="of the imagery")
    last = serializers.DateField(required=False)
    views = ViewsSerializer(required=False)
    pairs = serializers.ChoiceField(PAIRS, required=False, help_text="what is the same thing besides two views")
    balance = serializers.IntegerField(
        required=False, min_value=0, max_value=1000, help_text="clusters drawn equally often; 0: every tile once"
    )
    start = serializers.CharField(
        required=False, allow_blank=True, max_length=100, help_text="imagenet, an encoder, or empty: random weights"
    )
    batch = serializers.IntegerField(required=False, min_value=0, max_value=4096, help_text="0: automatic")
    seed = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)

    def validate_views(self, given: dict[str, Any]) -> dict[str, Any]:
        """What is left out of the views stays as it usually is."""
        return {**Options().views, **given}


class NewTrainingSerializer(OptionsSerializer):
    name = serializers.CharField(
        required=False, allow_blank=True, max_length=64, help_text="of the encoder; by the dataset's if left out"
    )


class TrainingAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    dataset = serializers.CharField()
    name = serializers.CharField(help_text="of the encoder in the model store")
    status = serializers.CharField(help_text="waiting, running, ready, failed or cancelled")
    phase = serializers.CharField(help_text="tiles, learning or storing")
    done = serializers.IntegerField(help_text="tiles read, then steps of learning")
    total = serializers.IntegerField()
    epoch = serializers.FloatField(help_text="epochs so far")
    epochs = serializers.IntegerField(allow_null=True)
    loss = serializers.FloatField(allow_null=True)
    images_per_second = serializers.FloatField(allow_null=True)
    knn = serializers.FloatField(
        allow_null=True, help_text="share of labelled tiles that their 20 nearest name rightly"
    )
    rank = serializers.FloatField(allow_null=True, help_text="effective rank; near 1 all tiles look alike to it")
    seconds_left = serializers.FloatField(allow_null=True, help_text="of this phase")
    warning = serializers.CharField()
    error = serializers.CharField()
    options = serializers.DictField()
    summary = serializers.DictField(help_text="of the report card")
    encoder = serializers.CharField(allow_null=True, help_text="name/version in the model store, once it is ready")
    page = serializers.CharField(allow_null=True, help_text="its report card")
    used = serializers.BooleanField(help_text="whether the dataset is searched with it")
    owner = serializers.CharField(allow_null=True)
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    curve = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True)), required=False,
        help_text="of a single training: [epochs so far, loss, kNN, effective rank], oldest first",
    )  # fmt: skip


class TrainingsAnswer(serializers.Serializer):
    results = TrainingAnswer(many=True)


class TrainingEstimateAnswer(serializers.Serializer):
    tiles = serializers.IntegerField()
    epochs = serializers.IntegerField()
    seconds = serializers.FloatField(allow_null=True, help_text="null while this machine's pace is being measured")
    bytes = serializers.IntegerField(help_text="of disk, while it trains")


class TrainingEstimatesAnswer(serializers.Serializer):
    """The one that was chosen stands under its preset's name."""

    quick = TrainingEstimateAnswer()
    good = TrainingEstimateAnswer()
    overnight = TrainingEstimateAnswer()


OPTIONS = OpenApiParameter("options", str, description="JSON, as for a new training; what is left out is chosen")


def asked_of(request: Request) -> Options:
    """Of ?options=; a ValidationError says which is wrong."""
    try:
        given = json.loads(request.query_params.get("options") or "{}")
    except ValueError as error:
        raise serializers.ValidationError({"options": ["Write it as JSON."]}) from error
    return chosen_in(OptionsSerializer, given)[0]


def chosen_in(kind: type[serializers.Serializer], given: Any) -> tuple[Options, str]:
    """Options and the encoder's name."""
    asked = kind(data=given)
    asked.is_valid(raise_exception=True)
    values = dict(asked.validated_data)
    name = values.pop("name", "")
    dates = {end: values[end].isoformat() for end in ("first", "last") if end in values}
    return Options.of({**values, **dates}), name


class TrainingsView(APIView):
    @extend_schema(responses=TrainingsAnswer, operation_id="trainings_list")
    def get(self, request: Request, slug: str) -> Response:
        jobs = visible(request, slug).trainings.select_related("dataset", "owner", "encoder")
        return Response({"results": [describing.describe(job, curve=False) for job in jobs]})

    @extend_schema(
        request=NewTrainingSerializer, responses={201: TrainingAnswer}, operation_id="trainings_create"
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        dataset = visible(request, slug)
        check_may_import(dataset, request.user)
        chosen, name = chosen_in(NewTrainingSerializer, request.data)
        job = training.start(dataset, chosen, request.user, name=name)  # type: ignore[arg-type]
        return Response(describing.describe(job), 201)


class TrainingEstimateView(APIView):
    """How long a training would take on this machine, by preset."""

    @extend_schema(responses=TrainingEstimatesAnswer, parameters=[OPTIONS], operation_id="trainings_estimate")
    def get(self, request: Request, slug: str) -> Response:
        dataset = member_of(request, slug)
        found = pace.estimate(dataset, asked_of(request))
        return Response({name: one._asdict() for name, one in found.items()})


class TrainingPreviewView(APIView):
    """Some tiles and what the chosen views make of them, as a PNG: a row a tile, itself first."""

    @extend_schema(responses={(200, "image/png"): bytes}, parameters=[OPTIONS], operation_id="trainings_preview")
    def get(self, request: Request, slug: str) -> HttpResponse:
        dataset = member_of(request, slug)
        chosen = options.checked(dataset, asked_of(request))
        picture = previewing.preview(options.scenes(dataset, chosen), chosen)
        answer = HttpResponse(picture, content_type="image/png")
        answer["Cache-Control"] = "private, max-age=600"
        return answer


def member_of(request: Request, slug: str) -> Dataset:
    """These cost more than a look: for those who may begin a training."""
    dataset = visible(request, slug)
    check_may_import(dataset, request.user)
    return dataset


def found(request: HttpRequest | Request, number: int) -> Training:
    """NoSuchTile's 404 for trainings on datasets that one may not see, whether they exist or not."""
    rows = Training.objects.filter(describing.of(request.user), pk=number)
    job = rows.select_related("dataset", "owner", "encoder").first()
    if job is None:
        raise NoSuchTile(f"There is no training {number} that you may see. Sign in, or look at the dataset's page.")
    return job


class TrainingView(APIView):
    """One training, with its curve."""

    @extend_schema(responses=TrainingAnswer, operation_id="trainings_retrieve")
    def get(self, request: Request, number: int) -> Response:
        return Response(describing.describe(found(request, number)))


class TrainingActionView(APIView):
    """Stop it, or go on with it at its last checkpoint."""

    @extend_schema(request=None, responses=TrainingAnswer, operation_id="trainings_act")
    def post(self, request: Request, number: int, action: str) -> Response:
        job = found(request, number)
        check_may_import(job.dataset, request.user)
        (training.stop if action == "cancel" else training.resume)(job)
        job.refresh_from_db()
        return Response(describing.describe(job))
