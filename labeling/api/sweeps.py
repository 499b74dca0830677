"""/api/v1/campaigns/<id>/sweeps…: every tile scored, what was found, how much is missing, and all of it as files."""

from collections.abc import Mapping
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling import audits, describing, exporting
from labeling.api.serializers import CardsAnswer, Strict
from labeling.api.views import HostView
from labeling.models import Audit, Sweep
from labeling.sweeps import answering, found, starting
from labeling.sweeps import describing as words
from labeling.sweeps.found import MOST_OFFSET
from search import keys
from search.api.queries import KeyField
from search.errors import BadKey


class BoxField(serializers.CharField):
    """west,south,east,north in degrees -> four floats."""

    def to_internal_value(self, data: Any) -> tuple[float, ...]:  # type: ignore[override]
        try:
            west, south, east, north = (float(side) for side in str(data).split(","))
        except ValueError as error:
            raise serializers.ValidationError("Write four numbers: west,south,east,north in degrees.") from error
        if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90):
            raise serializers.ValidationError("West and east go from -180 to 180, south below north from -90 to 90.")
        return west, south, east, north


class DayField(serializers.CharField):
    """YYYY-MM-DD, or static -> the day as keys have it."""

    def to_internal_value(self, data: Any) -> int:  # type: ignore[override]
        try:
            return keys.read_day(str(data))
        except BadKey as error:
            raise serializers.ValidationError(str(error)) from error


class PlacesAsked(Strict):
    min = serializers.FloatField(required=False, min_value=0, max_value=1, help_text="lowest score")
    level = serializers.IntegerField(required=False, min_value=0, max_value=13)
    product = serializers.CharField(required=False, max_length=80)
    date = DayField(required=False, help_text="YYYY-MM-DD, or static")


class FoundAsked(PlacesAsked):
    max = serializers.FloatField(required=False, min_value=0, max_value=1, help_text="highest score")
    bbox = BoxField(required=False, help_text="west,south,east,north in degrees; west > east crosses the date line")
    limit = serializers.IntegerField(min_value=1, max_value=5000, default=100)
    offset = serializers.IntegerField(min_value=0, max_value=MOST_OFFSET, default=0)


class ReviewAsked(Strict):
    threshold = serializers.FloatField(required=False, min_value=0, max_value=1, help_text="default: the sweep's own")
    limit = serializers.IntegerField(min_value=1, max_value=500, default=60)
    offset = serializers.IntegerField(min_value=0, max_value=MOST_OFFSET, default=0)

    def get_fields(self) -> dict[str, serializers.Field]:
        """`from` is not a name that Python lets a class have."""
        return {"from": serializers.ChoiceField(["top", "threshold"], default="top"), **super().get_fields()}


class SweepSerializer(Strict):
    round = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, help_text="whose classifier; default: the newest"
    )


class TileLabelsSerializer(Strict):
    keys = serializers.ListField(child=KeyField(), min_length=1, max_length=5000)
    answer = serializers.CharField(max_length=30, allow_null=True, help_text="null: leave it to the votes again")


class AskSerializer(Strict):
    """Tiles by their keys, or so many from the top or around the threshold."""

    keys = serializers.ListField(child=KeyField(), required=False, min_length=1, max_length=answering.MOST_ASKED)
    count = serializers.IntegerField(required=False, min_value=1, max_value=answering.MOST_ASKED)
    threshold = serializers.FloatField(required=False, min_value=0, max_value=1)

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"from": serializers.ChoiceField(["top", "threshold"], required=False), **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("keys" in attrs) == ("count" in attrs):
            raise serializers.ValidationError("Say which tiles: keys, or from and count.")
        return attrs


class AuditSerializer(Strict):
    tiles = serializers.IntegerField(
        min_value=audits.FEWEST, max_value=audits.MOST, default=audits.USUAL, help_text="to be labelled"
    )
    who = serializers.ChoiceField(Audit.Who.choices, default=Audit.Who.HOST)


class AuditAsked(Strict):
    threshold = serializers.FloatField(required=False, min_value=0, max_value=1, help_text="default: the sweep's own")


class CardsPage(Strict):
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)
    offset = serializers.IntegerField(min_value=0, default=0)


class ExportAsked(Strict):
    min = serializers.FloatField(required=False, min_value=0, max_value=1, help_text="default: the sweep's threshold")
    labelled = serializers.BooleanField(default=False, help_text="leave out tiles without a label")


