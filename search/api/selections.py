"""/api/v1/datasets/<slug>/selections/: the tiles worth a human's time, chosen by a recipe; near-duplicates."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from search import frames, jobs, selecting
from search.api.curation import BINARY, FRAME, NamedAnswer, binary, editor, framed, tiles_of
from search.models import Selection
from search.selecting import describing, duplicates, making
from search.views import visible

LISTED = 100  # selections, the latest


class RecipeSerializer(serializers.Serializer):
    """docs/selection.md says what each means; one of n, share and min_distance is needed."""

    n = serializers.IntegerField(required=False, min_value=1, help_text="tiles to choose")
    share = serializers.FloatField(required=False, help_text="of the tiles, instead of n: 0.01 is one in a hundred")
    min_distance = serializers.FloatField(
        required=False, help_text="no chosen tile is closer than this to another; ends the choice when none is left"
    )
    duplicates = serializers.DictField(required=False, help_text='{"distance": 0.02}: of closer tiles one stays')
    objectives = serializers.ListField(
        child=serializers.DictField(), required=False,
        help_text="kind: diversity, typicality, weight, balance or similarity, each with a strength",
    )  # fmt: skip
    thresholds = serializers.DictField(required=False, help_text='{"sharpness": [10, null]}')
    seed = serializers.IntegerField(required=False, min_value=0, help_text="the same seed chooses the same tiles")
    filter = serializers.DictField(required=False, help_text="as docs/filters.md has it: which tiles may be chosen")
    continue_from = serializers.CharField(required=False, help_text="a collection that is chosen already")
    exclude = serializers.ListField(child=serializers.CharField(), required=False, help_text="collections left out")
    name = serializers.CharField(required=False, max_length=80, help_text="of the collection that it becomes")


class SelectedCollectionAnswer(NamedAnswer):
    count = serializers.IntegerField()


class SelectionAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    status = serializers.CharField(help_text="waiting, running, ready, failed or cancelled")
    stage = serializers.CharField(help_text="what it is at, in words")
    done = serializers.IntegerField(help_text="of this stage")
    total = serializers.IntegerField()
    recipe = serializers.DictField()
    report = serializers.DictField(
        help_text="what came of it: considered, removed_duplicates, chosen, stopped_by, approximations; compared with "
        "the whole (not in lists)"
    )
    error = serializers.CharField()
    field = serializers.CharField(help_text="of the recipe that the error is about, as objectives.1")
    collection = SelectedCollectionAnswer(allow_null=True)
    command = serializers.CharField(help_text="that repeats it at a terminal")
    owner = serializers.CharField(allow_null=True)
    may_change = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class SelectionsAnswer(serializers.Serializer):
    results = SelectionAnswer(many=True)


class DuplicatesSerializer(serializers.Serializer):
    distance = serializers.FloatField(
        min_value=0, max_value=2, help_text="between unit vectors: 0 is the same, 2 the opposite"
    )
    filter = serializers.DictField(required=False, default=dict)
    most = serializers.IntegerField(required=False, default=24, min_value=1, max_value=100, help_text="pairs to show")


class PairAnswer(serializers.Serializer):
    a = serializers.DictField(help_text="a tile, as a search has it")
    b = serializers.DictField()
    distance = serializers.FloatField()


class CurveAnswer(serializers.Serializer):
    distance = serializers.FloatField()
    removed = serializers.IntegerField(help_text="tiles that would go")


class DuplicatesAnswer(serializers.Serializer):
    pairs = PairAnswer(many=True, help_text="those nearest to the distance, closer ones first")
    curve = CurveAnswer(many=True)
    removed = serializers.IntegerField(help_text="tiles that would go at this distance")
    tiles = serializers.IntegerField(help_text="that the filter keeps")
    looked_at = serializers.IntegerField(help_text="of them, whose nearest tile was looked for")
    sampled = serializers.BooleanField(help_text="whether the numbers are estimated from those looked at")


class SelectionsView(APIView):
    @extend_schema(responses=SelectionsAnswer, operation_id="selections_list")
    def get(self, request: Request, slug: str) -> Response:
        rows = visible(request, slug).selections.select_related("dataset", "owner", "collection")[:LISTED]
        return Response({"results": [describing.describe(job, request.user, whole=False) for job in rows]})

    @extend_schema(request=RecipeSerializer, responses={202: SelectionAnswer}, operation_id="selections_create")
    def post(self, request: Request, slug: str) -> Response:
        dataset = editor(request, slug)
        if not isinstance(request.data, dict):
            raise ParseError('Send a recipe as a JSON object, such as {"n": 100}.')
        job = selecting.request(dataset, request.data, request.user)  # type: ignore[arg-type]
        return Response(describing.describe(job, request.user), 202)


class SelectionView(APIView):
    """How far it is, and what came of it. DELETE stops and forgets it; its collection stays."""

    @extend_schema(responses=SelectionAnswer, operation_id="selections_retrieve")
    def get(self, request: Request, slug: str, number: int) -> Response:
        return Response(describing.describe(found(request, slug, number), request.user))

    @extend_schema(responses={204: None}, operation_id="selections_destroy")
    def delete(self, request: Request, slug: str, number: int) -> Response:
        job = found(request, slug, number)
        jobs.check_may_change(job, request.user)
        jobs.remove(job)
        return Response(status=204)


class SelectionCancelView(APIView):
    """Stop it: whose it is, and who manages the dataset."""

    @extend_schema(request=None, responses=SelectionAnswer, operation_id="selections_cancel")
    def post(self, request: Request, slug: str, number: int) -> Response:
        job = found(request, slug, number)
        jobs.check_may_change(job, request.user)
        jobs.cancel(job)
        job.refresh_from_db()
        return Response(describing.describe(job, request.user))


class OrderView(APIView):
    """Rows of the frame in the order in which they were chosen: int32, little-endian."""

    @extend_schema(responses=BINARY, parameters=[FRAME], operation_id="selections_order")
    def get(self, request: Request, slug: str, number: int) -> HttpResponse:
        frame = framed(request, slug)
        job = jobs.found(Selection, frame.dataset, number)
        rows = making.order(job, frame)
        etag = f"{frame.fingerprint}-selection-{job.pk}-{len(rows)}"
        return binary(request, rows.astype("<i4", copy=False).tobytes(), etag, "private, no-cache")


class DuplicatesView(APIView):
    """What would be seen as the same at a distance: pairs to look at, and how many tiles would go."""

    @extend_schema(request=DuplicatesSerializer, responses=DuplicatesAnswer, operation_id="selections_duplicates")
    def post(self, request: Request, slug: str) -> Response:
        asked = DuplicatesSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        frame = frames.opened(visible(request, slug))
        wanted: dict[str, Any] = asked.validated_data
        told = duplicates.preview(frame, wanted["distance"], wanted["filter"], wanted["most"], request.user)
        rows = [row for a, b, _ in told.pairs for row in (a, b)]
        tiles = tiles_of(frame, rows)
        pairs = [
            {"a": tiles[2 * at], "b": tiles[2 * at + 1], "distance": round(distance, 5)}
            for at, (_, _, distance) in enumerate(told.pairs)
        ]
        return Response({
            "pairs": pairs, "curve": told.curve, "removed": told.removed, "tiles": told.tiles,
            "looked_at": told.looked_at, "sampled": told.looked_at < told.tiles,
        })  # fmt: skip


def found(request: Request, slug: str, number: int) -> Selection:
    return jobs.found(Selection, visible(request, slug), number)
