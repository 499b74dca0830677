"""/api/v1/datasets/<slug>/animations/ and /api/v1/animations/…: ask for a film, watch it being made, fetch it."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle, ScopedRateThrottle
from rest_framework.views import APIView

from search import animating
from search.animating import FORMATS, Recipe
from search.errors import NoSuchAnimation
from search.models import Animation, Dataset, Status
from search.views import visible

AT_ONCE = 4 * 2**20  # bytes read into memory at a time, and the most of one partial answer
RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


class AnimationSerializer(serializers.Serializer):
    """A film of a box over its dates."""

    bbox = serializers.ListField(
        child=serializers.FloatField(), min_length=4, max_length=4,
        help_text="west, south, east, north in degrees; west > east crosses the date line",
    )  # fmt: skip
    product = serializers.CharField(required=False, default="", allow_blank=True, max_length=80)
    format = serializers.ChoiceField(list(FORMATS), default="mp4")
    width = serializers.IntegerField(default=960, help_text="pixels; the height follows from the box")
    fps = serializers.FloatField(default=3.0, help_text="dates a second")
    missing = serializers.ChoiceField(
        ["skip", "hold"], default="skip", help_text="dates without data: left out, or the picture before is held"
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        """`from` and `to` are not names Python lets a class have."""
        dates = {
            "from": serializers.DateField(required=False, allow_null=True, default=None),
            "to": serializers.DateField(required=False, allow_null=True, default=None),
        }
        return {**super().get_fields(), **dates}

    def to_internal_value(self, data: Any) -> dict[str, object]:
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        if unknown:
            message = f"Unknown field {', '.join(sorted(unknown))}. Known: {', '.join(self.fields)}."
            raise serializers.ValidationError({"non_field_errors": [message]})
        read: dict[str, object] = super().to_internal_value(data)
        return read


class AnimationAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    status = serializers.ChoiceField(Status.choices)
    done = serializers.IntegerField(help_text="dates finished")
    total = serializers.IntegerField()
    url = serializers.CharField(allow_null=True, help_text="the film, once it is ready")
    error = serializers.CharField(help_text="what went wrong, when failed")
    summary = serializers.DictField(help_text="when ready: frames, skipped, held, width, height, seconds, bytes")


class AnimationsView(APIView):
    """Ask for a film; the same film asked for again is the one that is there."""

    throttle_scope = "upload"

    def get_throttles(self) -> list[BaseThrottle]:
        return [*super().get_throttles(), ScopedRateThrottle()]

    @extend_schema(
        request=AnimationSerializer, responses={202: AnimationAnswer}, operation_id="animations_create"
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        dataset = visible(request, slug)
        serializer = AnimationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        animation = animating.request(dataset, as_recipe(serializer.validated_data), request.user)
        return Response(described(animation), 202)


class AnimationView(APIView):
    """How far it is. DELETE stops and forgets it: whose it is, and who manages the dataset."""

    @extend_schema(responses=AnimationAnswer, operation_id="animations_retrieve")
    def get(self, request: Request, number: int) -> Response:
        return Response(described(found(request, number)))

    @extend_schema(responses={204: None}, operation_id="animations_destroy")
    def delete(self, request: Request, number: int) -> Response:
        animation = found(request, number)
        mine = request.user.is_authenticated and animation.owner_id == request.user.pk
        if not (mine or animation.dataset.may_manage(request.user)):
            raise PermissionDenied("Only who asked for this film, or who manages its dataset, may remove it.")
        animating.remove(animation)
        return Response(status=204)


class AnimationFileView(APIView):
    """The film itself. With a Range header a part of it, as video players ask for it (RFC 9110, 14)."""

    @extend_schema(responses={(200, kind): bytes for kind in FORMATS.values()}, operation_id="animations_file")
    def get(self, request: Request, number: int) -> HttpResponseBase:
        animation = found(request, number)
        path = animation.path() if animation.file else None
        if path is None or not path.is_file():
            raise NoSuchAnimation("This film is not finished yet, or was tidied away: ask for it again.")
        response = part_of(path, request.headers.get("Range", ""))
        response["Content-Type"] = FORMATS[path.suffix[1:]]
        response["Accept-Ranges"] = "bytes"
        response["Content-Disposition"] = f'inline; filename="{file_name(animation)}"'
        response["Cache-Control"] = f"{'public' if animation.dataset.is_public else 'private'}, max-age=86400"
        return response


def as_recipe(read: Mapping[str, Any]) -> Recipe:
    return Recipe(
        product=read["product"], bbox=tuple(read["bbox"]), first=read["from"], last=read["to"],
        form=read["format"], width=read["width"], fps=read["fps"], missing=read["missing"],
    )  # fmt: skip


def found(request: Request, number: int) -> Animation:
    """The film, when this person may see its dataset; NoSuchAnimation otherwise, whether it exists or not."""
    mine = Dataset.objects.visible_to(request.user)
    animation = Animation.objects.filter(pk=number, dataset__in=mine).select_related("dataset").first()
    if animation is None:
        raise NoSuchAnimation(f"There is no film {number} that you may see. Films are kept for a week.")
    return animation


def described(animation: Animation) -> dict[str, object]:
    ready = animation.status == Status.READY
    return {
        "id": animation.pk, "status": animation.status, "done": animation.done, "total": animation.total,
        "url": f"/api/v1/animations/{animation.pk}/file" if ready else None,
        "error": animation.error if animation.status == Status.FAILED else "", "summary": animation.summary,
    }  # fmt: skip


def file_name(animation: Animation) -> str:
    """blue-marble-true-colour-2004-01-01-2004-08-01.mp4"""
    said = animation.summary
    return f"{animation.dataset.slug}-{said['product']}-{said['from']}-{said['to']}{animation.path().suffix}"


def part_of(path: Path, asked: str) -> HttpResponseBase:
    """All of a file, or the one range asked for: at most AT_ONCE of it, players ask for the rest."""
    size = path.stat().st_size
    match = RANGE.match(asked)
    if not match or not any(match.groups()):
        return whole(path, size)
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last) if first and last else size - 1, size - 1, start + AT_ONCE - 1)
    if start >= size or end < start:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    with path.open("rb") as file:
        file.seek(start)
        content = file.read(end - start + 1)
    return HttpResponse(content, status=206, headers={"Content-Range": f"bytes {start}-{end}/{size}"})


def whole(path: Path, size: int) -> HttpResponseBase:
    if size <= AT_ONCE:
        return HttpResponse(path.read_bytes())
    return StreamingHttpResponse(pieces(path), headers={"Content-Length": str(size)})


async def pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, AT_ONCE):
            yield piece
