"""/api/v1/uploads/: resumable uploads after tus 1.0.0 (https://tus.io/protocols/resumable-upload), and what is there.

Core, creation, termination, checksum and expiration. docs/decisions/013-tus.md says why this is our own.
"""

import base64
import binascii
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from search import modelstore, uploads
from search.models import Dataset
from search.permissions import check_may_import
from search.uploads import Upload

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,checksum,expiration"
BYTES = "application/offset+octet-stream"


def header(name: str, text: str, *, required: bool = True) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=text, required=required)


LENGTH = header("Upload-Length", "bytes of the whole file")
METADATA = header(
    "Upload-Metadata",
    "`filename <base64>,dataset <base64 of its short name>`; for the model store `filename <base64>,for bW9kZWxz`",
)
OFFSET = header("Upload-Offset", "bytes that have arrived so far: where this piece begins")
CHECKSUM = header("Upload-Checksum", "`sha1` or `sha256`, a space, the piece's digest in base64", required=False)


class UploadAnswer(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()
    dataset = serializers.CharField()
    size = serializers.IntegerField(help_text="bytes")
    offset = serializers.IntegerField(help_text="bytes that have arrived")
    whole = serializers.BooleanField()
    expires = serializers.DateTimeField()


class UploadsAnswer(serializers.Serializer):
    results = UploadAnswer(many=True)


class WrongVersion(APIException):
    status_code = 412
    default_code = "wrong_version"


class PieceParser(BaseParser):
    """Leaves the bytes in the stream: they go from there to the disk."""

    media_type = BYTES

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, object]:
        return {}


class TusView(APIView):
    permission_classes = (IsAuthenticated,)
    parser_classes = (PieceParser,)

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        asked = request.headers.get("Tus-Resumable")
        if request.method not in ("OPTIONS", "GET") and asked != VERSION:
            raise WrongVersion("Say Tus-Resumable: 1.0.0, the only version of the tus protocol spoken here.")

    def finalize_response(self, request: Request, response: Response, *args: object, **kwargs: object) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        final["Tus-Resumable"] = final["Tus-Version"] = VERSION
        final["Cache-Control"] = "no-store"
        return final

    @extend_schema(exclude=True)
    def options(self, request: Any, *args: object, **kwargs: object) -> Response:
        """What the server can do; asked before anybody knows who asks."""
        answer = {"Tus-Extension": EXTENSIONS, "Tus-Checksum-Algorithm": ",".join(uploads.ALGORITHMS)}
        most = {"Tus-Max-Size": str(settings.UPLOAD_QUOTA)} if settings.UPLOAD_QUOTA else {}
        return Response(status=204, headers={**answer, **most})


class UploadsView(TusView):
    """Files of yours on their way into a dataset."""

    @extend_schema(responses=UploadsAnswer, operation_id="uploads_list")
    def get(self, request: Request) -> Response:
        mine = [upload for upload in uploads.everyones() if upload.owner == request.user.pk]
        return Response({"results": described(mine)})

    @extend_schema(
        parameters=[LENGTH, METADATA], request=None, responses={201: None}, operation_id="uploads_create",
        description="Announce a file. The answer's `Location` is where its pieces go, by PATCH, at most "
        "UPLOAD_LIMIT_MB each.",
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        about = metadata(request)
        dataset = None if about.get("for") == "models" else Dataset.visible(request.user, about.get("dataset", ""))
        if dataset is None:
            modelstore.check_may_manage(request.user)
        else:
            check_may_import(dataset, request.user)
        size = number(request, "Upload-Length")
        upload = uploads.create(dataset, request.user, name=about.get("filename", ""), size=size)  # type: ignore[arg-type]
        return Response(status=201, headers={"Location": f"/api/v1/uploads/{upload.id}", **state(upload)})


class UploadView(TusView):
    """One upload: how far it is (HEAD, GET), its next piece (PATCH), its end (DELETE)."""

    @extend_schema(responses=UploadAnswer, operation_id="uploads_retrieve")
    def get(self, request: Request, upload_id: str) -> Response:
        return Response(described([self.found(request, upload_id)])[0])

    @extend_schema(exclude=True)
    def head(self, request: Request, upload_id: str) -> Response:
        upload = self.found(request, upload_id)
        return Response(headers={"Upload-Length": str(upload.size), **state(upload)})

    @extend_schema(
        parameters=[OFFSET, CHECKSUM], request={BYTES: bytes}, responses={204: None}, operation_id="uploads_append"
    )
    def patch(self, request: Request, upload_id: str) -> Response:
        if request.content_type != BYTES:
            raise UnsupportedMediaType(str(request.content_type), f"Send the piece as {BYTES}.")
        upload = self.found(request, upload_id)
        uploads.append(upload, number(request, "Upload-Offset"), request._request, checksum(request))
        return Response(status=204, headers=state(upload))

    @extend_schema(request=None, responses={204: None}, operation_id="uploads_destroy")
    def delete(self, request: Request, upload_id: str) -> Response:
        uploads.remove(self.found(request, upload_id))
        return Response(status=204)

    def found(self, request: Request, upload_id: str) -> Upload:
        return uploads.find(upload_id, request.user)  # type: ignore[arg-type]


def state(upload: Upload) -> dict[str, str]:
    expires = datetime.fromtimestamp(upload.expires, UTC)
    return {"Upload-Offset": str(upload.offset), "Upload-Expires": format_datetime(expires, usegmt=True)}


def described(found: list[Upload]) -> list[dict[str, object]]:
    slugs = dict(Dataset.objects.filter(pk__in={upload.dataset for upload in found}).values_list("pk", "slug"))
    return [
        {
            "id": upload.id, "name": upload.name, "dataset": slugs.get(upload.dataset, ""), "size": upload.size,
            "offset": upload.offset, "whole": upload.is_whole,
            "expires": datetime.fromtimestamp(upload.expires, UTC).isoformat(timespec="seconds"),
        }
        for upload in found
    ]  # fmt: skip


def number(request: Request, name: str) -> int:
    value = request.headers.get(name, "")
    if not (value.isascii() and value.isdecimal() and len(value) < 16):
        raise ParseError(f"{name} must be a whole number of bytes.")
    return int(value)


def metadata(request: Request) -> dict[str, str]:
    """tus: comma-separated pairs of a name and a value in base64."""
    pairs = [pair.split(" ", 1) for pair in request.headers.get("Upload-Metadata", "").split(",") if pair.strip()]
    return {pair[0].strip(): decoded(pair[1] if len(pair) > 1 else "").decode(errors="replace") for pair in pairs}


def checksum(request: Request) -> tuple[str, bytes] | None:
    algorithm, _, digest = request.headers.get("Upload-Checksum", "").partition(" ")
    if not algorithm:
        return None
    if algorithm not in uploads.ALGORITHMS:
        raise ParseError(
            f"Upload-Checksum must be {' or '.join(uploads.ALGORITHMS)}, a space and the digest in base64."
        )
    return algorithm, decoded(digest)


def decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ParseError(f"{value[:40]!r} is not base64.") from error
