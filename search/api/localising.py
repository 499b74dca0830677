"""/api/v1/…/tiles/<key>/children and /heat: where in a tile is what a search looks for."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.throttling import BaseThrottle, ScopedRateThrottle
from rest_framework.views import APIView

from search import keys, localising, pictures
from search.api import answers
from search.api.queries import ChildrenSerializer, HeatSerializer, as_query
from search.describing import Describer
from search.models import Dataset
from search.query import Query
from search.views import visible


class Localising(APIView):
    """May embed dozens of squares: it has the rate of uploaded pictures."""

    throttle_scope = "upload"

    def get_throttles(self) -> list[BaseThrottle]:
        return [*super().get_throttles(), ScopedRateThrottle()]

    def read(self, request: Request, slug: str, key: str, kind: type[Serializer]) -> tuple[Dataset, int, Any]:
        """The dataset, the tile's key and the validated request."""
        dataset = visible(request, slug)
        serializer = kind(data=request.data)
        serializer.is_valid(raise_exception=True)
        return dataset, keys.parse(key).pack(), serializer.validated_data


def asked(validated: Mapping[str, Any]) -> Query:
    query = as_query(validated["query"])
    pictures.use(query.pictures)
    return query


class ChildrenView(Localising):
    """The tiles of a finer level inside a tile, ranked by their likeness to a search's examples."""

    @extend_schema(request=ChildrenSerializer, responses=answers.ChildrenAnswer, operation_id="tiles_children")
    def post(self, request: Request, slug: str, key: str) -> Response:
        dataset, packed, read = self.read(request, slug, key, ChildrenSerializer)
        found = localising.children(dataset, packed, asked(read), read["depth"])
        describer = Describer(dataset)
        results = [
            {"tile": describer.tile(child.key), "score": round(child.score, 4), "indexed": child.indexed}
            for child in found.found
        ]
        return Response({
            "tile": describer.tile(packed), "level": found.level, "results": results, "empty": found.empty,
            "pixels": found.pixels and round(found.pixels, 1), "encoder_size": dataset.encoder.size,
            "took_ms": round(found.took_ms, 1),
        })  # fmt: skip


class HeatView(Localising):
    """A grid of likenesses to a search's examples over a tile: from an indexed finer level, else from its pixels."""

    @extend_schema(request=HeatSerializer, responses=answers.HeatAnswer, operation_id="tiles_heat")
    def post(self, request: Request, slug: str, key: str) -> Response:
        dataset, packed, read = self.read(request, slug, key, HeatSerializer)
        heat = localising.heat(dataset, packed, asked(read))
        return Response({
            "tile": Describer(dataset).tile(packed),
            "values": [[round(v, 4) if np.isfinite(v) else None for v in row] for row in heat.values.tolist()],
            "low": round(float(np.nanmin(heat.values)), 4), "high": round(float(np.nanmax(heat.values)), 4),
            "measured": "windows" if heat.level is None else "index", "level": heat.level, "window": heat.window,
            "took_ms": round(heat.took_ms, 1),
        })  # fmt: skip
