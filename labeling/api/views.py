"""/api/v1/campaigns/…: what a host can do. Whoever hosts none of it gets 404, whether it exists or not."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db.models import F, QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from labeling import campaigns, deleting, describing, exporting, filtering, people, settling
from labeling import links as share_links
from labeling.api import serializers as forms
from labeling.errors import NoSuchCampaign, NoSuchCard, NotHost
from labeling.models import Campaign, Card
from search import filters
from search.api.queries import as_query
from search.api.views import scene_asked
from search.errors import NoSuchCollection
from search.filters import Person
from search.models import Collection, Dataset


class HostView(APIView):
    permission_classes = [IsAuthenticated]

    def campaign(self, request: Request, number: int) -> Campaign:
        return Campaign.hosted(request.user, number)

    def read(self, form: type[Serializer], request: Request) -> dict[str, Any]:
        serializer = form(data=request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


class CampaignsView(HostView):
    """The campaigns that you host, and new ones."""

    @extend_schema(responses=forms.CampaignsAnswer, operation_id="campaigns_list")
    def get(self, request: Request) -> Response:
        mine = Campaign.objects.hosted_by(request.user).select_related("dataset", "owner")
        return Response({"results": [describing.brief(campaign) for campaign in mine]})

    @extend_schema(request=forms.NewSerializer, responses={201: forms.FullAnswer})
    def post(self, request: Request) -> Response:
        asked = self.read(forms.NewSerializer, request)
        dataset = Dataset.visible(request.user, asked.pop("dataset"))
        tiles, answers = asked.pop("tiles", None), asked.pop("answers", None)
        campaign = campaigns.create(request.user, dataset, asked.pop("question"), answers, **asked)  # type: ignore[arg-type]
        try:
            add(campaign, tiles or {}, request.user)
        except Exception:
            campaign.delete()  # one that its tiles could not be put into would surprise its host later
            raise
        return Response(describing.full(campaign), 201)


def add(campaign: Campaign, tiles: Mapping[str, Any], user: Person) -> int:
    """How many tiles are new.  user: who asks, whose campaigns a filter may be about."""
    if tiles.get("examples"):
        campaigns.remember_examples(campaign, tiles["examples"])
    priority = tiles.get("priority", 0)
    if tiles.get("search"):
        return campaigns.add_search(campaign, as_query(tiles["search"]), user, priority=priority)
    if tiles.get("area"):
        area = tiles["area"]
        scene = scene_asked(campaign.dataset, area["product"], area["date"])
        return campaigns.add_area(campaign, scene, area["level"], tuple(area["bbox"]), priority=priority)
    if tiles.get("filter"):
        return campaigns.add_filtered(campaign, filters.read(tiles["filter"]), user, priority=priority)
    if tiles.get("collection"):
        chosen = collection_numbered(campaign.dataset, tiles["collection"])
        return campaigns.add_collection(campaign, chosen, priority=priority)
    if tiles.get("all"):
        return campaigns.add_pictures(campaign, priority=priority)
    return campaigns.add_keys(campaign, tiles.get("keys", []), why=tiles.get("why", ""), priority=priority)


def collection_numbered(dataset: Dataset, number: int) -> Collection:
    found = dataset.collections.filter(pk=number).first()
    if found is None:
        raise NoSuchCollection(f"{dataset.name} has no collection {number}: it may have been deleted.")
    return found


class CampaignView(HostView):
    @extend_schema(responses=forms.FullAnswer)
    def get(self, request: Request, number: int) -> Response:
        return Response(describing.full(self.campaign(request, number)))

    @extend_schema(request=forms.CampaignChangeSerializer, responses=forms.FullAnswer)
    def patch(self, request: Request, number: int) -> Response:
        campaign = self.campaign(request, number)
        return Response(describing.full(campaigns.change(campaign, self.read(forms.CampaignChangeSerializer, request))))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, number: int) -> Response:
        """With all its votes; only its owner may."""
        campaign = self.campaign(request, number)
        if not (request.user.is_staff or campaign.owner_id == request.user.pk):
            raise NotHost("Only the campaign's owner may delete it.")
        deleting.delete(campaign)
        return Response(status=204)


class StateView(HostView):
    @extend_schema(request=forms.StateSerializer, responses=forms.FullAnswer)
    def post(self, request: Request, number: int) -> Response:
        """open, paused or closed."""
        campaign = self.campaign(request, number)
        asked = self.read(forms.StateSerializer, request)
        return Response(describing.full(campaigns.set_state(campaign, asked["state"])))


class ProgressView(HostView):
    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, number: int) -> Response:
        return Response(describing.progress(self.campaign(request, number)))


class CardsView(HostView):
    """The campaign's tiles with their labels, and more of them."""

    @extend_schema(parameters=[forms.CardsAsked], responses=forms.CardsAnswer, operation_id="campaigns_cards_list")
    def get(self, request: Request, number: int) -> Response:
        campaign = self.campaign(request, number)
        asked = forms.CardsAsked(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        found = chosen(campaign, asked.validated_data)
        offset = asked.validated_data["offset"]
        page = found[offset : offset + asked.validated_data["limit"]]
        return Response({"count": found.count(), "results": describing.cards(campaign, page)})

    @extend_schema(request=forms.CardsToAddSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, number: int) -> Response:
        campaign = self.campaign(request, number)
        added = add(campaign, self.read(forms.CardsToAddSerializer, request), request.user)
        return Response({"added": added, "tiles": campaign.cards.count()}, 201)


ORDERS: dict[str, tuple[Any, ...]] = {
    "position": ("position", "pk"),
    "changed": ("-changed_at", "pk"),
    "disagreement": (F("share").asc(nulls_last=True), "position", "pk"),
}


def chosen(campaign: Campaign, asked: Mapping[str, Any]) -> QuerySet[Card]:
    found: Any = campaign.cards.all()
    if asked.get("disputed"):
        found = found.disputed()
    if asked.get("gold"):
        found = found.gold()
    if asked.get("held_out"):
        found = found.filter(held_out=True)
    if label := asked.get("label"):
        found = found.filter(label=None) if label == "none" else found.filter(label__code=label)
    if asked.get("settled") is not None:
        found = found.filter(settled=asked["settled"])
    if since := asked.get("changed_since"):
        found = found.filter(changed_at__gte=since)
    return found.order_by(*ORDERS[asked["order"]])


class CardView(HostView):
    @extend_schema(responses=forms.CardAnswer)
    def get(self, request: Request, number: int, card: int) -> Response:
        """With every vote on it."""
        campaign = self.campaign(request, number)
        found = campaign.cards.filter(pk=card).first()
        if found is None:
            raise NoSuchCard(f"This campaign has no tile {card}.")
        return Response({**describing.cards(campaign, [found])[0], "said": describing.said(found)})


class DecisionsView(HostView):
    @extend_schema(request=forms.DecisionSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, number: int) -> Response:
        """The host's word, which outweighs the votes."""
        campaign = self.campaign(request, number)
        asked = self.read(forms.DecisionSerializer, request)
        wanted = set(asked["cards"])
        if campaign.cards.filter(pk__in=wanted).count() != len(wanted):
            raise NoSuchCard("Some of these tiles are not in the campaign. Load the page again.")
        answer = campaigns.answer_named(campaign, asked["answer"]) if asked["answer"] else None
        settling.decide(wanted, answer, request.user)  # type: ignore[arg-type]
        return Response({"changed": len(wanted)})


class GoldView(HostView):
    @extend_schema(request=forms.GoldSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, number: int) -> Response:
        """Tiles whose answer is known: everyone gets some of them."""
        campaign = self.campaign(request, number)
        asked = self.read(forms.GoldSerializer, request)
        return Response({"changed": campaigns.set_gold(campaign, asked["keys"], asked["answer"])})


class ExamplesView(HostView):
    @extend_schema(request=forms.ExampleSerializer, responses={201: forms.ResultsAnswer})
    def post(self, request: Request, number: int) -> Response:
        campaign = self.campaign(request, number)
        asked = self.read(forms.ExampleSerializer, request)
        campaigns.add_example(campaign, asked["key"], asked["answer"], asked.get("caption", ""))
        return Response({"results": describing.examples(campaign)}, 201)


class ExampleView(HostView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, number: int, example: int) -> Response:
        gone, _ = self.campaign(request, number).examples.filter(pk=example).delete()
        if not gone:
            raise NoSuchCampaign(f"This campaign has no example {example}.")
        return Response(status=204)


class LinksView(HostView):
    @extend_schema(responses=forms.ResultsAnswer, operation_id="campaigns_links_list")
    def get(self, request: Request, number: int) -> Response:
        return Response({"results": describing.links(self.campaign(request, number))})

    @extend_schema(request=forms.LinkSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, number: int) -> Response:
        """`token` and `address` are told this once and never again."""
        campaign = self.campaign(request, number)
        link, token = share_links.make(campaign, **self.read(forms.LinkSerializer, request), made_by=request.user)  # type: ignore[arg-type]
        address = request.build_absolute_uri(share_links.address(token))
        return Response({**describing.link(link), "token": token, "address": address}, 201)


class RevokeView(HostView):
    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, number: int, link: int) -> Response:
        """It works no more, and the phones that came by it are told at once."""
        found = self.campaign(request, number).links.filter(pk=link).first()
        if found is None:
            raise NoSuchCampaign(f"This campaign has no link {link}.")
        share_links.revoke(found)
        return Response(describing.link(found))


