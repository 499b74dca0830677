"""What requests may say: each serializer validates one kind of request and becomes a search.query.Query."""

import json
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from search import filters, keys
from search.api.filters import FilterSerializer
from search.errors import SearchError
from search.localising import MOST_DEPTH
from search.query import MOST_EXAMPLES, MOST_RESULTS, Query


class KeyField(serializers.CharField):
    """A tile key as a decimal string -> int."""

    def to_internal_value(self, data: object) -> int:  # type: ignore[override]
        try:
            return keys.parse(data if isinstance(data, str) else str(data)).pack()
        except SearchError as error:
            raise serializers.ValidationError(str(error)) from error


class QuerySerializer(FilterSerializer):
    """A search: at least one of positives, images, text (or an `image` file, when sent as a form)."""

    positives = serializers.ListField(child=KeyField(), required=False, max_length=MOST_EXAMPLES)
    negatives = serializers.ListField(child=KeyField(), required=False, max_length=MOST_EXAMPLES)
    images = serializers.ListField(
        child=serializers.RegexField(r"^[0-9a-f]{32}$"), required=False, max_length=MOST_EXAMPLES,
        help_text="ids of uploaded pictures",
    )  # fmt: skip
    text = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=500)
    k = serializers.IntegerField(required=False, min_value=1, max_value=MOST_RESULTS)
    min_score = serializers.FloatField(required=False, min_value=-1, max_value=1)
    exclude_duplicates = serializers.BooleanField(required=False)
    spread = serializers.BooleanField(required=False, help_text="leave out neighbours of a better result")
    exclude_query = serializers.BooleanField(required=False)
    exact = serializers.BooleanField(required=False, help_text="rank every tile instead of asking the indexes")
    merge_places = serializers.BooleanField(
        required=False, help_text="of nested squares of one scene only the best; the others come in its `also`"
    )

    def to_internal_value(self, data: Any) -> dict[str, object]:
        unknown = set(data) - set(self.fields) - {"image", "format"} if isinstance(data, Mapping) else set()
        if unknown:
            known = ", ".join(self.fields)
            message = f"Unknown field {', '.join(sorted(unknown))}. Known: {known}."
            raise serializers.ValidationError({"non_field_errors": [message]})
        read: dict[str, object] = super().to_internal_value(data)
        return read


class HeatSerializer(serializers.Serializer):
    """Where in a tile: the search whose examples it is compared with; the search's filters don't count."""

    query = QuerySerializer()


class ChildrenSerializer(HeatSerializer):
    """A tile opened: as above, and how many levels down."""

    depth = serializers.IntegerField(
        default=1, min_value=1, max_value=MOST_DEPTH, help_text="1: the 2×2 tiles of the next level; 2: 4×4; 3: 8×8"
    )


def as_query(validated: Mapping[str, object]) -> Query:
    """What a QuerySerializer has validated, as a query not yet `checked`; BadQuery for what its filter cannot be."""
    asked = {name: value for name, value in validated.items() if value is not None}
    passing = filters.read({name: value for name, value in asked.items() if name in filters.FIELDS})
    values: dict[str, Any] = {
        "pictures" if name == "images" else name: asked[name] for name in asked.keys() - filters.FIELDS
    }
    values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return Query(**vars(passing), **values)


def read_query(data: Mapping[str, object]) -> Query:
    serializer = QuerySerializer(data=data)
    serializer.is_valid(raise_exception=True)
    return as_query(serializer.validated_data)


def form_data(request: Request) -> dict[str, object]:
    """A multipart form's fields as JSON would have them: lists and numbers are written as JSON."""
    data: dict[str, object] = {}
    form: Any = request.data
    for name, value in form.items():
        if name == "image":
            continue
        try:
            data[name] = json.loads(value)
        except (TypeError, ValueError):
            data[name] = value
    return data


class PlaceSerializer(serializers.Serializer):
    """Which tile is at a place."""

    lon = serializers.FloatField(min_value=-360, max_value=360)
    lat = serializers.FloatField(min_value=-90, max_value=90)
    level = serializers.IntegerField(min_value=0, max_value=13)
    product = serializers.CharField(required=False, max_length=80)
    date = serializers.CharField(required=False, max_length=12)


class PageSerializer(serializers.Serializer):
    """A page of a gallery."""

    offset = serializers.IntegerField(min_value=0, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=60)
