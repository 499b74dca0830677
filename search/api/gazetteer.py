"""GET /api/v1/places?q=: where to go."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from search.gazetteer import find


class PlaceAnswer(serializers.Serializer):
    name = serializers.CharField()
    detail = serializers.CharField(help_text="what and where it is")
    kind = serializers.ChoiceField(["coordinates", "city", "country", "region", "nature"])
    center = serializers.ListField(child=serializers.FloatField(), help_text="longitude, latitude")
    bbox = serializers.ListField(child=serializers.FloatField(), help_text="west, south, east, north: what to show")


class PlacesAnswer(serializers.Serializer):
    results = PlaceAnswer(many=True)


class PlacesView(APIView):
    """Places by the beginning of their name, in any script, or the one that coordinates say. Without any network."""

    QUERY = OpenApiParameter("q", str, required=True, description="a name, or coordinates such as 47.4, 8.5")

    @extend_schema(parameters=[QUERY], responses=PlacesAnswer, operation_id="places_list")
    def get(self, request: Request) -> Response:
        found = find(request.query_params.get("q", ""))
        return Response({"results": [place.describe() for place in found]})
