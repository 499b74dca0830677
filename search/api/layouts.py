"""/api/v1/datasets/<slug>/studio/layouts/: maps of embeddings, asked for, watched, fetched, stopped, removed."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from search import jobs, layouts
from search.api.curation import BINARY, FRAME, LayoutAnswer, editor, framed, of_frame
from search.errors import BadLayout
from search.layouts import describing, making
from search.models import Layout, Status
from search.views import visible


class NewLayoutSerializer(serializers.Serializer):
    method = serializers.CharField(default="umap", max_length=40, help_text="umap or pca")
    options = serializers.DictField(default=dict, help_text="of umap: neighbours, min_dist, seed")


class LayoutsAnswer(serializers.Serializer):
    results = LayoutAnswer(many=True)


class LayoutsView(APIView):
    @extend_schema(responses=LayoutsAnswer, operation_id="layouts_list")
    def get(self, request: Request, slug: str) -> Response:
        return Response({"results": describing.listed(visible(request, slug), request.user)})

    @extend_schema(request=NewLayoutSerializer, responses={202: LayoutAnswer}, operation_id="layouts_create")
    def post(self, request: Request, slug: str) -> Response:
        dataset = editor(request, slug)
        asked = NewLayoutSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        method, options = asked.validated_data["method"], asked.validated_data["options"]
        job = layouts.request(dataset, method, options, request.user)  # type: ignore[arg-type]
        return Response(describing.describe(job, request.user), 202)


class LayoutView(APIView):
    """How far it is. DELETE stops and forgets it: whose it is, and who manages the dataset."""

    @extend_schema(responses=LayoutAnswer, operation_id="layouts_retrieve")
    def get(self, request: Request, slug: str, number: int) -> Response:
        job = jobs.found(Layout, visible(request, slug), number)
        return Response(describing.describe(job, request.user))

    @extend_schema(responses={204: None}, operation_id="layouts_destroy")
    def delete(self, request: Request, slug: str, number: int) -> Response:
        job = jobs.found(Layout, visible(request, slug), number)
        jobs.check_may_change(job, request.user)
        jobs.remove(job)
        return Response(status=204)


class LayoutCancelView(APIView):
    """Stop it: whose it is, and who manages the dataset."""

    @extend_schema(request=None, responses=LayoutAnswer, operation_id="layouts_cancel")
    def post(self, request: Request, slug: str, number: int) -> Response:
        job = jobs.found(Layout, visible(request, slug), number)
        jobs.check_may_change(job, request.user)
        jobs.cancel(job)
        job.refresh_from_db()
        return Response(describing.describe(job, request.user))


class PointsView(APIView):
    """A finished map: two float32 a tile, little-endian, from -1 to 1, in the order of the frame."""

    @extend_schema(responses=BINARY, parameters=[FRAME], operation_id="layouts_points")
    def get(self, request: Request, slug: str, number: int) -> HttpResponse:
        frame = framed(request, slug)
        job = jobs.found(Layout, frame.dataset, number)
        found = making.points(job, frame)
        if found is None:
            raise BadLayout(
                "This map was made before tiles were indexed anew: make it again."
                if job.status == Status.READY
                else "This map is not finished yet: look at its status, then come again."
            )
        return of_frame(request, frame, f"layout-{job.pk}", found.astype("<f4", copy=False))
