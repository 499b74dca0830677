"""Filters in requests: what the search's body, facets, views, collections and selections have in common."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from search import filters
from search.filters import Filter


class RangeField(serializers.ListField):
    """[low, high], either may be null."""

    child = serializers.FloatField(allow_null=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=2, max_length=2, **kwargs)


class LabelsSerializer(serializers.Serializer):
    """Tiles that a campaign of yours has labelled."""

    campaign = serializers.IntegerField()
    answers = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, help_text="any of them; none: any label"
    )


class ScoresSerializer(serializers.Serializer):
    """Tiles that a sweep of a campaign of yours has scored."""

    campaign = serializers.IntegerField()
    sweep = serializers.IntegerField(help_text="its number in the campaign")
    range = RangeField(required=False)


class PolygonSerializer(serializers.Serializer):
    """GeoJSON (RFC 7946), degrees; sides longer than 180 degrees go the short way round the Earth."""

    type = serializers.ChoiceField(["Polygon", "MultiPolygon"])
    coordinates = serializers.ListField(child=serializers.ListField())


class FilterSerializer(serializers.Serializer):
    """Some of a dataset's tiles: those that every field allows. docs/filters.md has examples."""

    products = serializers.ListField(child=serializers.CharField(max_length=80), required=False, max_length=64)
    levels = serializers.ListField(child=serializers.IntegerField(min_value=0, max_value=13), required=False)
    bbox = serializers.ListField(
        child=serializers.FloatField(), required=False, allow_null=True, min_length=4, max_length=4,
        help_text="west, south, east, north in degrees; west > east crosses the date line",
    )  # fmt: skip
    polygon = PolygonSerializer(required=False, allow_null=True, help_text="tiles whose centre lies in it")
    metrics = serializers.DictField(
        child=RangeField(), required=False, help_text='any column of numbers: {"luminance": [20, null]}'
    )
    values = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(max_length=500)), required=False,
        help_text='any column of texts: {"station": ["north", "south"]}',
    )  # fmt: skip
    labels = LabelsSerializer(many=True, required=False)
    scores = ScoresSerializer(many=True, required=False)
    collections = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, help_text="in every one of them"
    )
    not_collections = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, help_text="in none of them"
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        """`from` and `to` are not names Python lets a class have."""
        dates = {
            "from": serializers.DateField(required=False, allow_null=True),
            "to": serializers.DateField(required=False, allow_null=True),
        }
        return {**super().get_fields(), **dates}


@extend_schema_field(FilterSerializer)
class FilterField(serializers.Field):
    """A filter within another request; BadQuery says what is wrong with it."""

    def to_internal_value(self, data: Any) -> Filter:
        return filters.read({} if data is None else data)

    def to_representation(self, value: Any) -> dict[str, Any]:
        return value if isinstance(value, dict) else filters.as_json(value)
