"""/api/v1/datasets/<slug>/studio/: all tiles of a dataset as arrays, for the map of embeddings.

Arrays are in the order of a frame (search/frames.py); whoever says of which frame gets 409 once it is another one.
"""

import hashlib
import json
import math
from bisect import bisect_right
from typing import Any
from urllib.parse import quote

import numpy as np
from django.http import HttpResponse, HttpResponseNotModified
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from search import filters, frames
from search.api.answers import DatasetColumnAnswer
from search.describing import Describer
from search.errors import BadQuery
from search.frames import Frame
from search.layouts import describing, pca
from search.models import Dataset
from search.selecting import columns
from search.similarity import METRIC_NAMES
from search.views import visible

FRAME = OpenApiParameter("frame", str, description="fingerprint of the frame, as the studio's description has it")
BINARY = {(200, "application/octet-stream"): bytes}
FOR_EVER = "private, max-age=31536000, immutable"
MOST_TILES = 500
MOST_TEXTS = 60  # of a column, by how many tiles have them; the others are told as OTHERS
OTHERS = "(others)"


class ColumnAnswer(DatasetColumnAnswer):
    source = serializers.CharField(help_text="metric, table, import, made, collection, label or score")


class NamedAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class StudioCollectionAnswer(NamedAnswer):
    description = serializers.CharField()
    count = serializers.IntegerField()


class StudioViewAnswer(NamedAnswer):
    filter = serializers.DictField()


class LayoutAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    method = serializers.CharField(help_text="pca or umap")
    frame = serializers.CharField(help_text="of which frame it is made; another one has no such map")
    options = serializers.DictField()
    status = serializers.CharField(help_text="waiting, running, ready, failed or cancelled")
    stage = serializers.CharField(help_text="what it is at, in words")
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    report = serializers.DictField(help_text="how it was made")
    error = serializers.CharField()
    owner = serializers.CharField(allow_null=True)
    may_change = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class StudioAnswer(serializers.Serializer):
    frame = serializers.CharField()
    tiles = serializers.IntegerField()
    dim = serializers.IntegerField()
    encoder = serializers.CharField()
    columns = ColumnAnswer(many=True)
    layouts = LayoutAnswer(many=True)
    collections = StudioCollectionAnswer(many=True)
    views = StudioViewAnswer(many=True)
    may_edit = serializers.BooleanField()
    may_manage = serializers.BooleanField()


class MaskSerializer(serializers.Serializer):
    frame = serializers.CharField(max_length=32)
    filter = serializers.DictField(help_text="as docs/filters.md has it; {}: every tile")


class StudioTilesSerializer(serializers.Serializer):
    frame = serializers.CharField(max_length=32)
    rows = serializers.ListField(child=serializers.IntegerField(min_value=0), max_length=MOST_TILES)


class StudioTilesAnswer(serializers.Serializer):
    results = serializers.ListField(child=serializers.DictField(), help_text="tiles as a search has them, with metrics")


def framed(request: Request, slug: str, asked: str | None = None) -> Frame:
    """The dataset's frame.  asked: the fingerprint that the caller holds; StaleFrame when it is another's."""
    frame = frames.opened(visible(request, slug))
    asked = request.query_params.get("frame") if asked is None else asked
    if asked:
        frame.check(asked)
    return frame


def editor(request: Request, slug: str) -> Dataset:
    """The dataset, for somebody who is signed in: what is made is theirs."""
    dataset = visible(request, slug)
    if not request.user.is_authenticated:
        raise NotAuthenticated("Sign in first: what you make here is kept under your name.")
    return dataset


def binary(request: Request, content: bytes, etag: str, caching: str) -> HttpResponse:
    """Bytes with their ETag, or 304."""
    quoted = f'"{etag}"'
    known = quoted in request.headers.get("If-None-Match", "")
    response: HttpResponse = HttpResponseNotModified() if known else HttpResponse(content, "application/octet-stream")
    response["ETag"], response["Cache-Control"] = quoted, caching
    return response


def of_frame(request: Request, frame: Frame, name: str, array: np.ndarray) -> HttpResponse:
    """What follows from the frame alone: kept by the browser for ever when it said which."""
    caching = FOR_EVER if request.query_params.get("frame") else "private, no-cache"
    etag = f"{frame.fingerprint}-{name}"
    content = b"" if f'"{etag}"' in request.headers.get("If-None-Match", "") else array.tobytes()
    return binary(request, content, etag, caching)


class StudioView(APIView):
    """What the studio of a dataset begins with."""

    @extend_schema(responses=StudioAnswer, operation_id="studio_retrieve")
    def get(self, request: Request, slug: str) -> Response:
        dataset, user = visible(request, slug), request.user
        frame = frames.opened(dataset)
        views = dataset.views.filter(owner=user) if user.is_authenticated else dataset.views.none()
        return Response({
            "frame": frame.fingerprint, "tiles": frame.count, "dim": frame.dim, "encoder": dataset.encoder.name,
            "columns": [column.as_json() for column in columns.columns_of(frame, user)],
            "layouts": describing.listed(dataset, user),
            "collections": list(dataset.collections.values("id", "name", "description", "count")),
            "views": list(views.values("id", "name", "filter")),
            "may_edit": user.is_authenticated, "may_manage": dataset.may_manage(user),
        })  # fmt: skip