class SweepAnswer(serializers.Serializer):
    """What is said of a sweep; see labeling/sweeps/describing.py."""

    number = serializers.IntegerField()
    round = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(Sweep.State.choices)
    done = serializers.IntegerField(help_text="tiles scored")
    total = serializers.IntegerField()
    shards = serializers.DictField(child=serializers.IntegerField())
    tiles_per_second = serializers.FloatField(allow_null=True)
    error = serializers.CharField()
    histogram = serializers.ListField(child=serializers.IntegerField())
    threshold = serializers.FloatField(allow_null=True)
    levels = serializers.ListField(child=serializers.IntegerField())
    products = serializers.ListField(child=serializers.CharField())
    dates = serializers.ListField(child=serializers.CharField())
    classifier = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    audit = serializers.DictField(allow_null=True)


class SweepsAnswer(serializers.Serializer):
    results = SweepAnswer(many=True)


class FoundAnswer(serializers.Serializer):
    count = serializers.IntegerField()
    results = serializers.ListField(child=serializers.DictField())


class SweepHeatAnswer(serializers.Serializer):
    cell = serializers.FloatField(help_text="degrees")
    cells = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))


def asked_of(values: Mapping[str, Any]) -> found.Asked:
    return found.Asked(
        least=values.get("min", 0.0), most=values.get("max", 1.0), day=values.get("date"), area=values.get("bbox"),
        levels=(values["level"],) if "level" in values else (),
        products=(values["product"],) if "product" in values else (),
    )  # fmt: skip


class SweepHostView(HostView):
    def sweep(self, request: Request, number: int, which: int) -> Sweep:
        return starting.numbered(self.campaign(request, number), which)

    def ask(self, form: type[Strict], request: Request) -> dict[str, Any]:
        serializer = form(data=request.query_params.dict())
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def told(self, sweep: Sweep) -> dict[str, Any]:
        audit = audits.of(sweep)
        return {**words.sweep(sweep), "audit": audits.describe(audit) if audit else None}


class SweepsView(SweepHostView):
    """The campaign's sweeps, the oldest first, and a new one."""

    @extend_schema(responses=SweepsAnswer, operation_id="campaigns_sweeps_list")
    def get(self, request: Request, number: int) -> Response:
        sweeps = self.campaign(request, number).sweeps.select_related("round", "campaign__dataset")
        return Response({"results": [self.told(sweep) for sweep in sweeps]})

    @extend_schema(request=SweepSerializer, responses={200: SweepAnswer, 201: SweepAnswer})
    def post(self, request: Request, number: int) -> Response:
        """Of one that still goes on with the same classifier: 200, the same sweep."""
        campaign = self.campaign(request, number)
        asked = self.read(SweepSerializer, request)
        sweep, is_new = starting.begin(campaign, request.user, asked.get("round"))  # type: ignore[arg-type]
        return Response(self.told(sweep), 201 if is_new else 200)


class SweepView(SweepHostView):
    @extend_schema(responses=SweepAnswer)
    def get(self, request: Request, number: int, which: int) -> Response:
        return Response(self.told(self.sweep(request, number, which)))


class CancelView(SweepHostView):
    @extend_schema(request=None, responses=SweepAnswer)
    def post(self, request: Request, number: int, which: int) -> Response:
        """What has been scored stays, and can be gone on with."""
        return Response(self.told(starting.cancel(self.sweep(request, number, which))))


class ResumeView(SweepHostView):
    @extend_schema(request=None, responses=SweepAnswer)
    def post(self, request: Request, number: int, which: int) -> Response:
        """Of one that was stopped or failed: what has not been scored yet."""
        return Response(self.told(starting.resume(self.sweep(request, number, which))))


class SweepTilesView(SweepHostView):
    @extend_schema(parameters=[FoundAsked], responses=FoundAnswer)
    def get(self, request: Request, number: int, which: int) -> Response:
        """The best first. Tiles that an audit waits for are left out."""
        sweep, asked = self.sweep(request, number, which), self.ask(FoundAsked, request)
        page = found.best(
            sweep, asked_of(asked), limit=asked["limit"], offset=asked["offset"], without=found.blind(sweep.campaign)
        )
        return Response({"count": page.count, "results": words.tiles(sweep.campaign, page)})


