"""/api/v1/models/: the encoders of the model store, compared, promoted, retired, taken along and brought in."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle, ScopedRateThrottle
from rest_framework.views import APIView

from ml.errors import NoSuchModel
from ml.modelstore import Version, packing
from ml.modelstore import listed as all_of
from search import filetypes, modelstore, uploads
from search.errors import BadUpload, TooLarge

PNG = b"\x89PNG\r\n\x1a\n"


class ModelAnswer(serializers.Serializer):
    """An encoder of the store, briefly."""

    name = serializers.CharField()
    version = serializers.CharField()
    reference = serializers.CharField(help_text="as other addresses and commands name it")
    kind = serializers.CharField(help_text="torchvision, timm, ssl, onnx, open_clip, joined, …")
    standing = serializers.CharField(help_text="comes with Lookalike, promoted, retired or empty")
    comes_with = serializers.BooleanField(help_text="part of Lookalike: cannot be changed")
    promoted = serializers.BooleanField(help_text="what the name alone means")
    retired = serializers.BooleanField(help_text="no longer offered; what uses it goes on working")
    bands = serializers.IntegerField()
    dim = serializers.IntegerField(allow_null=True, help_text="numbers of a vector")
    size = serializers.IntegerField(allow_null=True, help_text="pixels a side it looks at")
    licence = serializers.CharField()
    bytes = serializers.IntegerField()
    published = serializers.DateTimeField(allow_null=True)
    collapsed = serializers.BooleanField(help_text="all images look alike to it")
    numbers = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text="what was measured; null where nobody did"
    )
    page = serializers.CharField()
    download = serializers.CharField()
    strips = serializers.CharField(allow_null=True, help_text="a picture of nearest neighbours")


class ModelsAnswer(serializers.Serializer):
    results = ModelAnswer(many=True)


class UserOfModel(serializers.Serializer):
    slug = serializers.CharField()
    name = serializers.CharField()


class ModelDetailAnswer(ModelAnswer):
    config = serializers.DictField(help_text="encoder.json")
    card = serializers.DictField(help_text="card.json: the report card")
    used_by = UserOfModel(many=True, help_text="datasets that you may see")
    may = serializers.DictField(child=serializers.BooleanField())


class CompareNumbers(serializers.Serializer):
    key = serializers.CharField()
    title = serializers.CharField()
    words = serializers.CharField(help_text="what the number says")
    better = serializers.CharField(help_text="higher, lower or empty")
    form = serializers.CharField(help_text="number, share (of 1), seconds or bytes")
    values = serializers.ListField(child=serializers.FloatField(allow_null=True))
    best = serializers.IntegerField(allow_null=True, help_text="index of the best")


class CompareSetting(serializers.Serializer):
    key = serializers.CharField()
    values = serializers.ListField()


class CompareAnswer(serializers.Serializer):
    versions = serializers.ListField(child=serializers.CharField())
    numbers = CompareNumbers(many=True)
    settings = CompareSetting(many=True, help_text="those that differ")


class NewModelSerializer(serializers.Serializer):
    """An encoder to be brought in: a finished upload, or the file itself; settings for weights that come alone."""

    upload = serializers.RegexField(r"^[0-9a-f]{32}$", required=False, help_text="id of your finished upload")
    file = serializers.FileField(
        required=False, help_text="instead of an upload: .zip, .tar, .safetensors or .onnx, as small as one request"
    )
    name = serializers.CharField(required=False, allow_blank=True, max_length=64, help_text="after the file's if empty")
    kind = serializers.ChoiceField(
        ["torchvision", "timm", "ssl", "open_clip", "onnx"], required=False, allow_blank=True,
        help_text="of weights that come without encoder.json",
    )  # fmt: skip
    architecture = serializers.CharField(required=False, allow_blank=True, max_length=200)
    licence = serializers.CharField(required=False, allow_blank=True, max_length=200)
    source = serializers.CharField(required=False, allow_blank=True, max_length=1000)  # type: ignore[assignment]
    size = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=4096)
    dim = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=65536)
    bands = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=64)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("upload" in attrs) == ("file" in attrs):
            raise serializers.ValidationError("Give the id of a finished upload, or a file: one of the two.")
        return attrs


class ModelsView(APIView):
    """All encoders; a new one."""

    throttle_scope = "upload"
    parser_classes = (JSONParser, MultiPartParser, FormParser)
    RETIRED = OpenApiParameter("retired", bool, description="also those that are no longer offered")

    def get_throttles(self) -> list[BaseThrottle]:
        posted = [ScopedRateThrottle()] if self.request.method == "POST" else []
        return [*super().get_throttles(), *posted]

    @extend_schema(responses=ModelsAnswer, operation_id="models_list", parameters=[RETIRED])
    def get(self, request: Request) -> Response:
        retired = request.query_params.get("retired", "").lower() in ("1", "true")
        return Response({"results": [modelstore.listed(one) for one in all_of(modelstore.store(), retired=retired)]})

    @extend_schema(
        request=NewModelSerializer, responses={201: ModelDetailAnswer}, operation_id="models_create",
        description="Bring in an encoder. It is unpacked, checked and tried: pickles, damage, weights of another "
        "architecture and vectors that are not finite are refused, and nothing of them is kept. Large files are sent "
        "as an upload first (`POST /api/v1/uploads/` with `for models`).",
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        modelstore.check_may_manage(request.user)
        asked = NewModelSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        version = brought(request.user, asked.validated_data)
        return Response(modelstore.described(version, request.user), 201)


def brought(user: Any, values: dict[str, Any]) -> Version:
    """From an upload, which then is tidied away, or from the file of the request."""
    if "file" in values:
        return from_request(user, values["file"], values)
    upload = uploads.find(values["upload"], user)
    if upload.dataset != uploads.MODELS or not upload.is_whole:
        raise BadUpload("That upload is not a whole file for the model store: send it to its end, or send it again.")
    try:
        return modelstore.bring(user, upload.file, values.get("name", ""), values)
    finally:
        uploads.remove(upload)


def from_request(user: Any, file: UploadedFile, values: dict[str, Any]) -> Version:
    name = uploads.safe_name(file.name or "")
    filetypes.check_model_name(name)
    if (file.size or 0) > settings.UPLOAD_LIMIT:
        raise TooLarge(f"{name} is too large for one request: send it as an upload, in pieces.")
    uploads.root().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=uploads.root()) as folder:
        path = Path(folder) / name
        with path.open("wb") as out:
            for piece in file.chunks():
                out.write(piece)
        with path.open("rb") as sent:
            filetypes.check_model(name, sent.read(64))
        return modelstore.bring(user, path, values.get("name", ""), values)


class CompareView(APIView):
    """Two to eight encoders side by side: numbers of their cards, and settings that differ."""

    VERSIONS = OpenApiParameter("versions", str, required=True, description="references with commas between")

    @extend_schema(responses=CompareAnswer, operation_id="models_compare", parameters=[VERSIONS])
    def get(self, request: Request) -> Response:
        asked = [one.strip() for one in request.query_params.get("versions", "").split(",") if one.strip()]
        return Response(modelstore.compared(asked))


class ModelView(APIView):
    """What a name means: its promoted version, else its newest that is not retired."""

    @extend_schema(responses=ModelDetailAnswer, operation_id="models_resolve")
    def get(self, request: Request, name: str) -> Response:
        return Response(modelstore.described(modelstore.find(name), request.user))


class VersionView(APIView):
    """One version, with its settings, its report card and the datasets that use it."""

    @extend_schema(responses=ModelDetailAnswer, operation_id="models_retrieve")
    def get(self, request: Request, name: str, version: int) -> Response:
        return Response(modelstore.described(modelstore.find(name, str(version)), request.user))


class CardView(APIView):
    """The report card alone, as it was written when the encoder was trained."""

    @extend_schema(responses={200: dict}, operation_id="models_card")
    def get(self, request: Request, name: str, version: int) -> Response:
        return Response(modelstore.described(modelstore.find(name, str(version)), request.user)["card"])


class ModelActionView(APIView):
    """promote: the name means this version from now on.  retire, unretire: it is offered no longer, or again."""

    @extend_schema(request=None, responses=ModelDetailAnswer, operation_id="models_act")
    def post(self, request: Request, name: str, version: int, action: str) -> Response:
        modelstore.check_may_manage(request.user)
        changed = modelstore.change(modelstore.find(name, str(version)), action)
        return Response(modelstore.described(changed, request.user))


class StripsView(APIView):
    """Ten images, each followed by those nearest to it, as a picture."""

    @extend_schema(responses={(200, "image/png"): bytes}, operation_id="models_strips")
    def get(self, request: Request, name: str, version: int) -> HttpResponse:
        found = modelstore.find(name, str(version))
        modelstore.check_may_see_data(found, request.user)
        path = found.folder / "strips.png"
        content = path.read_bytes() if path.is_file() else b""
        if not content.startswith(PNG):
            raise NoSuchModel(f"{name}/{version} has no picture of nearest neighbours.")
        response = HttpResponse(content, "image/png")
        response["Cache-Control"] = "private, max-age=86400"
        return response


class ModelDownloadView(APIView):
    """A zip of the version's folder with its checksums, which another site takes as it is."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(responses={(200, "application/zip"): bytes}, operation_id="models_download")
    def get(self, request: Request, name: str, version: int) -> StreamingHttpResponse:
        found = modelstore.find(name, str(version))
        modelstore.check_may_see_data(found, request.user)
        response = StreamingHttpResponse(pieces(found), content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="{packing.file_name(found)}"'
        return response


async def pieces(version: Version) -> AsyncIterator[bytes]:
    made = packing.zipped(version)
    while (piece := await asyncio.to_thread(next, made, None)) is not None:
        yield piece
