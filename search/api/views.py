"""/api/v1/: datasets, tiles, pictures, search. Views find, check and shape; the work is in search/."""

import json
import math
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle, ScopedRateThrottle
from rest_framework.views import APIView

from search import exports, keys, library, pictures, progress, similarity
from search.api import answers
from search.api.queries import PageSerializer, PlaceSerializer, QuerySerializer, form_data, read_query
from search.columns import METRIC_COLUMNS
from search.describing import Describer, describe_dataset
from search.errors import NoSuchTile, TooLarge
from search.imagery.gallery import listed
from search.models import Dataset, Scene
from search.query import Query
from search.views import visible

PICTURE_FORM = {"type": "object", "properties": {"image": {"type": "string", "format": "binary"}}}
FORM_SPARE = 2**20  # bytes a form may have around its picture


class ProductsView(APIView):
    """The dataset's products with their dates and each date's levels."""

    @extend_schema(responses=answers.ProductsAnswer, operation_id="products_list")
    def get(self, request: Request, slug: str) -> Response:
        return Response({"results": describe_dataset(visible(request, slug))["products"]})


class DatesView(APIView):
    """The dates of one product, each with its levels."""

    @extend_schema(responses=answers.DateAnswer(many=True), operation_id="dates_list")
    def get(self, request: Request, slug: str, product: str) -> Response:
        described: Any = describe_dataset(visible(request, slug))["products"]
        for one in described:
            if one["name"] == product:
                return Response({"results": one["dates"]})
        raise NoSuchTile(f"{slug} has no product {product!r}.")


class ShardsView(APIView):
    """How far the dataset's shards are."""

    @extend_schema(responses=answers.ShardsAnswer, operation_id="shards_list")
    def get(self, request: Request, slug: str) -> Response:
        dataset = visible(request, slug)
        return Response({"totals": progress.totals(dataset), "results": progress.by_level(dataset)})


class TilesView(APIView):
    """With lon, lat and level: the tile at a place. Without: a gallery's pictures, page by page."""

    @extend_schema(parameters=[PlaceSerializer, PageSerializer], responses=answers.TileAnswer)
    def get(self, request: Request, slug: str) -> Response:
        dataset = visible(request, slug)
        if dataset.kind == Dataset.Kind.GALLERY:
            return Response(gallery_page(dataset, request))
        place = PlaceSerializer(data=request.query_params)
        place.is_valid(raise_exception=True)
        asked = place.validated_data
        scene = scene_asked(dataset, asked.get("product"), asked.get("date"))
        row, col = dataset.grid.tile_at(asked["lon"], asked["lat"], asked["level"])
        return Response(Describer(dataset).tile(scene.address(asked["level"], row, col).pack()))


def scene_asked(dataset: Dataset, product: str | None, day: str | None) -> Scene:
    """The scene of that product and date; the first product and the latest date where they are not given."""
    scenes = Scene.objects.filter(product__dataset=dataset).select_related("product__dataset")
    if product:
        scenes = scenes.filter(product__name=product)
    if day:
        scenes = scenes.filter(day=keys.read_day(day))
    scene = scenes.order_by("product__number", "-day").first()
    if scene is None:
        raise NoSuchTile(f"{dataset.name} has no imagery of that product and date.")
    return scene


def gallery_page(dataset: Dataset, request: Request) -> dict[str, object]:
    page = PageSerializer(data=request.query_params)
    page.is_valid(raise_exception=True)
    offset, limit = page.validated_data["offset"], page.validated_data["limit"]
    describer, count = Describer(dataset), 0
    results: list[dict[str, object]] = []
    for scene in Scene.objects.filter(product__dataset=dataset).select_related("product__dataset"):
        numbers = listed(scene)["number"].to_pylist()
        first = max(0, offset - count)
        for number in numbers[first : first + limit - len(results)]:
            address = keys.image_address(dataset.number, scene.product.number, scene.day, number)
            results.append(describer.tile(address.pack()))
        count += len(numbers)
    return {"count": count, "results": results}


class TileView(APIView):
    """One tile by its key, with its metrics where it is indexed."""

    @extend_schema(responses=answers.TileWithMetricsAnswer, operation_id="tiles_retrieve")
    def get(self, request: Request, slug: str, key: str) -> Response:
        dataset = visible(request, slug)
        packed = keys.parse(key).pack()
        return Response({**Describer(dataset).tile(packed), "metrics": metrics_of(dataset, packed)})


