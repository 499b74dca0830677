"""POST /api/v1/datasets/<slug>/fetch: one tile that the archive lacks, from where its product comes from."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle, ScopedRateThrottle
from rest_framework.views import APIView

from search import gibs, keys
from search.api import answers
from search.describing import Describer
from search.errors import BadQuery, NoSuchTile
from search.models import Dataset, Scene
from search.views import visible


class FetchSerializer(serializers.Serializer):
    product = serializers.CharField(max_length=80)
    date = serializers.CharField(max_length=10)
    level = serializers.IntegerField(min_value=0)
    row = serializers.IntegerField(min_value=0)
    col = serializers.IntegerField(min_value=0)


class FetchView(APIView):
    """Have one tile brought in, to be seen and searched with; for those who may import. It is not indexed."""

    throttle_scope = "upload"

    def get_throttles(self) -> list[BaseThrottle]:
        return [*super().get_throttles(), ScopedRateThrottle()]

    @extend_schema(request=FetchSerializer, responses=answers.TileAnswer, operation_id="tiles_fetch")
    def post(self, request: Request, slug: str) -> Response:
        dataset = visible(request, slug)
        if not dataset.may_import(request.user):
            raise PermissionDenied("Only those who may import into this dataset can fetch tiles. Ask its owner.")
        asked = FetchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(Describer(dataset).tile(fetched(dataset, asked.validated_data)))


def fetched(dataset: Dataset, place: dict) -> int:
    """The key of the tile, once it is here; NoSuchTile when its server has none of that place and date."""
    product = dataset.products.filter(name=place["product"]).first()
    if product is None or dataset.kind != Dataset.Kind.MAP:
        raise BadQuery(f"{dataset.name} has no product {place['product']!r} whose tiles could be fetched.")
    level, row, col, day = place["level"], place["row"], place["col"], keys.read_day(place["date"])
    if not gibs.fetch_one(product, day, level, row, col):
        raise NoSuchTile("The imagery server has no tile of this place and date either. Try another date.")
    return Scene.objects.get(product=product, day=day).address(level, row, col).pack()
