"""/api/v1/datasets/<slug>/collections/…: named sets of tiles (tags), made, changed, read and saved as files."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.text import slugify
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from search import collecting, filters, frames
from search.api.curation import binary, editor
from search.api.filters import FilterField
from search.api.queries import KeyField
from search.errors import BadCollection, NoSuchCollection
from search.exporting.collections import FORMATS, Tiles
from search.exporting.streaming import streamed
from search.models import Collection, Dataset
from search.views import visible

MOST_KEYS = 100_000  # in one request; more come as the bits of a frame


class KeysField(serializers.ListField):
    child = KeyField()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST_KEYS, **kwargs)


class RowsSerializer(serializers.Serializer):
    """Tiles of a frame, one bit each: what the studio has marked."""

    frame = serializers.CharField(max_length=32, required=False, help_text="fingerprint of the frame that bits are of")
    bits = serializers.CharField(required=False, help_text="base64; one bit a tile of the frame, the lowest first")


class NewCollectionSerializer(RowsSerializer):
    """Its tiles: `keys`, or `frame` and `bits`, or all that a `filter` keeps; none: it begins empty."""

    name = serializers.CharField(max_length=collecting.LONGEST)
    description = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)
    keys = KeysField(required=False)
    filter = FilterField(required=False)


class ChangedCollectionSerializer(serializers.Serializer):
    name = serializers.CharField(required=False, max_length=collecting.LONGEST)
    description = serializers.CharField(required=False, allow_blank=True, max_length=300)


class ChangedTilesSerializer(RowsSerializer):
    """Keys to `add` and to `remove`; or `frame` and `bits`, with `remove: true` to take those out."""

    add = KeysField(required=False)
    remove = serializers.JSONField(
        required=False, help_text="keys; with frame and bits: true to remove them instead of adding them"
    )


class CollectionAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    count = serializers.IntegerField(help_text="tiles")
    version = serializers.CharField(help_text="new with every change of its tiles")
    owner = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()
    may_change = serializers.BooleanField(help_text="whether you may")


class CollectionsAnswer(serializers.Serializer):
    results = CollectionAnswer(many=True)


class CollectionsView(APIView):
    """Named sets of tiles of a dataset: a collection is what others call a tag."""

    @extend_schema(responses=CollectionsAnswer, operation_id="collections_list")
    def get(self, request: Request, slug: str) -> Response:
        dataset = visible(request, slug)
        rows = dataset.collections.select_related("owner")
        return Response({"results": [described(dataset, row, request) for row in rows]})

    @extend_schema(
        request=NewCollectionSerializer, responses={201: CollectionAnswer}, operation_id="collections_create"
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        dataset = editor(request, slug)
        asked = validated(NewCollectionSerializer, request.data)
        keys = tiles_of(dataset, asked, request)
        made = collecting.create(dataset, asked["name"], keys, request.user, asked["description"])  # type: ignore[arg-type]
        return Response(described(dataset, made, request), 201)


class CollectionView(APIView):
    @extend_schema(responses=CollectionAnswer, operation_id="collections_retrieve")
    def get(self, request: Request, slug: str, number: int) -> Response:
        dataset = visible(request, slug)
        return Response(described(dataset, numbered(dataset, number), request))

    @extend_schema(
        request=ChangedCollectionSerializer, responses=CollectionAnswer, operation_id="collections_partial_update"
    )  # fmt: skip
    def patch(self, request: Request, slug: str, number: int) -> Response:
        collection = changeable(request, slug, number)
        asked = validated(ChangedCollectionSerializer, request.data)
        name, said = asked.get("name", collection.name), asked.get("description", collection.description)
        return Response(described(collection.dataset, collecting.rename(collection, name, said), request))

    @extend_schema(responses={204: None}, operation_id="collections_destroy")
    def delete(self, request: Request, slug: str, number: int) -> Response:
        collecting.delete(changeable(request, slug, number))
        return Response(status=204)


class CollectionTilesView(APIView):
    """Tiles put into a collection or taken out of it."""

    @extend_schema(request=ChangedTilesSerializer, responses=CollectionAnswer, operation_id="collections_tiles")
    def post(self, request: Request, slug: str, number: int) -> Response:
        collection = changeable(request, slug, number)
        dataset = collection.dataset
        asked = validated(ChangedTilesSerializer, request.data)
        add, remove = list(asked.get("add", [])), asked.get("remove")
        if asked.get("bits") is not None:
            if not isinstance(remove, bool | None) or add:
                raise BadCollection("With bits, remove is true or false, and there are no further keys.")
            marked = tiles_of(dataset, asked, request)
            some = {"remove": marked} if remove else {"add": marked}
        else:
            fewer = KeysField().run_validation([] if remove in (None, False) else remove)
            some = {"add": collecting.existing(dataset, add), "remove": np.array(fewer, np.int64)}
        return Response(described(dataset, collecting.change(collection, **some), request))


class CollectionKeysView(APIView):
    """The keys of its tiles, ascending: int64, little-endian."""

    @extend_schema(responses={(200, "application/octet-stream"): bytes}, operation_id="collections_keys")
    def get(self, request: Request, slug: str, number: int) -> HttpResponse:
        collection = numbered(visible(request, slug), number)
        content = collecting.keys_of(collection).astype("<i8", copy=False).tobytes()
        return binary(request, content, f"{collection.pk}-{collection.version}", "private, no-cache")


class CollectionExportView(APIView):
    """A file of its tiles, with their metrics; the zip has their pictures too."""

    @extend_schema(
        responses={(200, form.kind.partition(";")[0]): bytes for form in FORMATS.values()},
        operation_id="collections_export",
    )
    def get(self, request: Request, slug: str, number: int, form: str) -> StreamingHttpResponse:
        collection = numbered(visible(request, slug), number)
        tiles = Tiles(collection, request.build_absolute_uri("/").rstrip("/"))
        name = f"{slug}-{slugify(collection.name) or collection.pk}.{form}"
        return StreamingHttpResponse(
            streamed(FORMATS[form].write(tiles)), FORMATS[form].kind,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )  # fmt: skip


def validated(kind: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    serializer = kind(data=data)
    serializer.is_valid(raise_exception=True)
    found: dict[str, Any] = serializer.validated_data
    return found


def numbered(dataset: Dataset, number: int) -> Collection:
    found = dataset.collections.select_related("owner").filter(pk=number).first()
    if found is None:
        raise NoSuchCollection(f"{dataset.name} has no collection number {number}: it may have been deleted.")
    found.dataset = dataset
    return found


def changeable(request: Request, slug: str, number: int) -> Collection:
    collection = numbered(editor(request, slug), number)
    collecting.check_may_change(collection, request.user)
    return collection


def tiles_of(dataset: Dataset, asked: Mapping[str, Any], request: Request) -> np.ndarray:
    """(n,) keys that a request says in one of three ways."""
    said = [name for name in ("keys", "bits", "filter") if asked.get(name) is not None]
    if len(said) > 1:
        raise BadCollection(f"Say the tiles in one way: {' or '.join(said)}, not both.")
    if said == ["keys"]:
        return collecting.existing(dataset, asked["keys"])
    if said == ["filter"]:
        frame = frames.opened(dataset)
        kept = frame.keys[filters.compiled(dataset, asked["filter"], request.user).of(frame)]
        if not len(kept):
            raise BadCollection("The filter leaves no tile: widen a range, or leave a part of it out.")
        return kept
    return marked_in(dataset, asked.get("frame"), asked["bits"]) if said else np.empty(0, np.int64)


def marked_in(dataset: Dataset, fingerprint: str | None, bits: str) -> np.ndarray:
    """Keys of the tiles whose bit is 1; StaleFrame when the frame is another by now."""
    if not fingerprint:
        raise BadCollection("Say which frame the bits are of: its fingerprint, in `frame`.")
    frame = frames.opened(dataset)
    frame.check(fingerprint)
    try:
        packed = base64.b64decode(bits, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadCollection("The bits are not base64.") from error
    if len(packed) > (frame.count + 7) // 8:
        raise BadCollection(f"The bits are of more tiles than the {frame.count:,} that the frame has.")
    return frame.keys[frames.unpacked(packed, frame.count)]


def described(dataset: Dataset, collection: Collection, request: Request) -> dict[str, Any]:
    mine = request.user.is_authenticated and request.user.pk == collection.owner_id
    return {
        "id": collection.pk, "name": collection.name, "description": collection.description,
        "count": collection.count, "version": collection.version,
        "owner": collection.owner.get_username() if collection.owner else None,
        "created_at": collection.created_at, "changed_at": collection.changed_at,
        "may_change": bool(mine or dataset.may_manage(request.user)),
    }  # fmt: skip