def metrics_of(dataset: Dataset, key: int) -> dict[str, float | None] | None:
    """None for a metric that is not known of this tile; of one that is not indexed nothing is."""
    indexed = library.find(dataset, key)
    if indexed is None:
        return None
    columns, row = indexed
    held = set(columns.columns)
    values = {name: float(columns.column(name)[row]) for name in METRIC_COLUMNS if name in held}
    return {name: value if math.isfinite(value := values.get(name, math.nan)) else None for name in METRIC_COLUMNS}


class UploadThrottled(APIView):
    """Pictures cost more than words: they have a rate of their own. A form that is too large is refused unread."""

    def get_throttles(self) -> list[BaseThrottle]:
        self.throttle_scope = "upload"
        upload = [ScopedRateThrottle()] if "multipart" in (self.request.content_type or "") else []
        return [*super().get_throttles(), *upload]

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.UPLOAD_LIMIT + FORM_SPARE:
            raise TooLarge(f"That is more than this site accepts: {settings.UPLOAD_LIMIT / 2**20:.0f} MB.")


class PicturesView(UploadThrottled):
    """Upload a picture to search with; its id goes into the search's `images`."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        request={"multipart/form-data": PICTURE_FORM},
        responses={201: answers.PictureAnswer},
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        picture = pictures.keep(visible(request, slug), uploaded(request), settings.UPLOAD_LIMIT)
        return Response({"id": picture.token, "thumbnail": f"/api/v1/images/{picture.token}.webp"}, 201)


def uploaded(request: Request) -> Any:
    if "image" not in request.FILES:
        raise ValidationError({"image": ["Send the picture as a file in the form field `image`."]})
    return request.FILES["image"]


class SearchView(UploadThrottled):
    """The tiles most like the examples. `?format=geojson` or `csv` downloads them."""

    parser_classes = [JSONParser, MultiPartParser]
    FORMAT = OpenApiParameter("format", str, enum=["json", "geojson", "csv"])

    @extend_schema(request=QuerySerializer, responses=answers.SearchAnswer, parameters=[FORMAT])
    def post(self, request: Request, slug: str) -> HttpResponse:
        dataset = visible(request, slug)
        form = "multipart" in (request.content_type or "")
        data = form_data(request) if form else request.data
        if not isinstance(data, dict):
            raise ParseError('Send a JSON object, such as {"positives": ["<tile key>"]}.')
        if form and "image" in request.FILES:
            picture = pictures.keep(dataset, uploaded(request), settings.UPLOAD_LIMIT)
            data["images"] = [*data.get("images", []), picture.token]  # type: ignore[misc]
        return answered(request, dataset, read_query(data), request.query_params.get("format", "json"))


class DownloadView(APIView):
    """A search as a link that downloads: `?q=` is the search's JSON."""

    @extend_schema(parameters=[OpenApiParameter("q", str, required=True)], responses={(200, "text/plain"): str})
    def get(self, request: Request, slug: str, form: str) -> HttpResponse:
        try:
            data = json.loads(request.query_params.get("q", ""))
        except ValueError as error:
            raise ParseError(f"q is not JSON: {error}.") from error
        if not isinstance(data, dict):
            raise ParseError("q is not a JSON object.")
        return answered(request, visible(request, slug), read_query(data), form)


def answered(request: Request, dataset: Dataset, query: Query, form: str) -> HttpResponse:
    if form not in ("json", "geojson", "csv"):
        raise ParseError("format must be json, geojson or csv.")
    pictures.use(query.pictures)
    answer = similarity.search(dataset, query, request.user)
    results = Describer(dataset, answer.scenes).results(answer.hits)
    if form == "json":
        return Response(shaped(dataset, answer, results))
    site = request.build_absolute_uri("/").rstrip("/")
    if form == "csv":
        content, kind = exports.as_csv(results, site), "text/csv; charset=utf-8"
    else:
        content, kind = json.dumps(exports.geojson(results, site)), "application/geo+json"
    name = f'attachment; filename="{dataset.slug}-lookalikes.{form}"'
    return HttpResponse(content, kind, headers={"Content-Disposition": name})


def shaped(dataset: Dataset, answer: similarity.Answer, results: list[dict[str, object]]) -> dict[str, object]:
    return {
        "results": results,
        "searched": {"shards": answer.shards, "tiles": answer.tiles},
        "skipped": answer.skipped,
        "index": {"engines": list(answer.engines), "recall": answer.recall, "exact": answer.exact},
        "encoder": dataset.encoder.name,
        "took_ms": round(answer.took_ms, 1),
    }
