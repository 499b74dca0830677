"""/api/v1/datasets/<slug>/facets and views/: how tiles spread over columns, and filters kept by name."""

from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from search import facets, filters
from search.api.curation import editor
from search.api.filters import FilterField
from search.errors import BadQuery, NoSuchView
from search.filters import Filter
from search.models import Dataset, View
from search.views import visible

MOST_VIEWS = 200  # of one person in one dataset


class FacetsSerializer(serializers.Serializer):
    filter = FilterField(required=False, default=Filter)
    columns = serializers.ListField(
        child=serializers.CharField(max_length=160), max_length=facets.MOST_COLUMNS,
        help_text="names, as the dataset's `columns` list them",
    )  # fmt: skip
    bins = serializers.IntegerField(required=False, default=32, min_value=1, max_value=facets.MOST_BINS)


class FacetValueAnswer(serializers.Serializer):
    value = serializers.CharField()
    all = serializers.IntegerField()
    kept = serializers.IntegerField()


class FacetAnswer(serializers.Serializer):
    """Of numbers and dates: edges, low, high, all and kept; of texts: values and others."""

    kind = serializers.CharField(help_text="number, text or date")
    title = serializers.CharField()
    unit = serializers.CharField()
    unknown = serializers.IntegerField(help_text="tiles of which it is not known; a range never keeps them")
    edges = serializers.ListField(child=serializers.FloatField(), required=False, help_text="one more than bins")
    low = serializers.FloatField(
        required=False, allow_null=True, help_text="least of all tiles; the bins may end before"
    )
    high = serializers.FloatField(required=False, allow_null=True)
    all = serializers.ListField(child=serializers.IntegerField(), required=False, help_text="tiles in each bin")
    kept = serializers.ListField(
        child=serializers.IntegerField(), required=False,
        help_text="of them those that the filter keeps, without its range of this column",
    )  # fmt: skip
    values = FacetValueAnswer(many=True, required=False, help_text="the most frequent first")
    others = serializers.IntegerField(required=False, help_text="further texts, less frequent")


class FacetsAnswer(serializers.Serializer):
    tiles = serializers.IntegerField()
    kept = serializers.IntegerField()
    columns = serializers.DictField(child=FacetAnswer())


class FacetsView(APIView):
    """How the tiles, and those that a filter keeps, spread over columns: for histograms and sliders."""

    @extend_schema(request=FacetsSerializer, responses=FacetsAnswer, operation_id="facets")
    def post(self, request: Request, slug: str) -> Response:
        dataset = visible(request, slug)
        serializer = FacetsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        return Response(facets.facets(dataset, asked["filter"], asked["columns"], asked["bins"], request.user))


class ViewSerializer(serializers.Serializer):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=80, help_text="the same name again replaces what it stood for")
    filter = FilterField()


class ViewsAnswer(serializers.Serializer):
    results = ViewSerializer(many=True)


class ViewsView(APIView):
    """Filters that you have saved under a name; nobody else sees them."""

    @extend_schema(responses=ViewsAnswer, operation_id="views_list")
    def get(self, request: Request, slug: str) -> Response:
        return Response({"results": [shown(view) for view in own(request, visible(request, slug))]})

    @extend_schema(request=ViewSerializer, responses={201: ViewSerializer}, operation_id="views_create")
    def post(self, request: Request, slug: str) -> Response:
        dataset = editor(request, slug)
        serializer = ViewSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        view = save(dataset, request.user, **serializer.validated_data)  # type: ignore[arg-type]  # editor looked
        return Response(shown(view), 201)


class ViewView(APIView):
    @extend_schema(responses={204: None}, operation_id="views_destroy")
    def delete(self, request: Request, slug: str, number: int) -> Response:
        view = own(request, visible(request, slug)).filter(pk=number).first()
        if view is None:
            raise NoSuchView(f"You have no saved view {number} here: it may have been deleted already.")
        view.delete()
        return Response(status=204)


def own(request: Request, dataset: Dataset) -> Any:
    mine = request.user if request.user.is_authenticated else None
    return dataset.views.filter(owner=mine)


def save(dataset: Dataset, user: User, name: str, filter: Filter) -> View:  # noqa: A002  as the JSON calls it
    filters.compiled(dataset, filter, user)  # says what the dataset does not have
    name = " ".join(name.split())
    if not name:
        raise BadQuery("Give the view a name.")
    mine = dataset.views.filter(owner=user)
    if mine.count() >= MOST_VIEWS and not mine.filter(name=name).exists():
        raise BadQuery(f"You have {MOST_VIEWS} saved views of {dataset.name}: delete some first.")
    try:
        with transaction.atomic():
            return mine.update_or_create(
                name=name, defaults={"filter": filters.as_json(filter)}, create_defaults={
                    "dataset": dataset, "owner": user, "filter": filters.as_json(filter)}
            )[0]  # fmt: skip
    except IntegrityError as error:
        raise BadQuery(f"{name!r} is being saved in another window: try again.") from error


def shown(view: View) -> dict[str, Any]:
    return {"id": view.pk, "name": view.name, "filter": view.filter}