class PeopleView(HostView):
    @extend_schema(responses=forms.ResultsAnswer, operation_id="campaigns_people_list")
    def get(self, request: Request, number: int) -> Response:
        return Response({"results": describing.everybody(self.campaign(request, number))})


class PersonView(HostView):
    @extend_schema(request=forms.PersonSerializer, responses=OpenApiTypes.OBJECT)
    def patch(self, request: Request, number: int, person: int) -> Response:
        """Whether somebody's votes count; they are kept in any case."""
        found = self.campaign(request, number).people.select_related("link").filter(pk=person).first()
        if found is None:
            raise NoSuchCampaign(f"Nobody in this campaign has the number {person}.")
        excluded = self.read(forms.PersonSerializer, request)["excluded"]
        (people.exclude if excluded else people.include)(found)
        return Response(describing.person(found))


class DatasetLabelsView(APIView):
    """What you may filter a dataset's tiles by: labels and scores of the campaigns on it that you host."""

    @extend_schema(responses=forms.ResultsAnswer, operation_id="datasets_labels_list")
    def get(self, request: Request, slug: str) -> Response:
        dataset = Dataset.visible(request.user, slug)
        return Response({"results": filtering.offered(dataset, request.user)})


FILES: dict[str, tuple[Callable[[Campaign], Iterator[str]], str]] = {
    "votes.csv": (exporting.votes_csv, "text/csv; charset=utf-8"),
    "labels.csv": (exporting.labels_csv, "text/csv; charset=utf-8"),
    "labels.geojson": (exporting.labels_geojson, "application/geo+json"),
}


class FileView(HostView):
    """votes.csv, labels.csv or labels.geojson, written as they are read."""

    @extend_schema(responses={(200, "text/plain"): str}, operation_id="campaigns_export")
    def get(self, request: Request, number: int, name: str) -> StreamingHttpResponse:
        campaign = self.campaign(request, number)
        lines, kind = FILES[name]
        disposition = f'attachment; filename="campaign-{campaign.pk}-{name}"'
        return StreamingHttpResponse(
            exporting.streamed(lines(campaign)), kind, headers={"Content-Disposition": disposition}
        )