class HeatView(SweepHostView):
    @extend_schema(parameters=[PlacesAsked], responses=SweepHeatAnswer)
    def get(self, request: Request, number: int, which: int) -> Response:
        """[longitude, latitude, tiles, best score] of cells of so many degrees."""
        sweep, asked = self.sweep(request, number, which), self.ask(PlacesAsked, request)
        return Response(words.heat(found.heat(sweep, asked_of(asked))))


class ReviewView(SweepHostView):
    @extend_schema(parameters=[ReviewAsked], responses=FoundAnswer)
    def get(self, request: Request, number: int, which: int) -> Response:
        """Tiles without a label, from the top or around the threshold."""
        sweep, asked = self.sweep(request, number, which), self.ask(ReviewAsked, request)
        threshold = limit_of(sweep, asked.get("threshold"))
        page = answering.queue(sweep, asked["from"], threshold, limit=asked["limit"], offset=asked["offset"])
        return Response({"count": page.count, "results": words.review(sweep.campaign, page)})


def limit_of(sweep: Sweep, asked: float | None) -> float:
    return asked if asked is not None else sweep.threshold if sweep.threshold is not None else 0.5


class TileLabelsView(SweepHostView):
    @extend_schema(request=TileLabelsSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, number: int, which: int) -> Response:
        """The host's word on tiles of the sweep; they become tiles of the campaign."""
        sweep, asked = self.sweep(request, number, which), self.read(TileLabelsSerializer, request)
        changed = answering.label(sweep.campaign, asked["keys"], asked["answer"], request.user)  # type: ignore[arg-type]
        return Response({"changed": changed})


class AskView(SweepHostView):
    @extend_schema(request=AskSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, number: int, which: int) -> Response:
        """The phones are asked about these tiles, before all others."""
        sweep, asked = self.sweep(request, number, which), self.read(AskSerializer, request)
        wanted = asked.get("keys")
        if wanted is None:
            threshold = limit_of(sweep, asked.get("threshold"))
            wanted = answering.queue(sweep, asked.get("from", "top"), threshold, limit=asked["count"]).keys.tolist()
        return Response({"asked": answering.ask(sweep.campaign, wanted)})


class AuditView(SweepHostView):
    """Tiles drawn at random and labelled blind, which tell how many are still missing."""

    @extend_schema(parameters=[AuditAsked], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, number: int, which: int) -> Response:
        sweep, asked = self.sweep(request, number, which), self.ask(AuditAsked, request)
        return Response(audits.describe(audits.existing(sweep), asked.get("threshold")))

    @extend_schema(request=AuditSerializer, responses={200: OpenApiTypes.OBJECT, 201: OpenApiTypes.OBJECT})
    def post(self, request: Request, number: int, which: int) -> Response:
        """A sweep has one audit: 200 and that one when it was drawn before."""
        sweep, asked = self.sweep(request, number, which), self.read(AuditSerializer, request)
        audit, is_new = audits.draw(sweep, asked["tiles"], asked["who"], request.user)  # type: ignore[arg-type]
        return Response(audits.describe(audit), 201 if is_new else 200)


class AuditCardsView(SweepHostView):
    @extend_schema(parameters=[CardsPage], responses=CardsAnswer)
    def get(self, request: Request, number: int, which: int) -> Response:
        """The audit's tiles in a random order, without anything of the classifier's."""
        sweep, asked = self.sweep(request, number, which), self.ask(CardsPage, request)
        cards = audits.cards(audits.existing(sweep))
        page = cards[asked["offset"] : asked["offset"] + asked["limit"]]
        return Response({"count": cards.count(), "results": describing.cards(sweep.campaign, page)})


class ExportView(SweepHostView):
    @extend_schema(
        parameters=[ExportAsked], responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        operation_id="campaigns_sweeps_export",
    )  # fmt: skip
    def get(self, request: Request, number: int, which: int, name: str) -> StreamingHttpResponse:
        """tiles.geojson, .parquet, .csv, .kml, coco.json, tiles.tar (WebDataset) or images.zip (ImageFolder): the tiles
        from a score on, and all that have a label."""
        sweep, asked = self.sweep(request, number, which), self.ask(ExportAsked, request)
        form, site = exporting.FORMATS[name], request.build_absolute_uri("/").rstrip("/")
        collection = exporting.Collection(
            sweep.campaign, sweep, limit_of(sweep, asked.get("min")), asked["labelled"], site
        )
        disposition = f'attachment; filename="campaign-{number}-sweep-{which}-{name}"'
        return StreamingHttpResponse(
            exporting.streamed(form.write(collection)), form.kind, headers={"Content-Disposition": disposition}
        )
