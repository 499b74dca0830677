"""/api/v1/campaigns/<id>/learning…: how a campaign learns, its rounds and what they are unsure about."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling import rounds
from labeling.api.serializers import CardAnswer, Strict
from labeling.api.views import HostView
from labeling.models import Learner, Round
from labeling.models.rounds import MOST_POOL
from labeling.rounds import describing
from labeling.rounds.learners import SOURCES
from ml.active.settings import MOST_NEIGHBOURS


class MixSerializer(Strict):
    """Shares of a batch; only their proportions count."""

    likely = serializers.FloatField(required=False, min_value=0, max_value=1000)
    unsure = serializers.FloatField(required=False, min_value=0, max_value=1000)
    diverse = serializers.FloatField(required=False, min_value=0, max_value=1000)
    random = serializers.FloatField(required=False, min_value=0, max_value=1000)


class ScopeSerializer(Strict):
    """What of the dataset; what is left out is not bounded, but levels are those of the campaign's tiles then."""

    products = serializers.ListField(child=serializers.CharField(max_length=80), required=False, max_length=64)
    levels = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=13), required=False, max_length=14
    )
    bbox = serializers.ListField(
        child=serializers.FloatField(min_value=-180, max_value=180), required=False, allow_null=True, min_length=4,
        max_length=4, help_text="west, south, east, north in degrees; west > east crosses the date line",
    )  # fmt: skip

    polygon = serializers.DictField(required=False, allow_null=True, help_text="GeoJSON")
    metrics = serializers.DictField(required=False, help_text="ranges of number columns, as of a filter")
    values = serializers.DictField(required=False, help_text="texts of text columns, as of a filter")
    collections = serializers.ListField(child=serializers.CharField(max_length=80), required=False, max_length=100)
    not_collections = serializers.ListField(child=serializers.CharField(max_length=80), required=False, max_length=100)
    labels = serializers.ListField(required=False, help_text="refused: they change with what is learnt")
    scores = serializers.ListField(required=False, help_text="refused: they change with what is learnt")

    def get_fields(self) -> dict[str, serializers.Field]:
        """`from` and `to` are not names Python lets a class have."""
        dates = {name: serializers.DateField(required=False, allow_null=True) for name in ("from", "to")}
        return {**super().get_fields(), **dates}


class LearningSerializer(Strict):
    """Whatever of the settings is to be changed."""

    on = serializers.BooleanField(required=False, help_text="rounds begin by themselves")
    every = serializers.IntegerField(required=False, min_value=1, max_value=10_000, help_text="labels, then a round")
    batch = serializers.IntegerField(required=False, min_value=1, max_value=1000, help_text="tiles a round asks about")
    positive = serializers.ListField(
        child=serializers.CharField(max_length=30), required=False, min_length=1, max_length=20
    )
    negative = serializers.ListField(
        child=serializers.CharField(max_length=30), required=False, min_length=1, max_length=20
    )
    mix = MixSerializer(required=False)
    head = serializers.ChoiceField(Learner.Head.choices, required=False)
    pool = serializers.IntegerField(required=False, min_value=100, max_value=MOST_POOL)
    neighbours = serializers.IntegerField(required=False, min_value=0, max_value=MOST_NEIGHBOURS)
    sources = serializers.ListField(child=serializers.ChoiceField(SOURCES), required=False, max_length=len(SOURCES))
    scope = ScopeSerializer(required=False)


class RelabelSerializer(Strict):
    cards = serializers.ListField(child=serializers.IntegerField(min_value=1), min_length=1, max_length=5000)


class RoundAnswer(serializers.Serializer):
    """A round; metrics are [value, low, high] with a 95 % interval, and say what they were measured on."""

    number = serializers.IntegerField()
    status = serializers.CharField()
    trigger = serializers.ChoiceField(Round.Trigger.choices)
    queued_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    error = serializers.CharField()
    labels = serializers.IntegerField()
    positives = serializers.IntegerField()
    negatives = serializers.IntegerField()
    found = serializers.IntegerField()
    metrics = serializers.DictField()
    cost = serializers.DictField()
    chosen = serializers.DictField(child=serializers.IntegerField(), help_text="tiles by why they were chosen")
    advice = serializers.DictField(help_text="of the moment when it ended")
    classifier = serializers.BooleanField(help_text="whether it trained one")


class ChoiceAnswer(CardAnswer):
    why = serializers.CharField()
    probability = serializers.FloatField(allow_null=True)


class FullRoundAnswer(RoundAnswer):
    choices = ChoiceAnswer(many=True)


class LearningAnswer(serializers.Serializer):
    settings = LearningSerializer()
    labels = serializers.DictField()
    pool = serializers.DictField(child=serializers.IntegerField())
    rounds = RoundAnswer(many=True)
    advice = serializers.DictField()


class ConfusionsAnswer(serializers.Serializer):
    round = serializers.IntegerField(allow_null=True)
    noes = ChoiceAnswer(many=True)
    yeses = ChoiceAnswer(many=True)
    suspects = ChoiceAnswer(many=True)


class LearningView(HostView):
    """How the campaign learns, its labels, its rounds, and whether to go on."""

    @extend_schema(responses=LearningAnswer)
    def get(self, request: Request, number: int) -> Response:
        return Response(describing.learning(self.campaign(request, number)))

    @extend_schema(request=LearningSerializer, responses=LearningAnswer)
    def patch(self, request: Request, number: int) -> Response:
        """Turned on with an example, it begins at once."""
        campaign = self.campaign(request, number)
        rounds.change(campaign, self.read(LearningSerializer, request))
        return Response(describing.learning(campaign))


class RoundsView(HostView):
    @extend_schema(request=None, responses={201: RoundAnswer, 200: RoundAnswer})
    def post(self, request: Request, number: int) -> Response:
        """A round now; the one that waits or runs already, if there is one."""
        campaign = self.campaign(request, number)
        one, new = rounds.ask_for_one(campaign)
        return Response(describing.described([one])[0], 201 if new else 200)


class RoundView(HostView):
    @extend_schema(responses=FullRoundAnswer)
    def get(self, request: Request, number: int, which: int) -> Response:
        """With what it chose to ask about, and why."""
        campaign = self.campaign(request, number)
        one = describing.numbered(campaign, which)
        one.campaign = campaign
        return Response(describing.with_choices(one))


class ConfusionsView(HostView):
    @extend_schema(responses=ConfusionsAnswer)
    def get(self, request: Request, number: int) -> Response:
        """Where classifier and labels disagree most, each tile judged by a classifier that was not trained on it."""
        return Response(rounds.confusions(self.campaign(request, number)))


class RelabelView(HostView):
    @extend_schema(request=RelabelSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, number: int) -> Response:
        """More votes are asked about these, before all other tiles; not where the host has decided."""
        campaign = self.campaign(request, number)
        asked: dict[str, Any] = self.read(RelabelSerializer, request)
        return Response({"changed": rounds.relabel(campaign, asked["cards"])})


class ClassifierView(HostView):
    @extend_schema(responses={(200, "application/x-tar"): OpenApiTypes.BINARY})
    def get(self, request: Request, number: int) -> HttpResponse:
        """The newest classifier's folder as a tar archive, for `python -m ml.classify`."""
        campaign = self.campaign(request, number)
        one = describing.newest(campaign)
        name = f"campaign-{campaign.pk}-round-{one.number}"
        content = describing.packed(one.path(), name)  # type: ignore[arg-type]
        disposition = f'attachment; filename="{name}.tar"'
        return HttpResponse(content, "application/x-tar", headers={"Content-Disposition": disposition})