class KeysView(APIView):
    """The key of every tile: int64, little-endian."""

    @extend_schema(responses=BINARY, parameters=[FRAME], operation_id="studio_keys")
    def get(self, request: Request, slug: str) -> HttpResponse:
        frame = framed(request, slug)
        return of_frame(request, frame, "keys", frame.keys.astype("<i8", copy=False))


class PcaView(APIView):
    """The map that is there at once: two float32 a tile, little-endian, from -1 to 1."""

    @extend_schema(responses=BINARY, parameters=[FRAME], operation_id="studio_pca")
    def get(self, request: Request, slug: str) -> HttpResponse:
        frame = framed(request, slug)
        return of_frame(request, frame, "pca", pca.points(frame).astype("<f4", copy=False))


class ColumnView(APIView):
    """One column: float32, NaN where unknown (dates: days since 1970-01-01). Of texts int32 codes, -1 where unknown,
    and in the header X-Values the texts as URL-encoded JSON."""

    @extend_schema(responses=BINARY, parameters=[FRAME], operation_id="studio_column")
    def get(self, request: Request, slug: str, name: str) -> HttpResponse:
        frame = framed(request, slug)
        found = columns.values(frame, name, request.user)
        if isinstance(found, np.ndarray):
            return contents(request, found.astype("<f4", copy=False), None)
        return contents(request, *most_frequent(*found))


def contents(request: Request, array: np.ndarray, texts: list[str] | None) -> HttpResponse:
    """What may change under the same frame: the browser asks each time, and gets it only when it is another."""
    told = quote(json.dumps(texts, ensure_ascii=False)) if texts is not None else ""
    etag = hashlib.sha256(array.tobytes() + told.encode()).hexdigest()[:24]
    response = binary(request, array.tobytes(), etag, "private, no-cache")
    if texts is not None:
        response["X-Values"] = told
    return response


def most_frequent(codes: np.ndarray, texts: list[str]) -> tuple[np.ndarray, list[str]]:
    """A header holds only so many texts, and a legend so many colours."""
    if len(texts) <= MOST_TEXTS:
        return codes.astype("<i4", copy=False), texts
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    kept = np.sort(np.argsort(-counts, kind="stable")[: MOST_TEXTS - 1])
    renamed = np.full(len(texts) + 1, len(kept), np.int32)
    renamed[kept], renamed[-1] = np.arange(len(kept)), -1  # the last: unknown
    return renamed[codes].astype("<i4", copy=False), [*(texts[code] for code in kept), OTHERS]


class MaskView(APIView):
    """Which tiles a filter keeps: one bit a tile, the lowest first."""

    @extend_schema(request=MaskSerializer, responses=BINARY, operation_id="studio_mask")
    def post(self, request: Request, slug: str) -> HttpResponse:
        asked = MaskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        frame = framed(request, slug, asked.validated_data["frame"])
        wanted = filters.read(asked.validated_data["filter"])
        kept = filters.compiled(frame.dataset, wanted, request.user).of(frame)
        return HttpResponse(frames.packed(kept), "application/octet-stream", headers={"Cache-Control": "no-store"})


class StudioTilesView(APIView):
    """Some tiles of the frame, by their rows, with their metrics."""

    @extend_schema(request=StudioTilesSerializer, responses=StudioTilesAnswer, operation_id="studio_tiles")
    def post(self, request: Request, slug: str) -> Response:
        asked = StudioTilesSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        frame = framed(request, slug, asked.validated_data["frame"])
        return Response({"results": tiles_of(frame, asked.validated_data["rows"])})


def tiles_of(frame: Frame, rows: list[int]) -> list[dict[str, Any]]:
    """In the order of the rows. BadQuery for a row that the frame does not have."""
    if rows and max(rows) >= frame.count:
        raise BadQuery(f"There is no row {max(rows)}: the rows are 0 to {frame.count - 1}.")
    scenes = {part.shard.scene_id: part.shard.scene for part in frame.parts}
    for scene in scenes.values():
        scene.product.dataset = frame.dataset
    describer = Describer(frame.dataset, scenes.values())
    return [{**describer.tile(key), "metrics": metrics} for key, metrics in measured(frame, rows)]


def measured(frame: Frame, rows: list[int]) -> list[tuple[int, dict[str, float | None]]]:
    """Key and metrics of each; None where a metric is not known."""
    starts = [part.start for part in frame.parts]
    parts = [frame.parts[bisect_right(starts, row) - 1] for row in rows]
    had = {id(part): [name for name in METRIC_NAMES if name in part.columns.columns] for part in {*parts}}
    found: list[tuple[int, dict[str, float | None]]] = []
    for row, part in zip(rows, parts, strict=True):
        at = row - part.start
        numbers = {name: float(part.columns.column(name)[at]) for name in had[id(part)]}
        told = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
        found.append((int(part.columns.keys[at]), told))
    return found
