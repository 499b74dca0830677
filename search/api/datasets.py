"""/api/v1/datasets/: the list and each one, made, changed and deleted by those who may."""

from typing import Any

from django.core.exceptions import ValidationError as NotASlug
from django.core.validators import validate_slug
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from search import datasets, deleting, grid
from search.api import answers
from search.dashboard import coverage, disk
from search.describing import describe_dataset
from search.models import Dataset, Engine
from search.permissions import check_may_manage
from search.views import visible


def described(dataset: Dataset, user: Any, *, brief: bool = False) -> dict[str, object]:
    """As describe_dataset, with its address and what this person may do with it."""
    rights = {"import": dataset.may_import(user), "manage": dataset.may_manage(user)}
    return {**describe_dataset(dataset, brief=brief), "page": f"/datasets/{dataset.slug}/", "may": rights}


class SlugField(serializers.CharField):
    """As addresses write it; empty: made from the name."""

    def to_internal_value(self, data: Any) -> str:
        value: str = super().to_internal_value(data).lower()
        try:
            if value:
                validate_slug(value)
        except NotASlug as error:
            raise serializers.ValidationError("Use letters, digits and hyphens only.") from error
        return value


class SettingsSerializer(serializers.Serializer):
    """What may be changed of a dataset at any time."""

    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=5000, allow_blank=True, required=False)
    credit = serializers.CharField(max_length=300, allow_blank=True, required=False)
    is_public = serializers.BooleanField(required=False, help_text="anyone who reaches the site may search it")


class ChangeSerializer(SettingsSerializer):
    members = serializers.ListField(
        child=serializers.CharField(max_length=150), required=False, max_length=500,
        help_text="user names of those who may see it and import into it; the owner needs no entry",
    )  # fmt: skip


class NewDatasetSerializer(SettingsSerializer):
    """A dataset to be made. Grid, encoder and tiling stay as they are chosen here."""

    slug = SlugField(
        max_length=60, required=False, allow_blank=True, help_text="short name; made from the name if empty"
    )
    kind = serializers.ChoiceField(Dataset.Kind.choices, default=Dataset.Kind.MAP)
    tms = serializers.ChoiceField(
        grid.CHOICES, default=grid.GEOGRAPHIC.id, help_text="the tile pyramid: its projection"
    )
    encoder = serializers.CharField(max_length=80, required=False, help_text="name; the recommended one if left out")
    engine = serializers.ChoiceField(Engine.choices, default=Engine.ANNOY)
    offset_grid = serializers.BooleanField(default=False, help_text="index tiles moved by half a tile too")
    edges = serializers.ChoiceField(Dataset.Edges.choices, default=Dataset.Edges.INCLUDE)
    min_valid = serializers.FloatField(
        default=0.0, min_value=0, max_value=1, help_text="share of a tile that must be data for it to be indexed"
    )
    levels_wanted = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=13), required=False, help_text="none: by resolution"
    )


class DatasetsView(APIView):
    @extend_schema(responses=answers.DatasetsAnswer, operation_id="datasets_list")
    def get(self, request: Request) -> Response:
        found = Dataset.objects.visible_to(request.user).select_related("encoder")
        return Response({"results": [described(dataset, request.user) for dataset in found]})

    @extend_schema(request=NewDatasetSerializer, responses={201: answers.DatasetAnswer}, operation_id="datasets_create")
    def post(self, request: Request) -> Response:
        if not request.user.is_authenticated:
            raise NotAuthenticated("Sign in to make a dataset: it then belongs to you.")
        asked = NewDatasetSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(described(datasets.create(request.user, asked.validated_data), request.user), 201)


class DatasetView(APIView):
    BRIEF = OpenApiParameter("brief", bool, description="leave out each date's levels")

    @extend_schema(responses=answers.DatasetAnswer, operation_id="datasets_retrieve", parameters=[BRIEF])
    def get(self, request: Request, slug: str) -> Response:
        brief = request.query_params.get("brief", "").lower() in ("1", "true")
        return Response(described(visible(request, slug), request.user, brief=brief))

    @extend_schema(request=ChangeSerializer, responses=answers.DatasetAnswer, operation_id="datasets_change")
    def patch(self, request: Request, slug: str) -> Response:
        dataset = visible(request, slug)
        check_may_manage(dataset, request.user)
        asked = ChangeSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        return Response(described(datasets.change(dataset, asked.validated_data), request.user, brief=True))

    @extend_schema(
        responses={204: None}, operation_id="datasets_destroy",
        description="Its rows, shards, downloads and uploads; never files that were read in place.",
    )  # fmt: skip
    def delete(self, request: Request, slug: str) -> Response:
        dataset = visible(request, slug)
        check_may_manage(dataset, request.user)
        deleting.delete(dataset)
        return Response(status=204)


class CoverageView(APIView):
    """Which dates are there, and how far each size of them is. Without `year`, counts by year."""

    PRODUCT = OpenApiParameter("product", str, description="name; all if left out")
    YEAR = OpenApiParameter("year", int)

    @extend_schema(responses=answers.CoverageAnswer, operation_id="coverage", parameters=[PRODUCT, YEAR])
    def get(self, request: Request, slug: str) -> Response:
        dataset, asked = visible(request, slug), request.query_params
        year = asked.get("year", "")
        return Response(coverage.as_json(dataset, asked.get("product"), coverage.read_year(year) if year else None))


class DiskView(APIView):
    """What the dataset takes on disk by part, in bytes, and what is free."""

    @extend_schema(responses=answers.DiskAnswer, operation_id="disk")
    def get(self, request: Request, slug: str) -> Response:
        return Response(disk.as_json(disk.use(visible(request, slug))))
