"""/api/v1/datasets/<slug>/tables/: columns that people bring to the tiles, from CSV or Parquet."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from search import measuring, tables
from search.api.views import UploadThrottled
from search.permissions import check_may_import
from search.views import visible


class NewTableSerializer(serializers.Serializer):
    """A table whose rows are about tiles; docs/metadata.md says how they are joined."""

    file = serializers.FileField(help_text="CSV or Parquet; its first line says what the columns are called")
    key = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=200,
        help_text="the column of tile keys or picture names; by what columns are called if left out",
    )  # fmt: skip
    delimiter = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=10, trim_whitespace=False,
        help_text="what parts the columns of a CSV; found out if left out",
    )  # fmt: skip
    encoding = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)


class TableColumnAnswer(serializers.Serializer):
    name = serializers.CharField(help_text="as filters write it")
    title = serializers.CharField(help_text="as the file writes it")
    kind = serializers.ChoiceField(["number", "text", "date"])
    low = serializers.FloatField(allow_null=True, help_text="least number, or day since 1970-01-01")
    high = serializers.FloatField(allow_null=True)
    values = serializers.ListField(child=serializers.CharField(), help_text="the most frequent texts")


class TableAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField(help_text="of the file")
    columns = TableColumnAnswer(many=True)
    rows = serializers.IntegerField(help_text="in the file")
    matched = serializers.IntegerField(help_text="of them that name a tile")
    owner = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class TablesAnswer(serializers.Serializer):
    results = TableAnswer(many=True)


class BroughtTableAnswer(serializers.Serializer):
    table = TableAnswer()
    rows = serializers.IntegerField()
    matched = serializers.IntegerField()
    replaced = serializers.IntegerField(help_text="rows that gave way to a later one about the same tile")
    examples = serializers.ListField(child=serializers.CharField(), help_text="of what names no tile")
    notes = serializers.ListField(child=serializers.CharField())


class TablesView(UploadThrottled):
    """Columns that were brought to the dataset's tiles, and more of them."""

    parser_classes = [MultiPartParser]

    @extend_schema(responses=TablesAnswer, operation_id="tables_list")
    def get(self, request: Request, slug: str) -> Response:
        held = visible(request, slug).tables.select_related("owner")
        return Response({"results": [tables.described(table) for table in held]})

    @extend_schema(
        request={"multipart/form-data": NewTableSerializer},
        responses={201: BroughtTableAnswer},
        operation_id="tables_create",
    )
    def post(self, request: Request, slug: str) -> Response:
        dataset = visible(request, slug)
        check_may_import(dataset, request.user)
        asked = NewTableSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        found = tables.bring_sent(dataset, values.pop("file"), user=request.user, **values)
        return Response(found.as_json(), 201)


class TableView(APIView):
    @extend_schema(responses=TableAnswer, operation_id="tables_retrieve")
    def get(self, request: Request, slug: str, number: int) -> Response:
        return Response(tables.described(tables.table_of(visible(request, slug), number)))

    @extend_schema(responses={204: None}, operation_id="tables_destroy")
    def delete(self, request: Request, slug: str, number: int) -> Response:
        """Its columns are no longer there for filters; the tiles stay as they are."""
        table = tables.table_of(visible(request, slug), number)
        tables.check_may_remove(table, request.user)
        tables.remove(table)
        return Response(status=204)


class MeasuringAnswer(serializers.Serializer):
    behind = serializers.IntegerField(help_text="finished shards that lack some metrics and are not being measured")
    queued = serializers.IntegerField(help_text="by this request")


class MeasuringView(APIView):
    """Shards that were made before some metrics existed, or before their cloud mask did."""

    @extend_schema(responses=MeasuringAnswer, operation_id="measuring_retrieve")
    def get(self, request: Request, slug: str) -> Response:
        return Response({"behind": len(measuring.behind(visible(request, slug))), "queued": 0})

    @extend_schema(request=None, responses={202: MeasuringAnswer}, operation_id="measuring_create")
    def post(self, request: Request, slug: str) -> Response:
        """Have them measured; nothing is embedded again, and searches go on."""
        dataset = visible(request, slug)
        check_may_import(dataset, request.user)
        queued = measuring.request(dataset)
        return Response({"behind": len(measuring.behind(dataset)), "queued": len(queued)}, 202)
