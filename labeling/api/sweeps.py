"""/api/v1/campaigns/<id>/sweeps…: every tile scored, what was found, how much is missing, and all of it as files."""

from collections.abc import Mapping
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling import audits, describing, exporting
from labeling.api import sweep_forms as forms
from labeling.api.serializers import CardsAnswer, Strict
from labeling.api.views import HostView
from labeling.models import Sweep
from labeling.sweeps import answering, found, starting
from labeling.sweeps import describing as words


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

    @extend_schema(responses=forms.SweepsAnswer, operation_id="campaigns_sweeps_list")
    def get(self, request: Request, number: int) -> Response:
        sweeps = self.campaign(request, number).sweeps.select_related("round", "campaign__dataset")
        return Response({"results": [self.told(sweep) for sweep in sweeps]})

    @extend_schema(request=forms.SweepSerializer, responses={200: forms.SweepAnswer, 201: forms.SweepAnswer})
    def post(self, request: Request, number: int) -> Response:
        """Of one that still goes on with the same classifier: 200, the same sweep."""
        campaign = self.campaign(request, number)
        asked = self.read(forms.SweepSerializer, request)
        sweep, is_new = starting.begin(campaign, request.user, asked.get("round"))  # type: ignore[arg-type]
        return Response(self.told(sweep), 201 if is_new else 200)


class SweepView(SweepHostView):
    @extend_schema(responses=forms.SweepAnswer)
    def get(self, request: Request, number: int, which: int) -> Response:
        return Response(self.told(self.sweep(request, number, which)))


class CancelView(SweepHostView):
    @extend_schema(request=None, responses=forms.SweepAnswer)
    def post(self, request: Request, number: int, which: int) -> Response:
        """What has been scored stays, and can be gone on with."""
        return Response(self.told(starting.cancel(self.sweep(request, number, which))))


class ResumeView(SweepHostView):
    @extend_schema(request=None, responses=forms.SweepAnswer)
    def post(self, request: Request, number: int, which: int) -> Response:
        """Of one that was stopped or failed: what has not been scored yet."""
        return Response(self.told(starting.resume(self.sweep(request, number, which))))


class SweepTilesView(SweepHostView):
    @extend_schema(parameters=[forms.FoundAsked], responses=forms.FoundAnswer)
    def get(self, request: Request, number: int, which: int) -> Response:
        """The best first. Tiles that an audit waits for are left out."""
        sweep, asked = self.sweep(request, number, which), self.ask(forms.FoundAsked, request)
        page = found.best(
            sweep, asked_of(asked), limit=asked["limit"], offset=asked["offset"], without=found.blind(sweep.campaign)
        )
        return Response({"count": page.count, "results": words.tiles(sweep.campaign, page)})


class HeatView(SweepHostView):
    @extend_schema(parameters=[forms.PlacesAsked], responses=forms.SweepHeatAnswer)
    def get(self, request: Request, number: int, which: int) -> Response:
        """[longitude, latitude, tiles, best score] of cells of so many degrees."""
        sweep, asked = self.sweep(request, number, which), self.ask(forms.PlacesAsked, request)
        return Response(words.heat(found.heat(sweep, asked_of(asked))))


class ReviewView(SweepHostView):
    @extend_schema(parameters=[forms.ReviewAsked], responses=forms.FoundAnswer)
    def get(self, request: Request, number: int, which: int) -> Response:
        """Tiles without a label, from the top or around the threshold."""
        sweep, asked = self.sweep(request, number, which), self.ask(forms.ReviewAsked, request)
        threshold = limit_of(sweep, asked.get("threshold"))
        page = answering.queue(sweep, asked["from"], threshold, limit=asked["limit"], offset=asked["offset"])
        return Response({"count": page.count, "results": words.review(sweep.campaign, page)})


def limit_of(sweep: Sweep, asked: float | None) -> float:
    return asked if asked is not None else sweep.threshold if sweep.threshold is not None else 0.5


class TileLabelsView(SweepHostView):
    @extend_schema(request=forms.TileLabelsSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, number: int, which: int) -> Response:
        """The host's word on tiles of the sweep; they become tiles of the campaign."""
        sweep, asked = self.sweep(request, number, which), self.read(forms.TileLabelsSerializer, request)
        changed = answering.label(sweep.campaign, asked["keys"], asked["answer"], request.user)  # type: ignore[arg-type]
        return Response({"changed": changed})


class AskView(SweepHostView):
    @extend_schema(request=forms.AskSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, number: int, which: int) -> Response:
        """The phones are asked about these tiles, before all others."""
        sweep, asked = self.sweep(request, number, which), self.read(forms.AskSerializer, request)
        wanted = asked.get("keys")
        if wanted is None:
            threshold = limit_of(sweep, asked.get("threshold"))
            wanted = answering.queue(sweep, asked.get("from", "top"), threshold, limit=asked["count"]).keys.tolist()
        return Response({"asked": answering.ask(sweep.campaign, wanted)})


class AuditView(SweepHostView):
    """Tiles drawn at random and labelled blind, which tell how many are still missing."""

    @extend_schema(parameters=[forms.AuditAsked], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, number: int, which: int) -> Response:
        sweep, asked = self.sweep(request, number, which), self.ask(forms.AuditAsked, request)
        return Response(audits.describe(audits.existing(sweep), asked.get("threshold")))

    @extend_schema(request=forms.AuditSerializer, responses={200: OpenApiTypes.OBJECT, 201: OpenApiTypes.OBJECT})
    def post(self, request: Request, number: int, which: int) -> Response:
        """A sweep has one audit: 200 and that one when it was drawn before."""
        sweep, asked = self.sweep(request, number, which), self.read(forms.AuditSerializer, request)
        audit, is_new = audits.draw(sweep, asked["tiles"], asked["who"], request.user)  # type: ignore[arg-type]
        return Response(audits.describe(audit), 201 if is_new else 200)


class AuditCardsView(SweepHostView):
    @extend_schema(parameters=[forms.CardsPage], responses=CardsAnswer)
    def get(self, request: Request, number: int, which: int) -> Response:
        """The audit's tiles in a random order, without anything of the classifier's."""
        sweep, asked = self.sweep(request, number, which), self.ask(forms.CardsPage, request)
        cards = audits.cards(audits.existing(sweep))
        page = cards[asked["offset"] : asked["offset"] + asked["limit"]]
        return Response({"count": cards.count(), "results": describing.cards(sweep.campaign, page)})


class ExportView(SweepHostView):
    @extend_schema(
        parameters=[forms.ExportAsked], responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        operation_id="campaigns_sweeps_export",
    )  # fmt: skip
    def get(self, request: Request, number: int, which: int, name: str) -> StreamingHttpResponse:
        """tiles.geojson, .parquet, .csv, .kml, coco.json, tiles.tar (WebDataset) or images.zip (ImageFolder): the tiles
        from a score on, and all that have a label."""
        sweep, asked = self.sweep(request, number, which), self.ask(forms.ExportAsked, request)
        form, site = exporting.FORMATS[name], request.build_absolute_uri("/").rstrip("/")
        collection = exporting.Collection(
            sweep.campaign, sweep, limit_of(sweep, asked.get("min")), asked["labelled"], site
        )
        disposition = f'attachment; filename="campaign-{number}-sweep-{which}-{name}"'
        return StreamingHttpResponse(
            exporting.streamed(form.write(collection)), form.kind, headers={"Content-Disposition": disposition}
        )
