"""What requests about campaigns may say, and what the answers look like."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from labeling.campaigns import MOST_ANSWERS, MOST_CARDS
from labeling.models import Campaign
from search.api.queries import KeyField, QuerySerializer
from search.query import MOST_EXAMPLES


class Strict(serializers.Serializer):
    """Refuses fields that it does not know: a misspelt one would be lost silently."""

    def to_internal_value(self, data: Any) -> dict[str, object]:
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        if unknown:
            message = f"Unknown field {', '.join(sorted(unknown))}. Known: {', '.join(self.fields)}."
            raise serializers.ValidationError({"non_field_errors": [message]})
        read: dict[str, object] = super().to_internal_value(data)
        return read


class AnswerSerializer(Strict):
    word = serializers.CharField(max_length=40, help_text="on the button")
    code = serializers.CharField(max_length=30, required=False, help_text="in exports")
    icon = serializers.CharField(max_length=20, required=False)
    colour = serializers.CharField(max_length=7, required=False, help_text="#0072b2")
    top = serializers.CharField(max_length=30, required=False, allow_blank=True, help_text="what it is a kind of")


class AreaSerializer(Strict):
    product = serializers.CharField(max_length=80)
    date = serializers.CharField(max_length=12)
    level = serializers.IntegerField(min_value=0, max_value=13)
    bbox = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4)


WAYS = ("keys", "search", "filter", "collection", "area", "all")


class TilesSerializer(Strict):
    """One of these: which tiles come into a campaign."""

    keys = serializers.ListField(child=KeyField(), required=False, max_length=MOST_CARDS)
    search = QuerySerializer(required=False, help_text="its results, the most alike first")
    area = AreaSerializer(required=False, help_text="all tiles of a level that a box touches")
    filter = serializers.DictField(required=False, help_text="all indexed tiles that a filter keeps (docs/filters.md)")
    collection = serializers.IntegerField(required=False, min_value=1, help_text="all tiles of a collection: its id")
    all = serializers.BooleanField(required=False, help_text="all pictures of a gallery")
    examples = serializers.ListField(
        child=KeyField(), required=False, max_length=MOST_EXAMPLES,
        help_text="tiles that show what is looked for: learning begins with these",
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [name for name in WAYS if attrs.get(name)]
        if len(given) != 1:
            raise serializers.ValidationError(f"Say which tiles: one of {', '.join(WAYS)}.")
        return attrs


class CardsToAddSerializer(TilesSerializer):
    why = serializers.CharField(max_length=60, required=False, allow_blank=True)
    priority = serializers.IntegerField(required=False, min_value=-1000, max_value=1000)


class CampaignChangeSerializer(Strict):
    """A campaign's settings."""

    question = serializers.CharField(max_length=200, required=False)
    explanation = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    votes_wanted = serializers.IntegerField(required=False, min_value=1, max_value=25)
    votes_most = serializers.IntegerField(required=False, min_value=1, max_value=25)
    beyond_settled = serializers.BooleanField(required=False)
    consensus = serializers.ChoiceField(Campaign.Consensus.choices, required=False)
    show_date = serializers.BooleanField(required=False)
    show_place = serializers.BooleanField(required=False)
    show_map = serializers.BooleanField(required=False)
    show_neighbours = serializers.BooleanField(required=False)
    show_other_date = serializers.BooleanField(required=False)
    leaderboard = serializers.BooleanField(required=False)
    gold_feedback = serializers.BooleanField(required=False)


class NewSerializer(CampaignChangeSerializer):
    question = serializers.CharField(max_length=200)
    dataset = serializers.SlugField(max_length=60)
    answers = serializers.ListField(child=AnswerSerializer(), required=False, max_length=MOST_ANSWERS)
    tiles = TilesSerializer(required=False)


class StateSerializer(Strict):
    state = serializers.ChoiceField(Campaign.State.choices)


class DecisionSerializer(Strict):
    cards = serializers.ListField(child=serializers.IntegerField(min_value=1), min_length=1, max_length=5000)
    answer = serializers.CharField(max_length=30, allow_null=True, help_text="null: leave it to the votes again")


class GoldSerializer(Strict):
    keys = serializers.ListField(child=KeyField(), min_length=1, max_length=5000)
    answer = serializers.CharField(max_length=30, allow_null=True)


class ExampleSerializer(Strict):
    key = KeyField()
    answer = serializers.CharField(max_length=30)
    caption = serializers.CharField(max_length=200, required=False, allow_blank=True)


class LinkSerializer(Strict):
    name = serializers.CharField(max_length=60, required=False, allow_blank=True)
    passphrase = serializers.CharField(max_length=100, required=False, allow_blank=True, trim_whitespace=False)
    most_people = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=1_000_000)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class PersonSerializer(Strict):
    excluded = serializers.BooleanField()


class CardsAsked(Strict):
    """Which of a campaign's cards."""

    label = serializers.CharField(  # type: ignore[assignment]
        max_length=30, required=False, help_text="an answer's code, or none"
    )
    disputed = serializers.BooleanField(required=False)
    settled = serializers.BooleanField(required=False, allow_null=True, default=None)
    gold = serializers.BooleanField(required=False)
    held_out = serializers.BooleanField(required=False, help_text="those of audits, in the order they are asked in")
    changed_since = serializers.DateTimeField(required=False)
    order = serializers.ChoiceField(["position", "changed", "disagreement"], default="position")
    offset = serializers.IntegerField(min_value=0, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)


class CampaignAnswer(serializers.Serializer):
    """What is said of a campaign; see labeling/describing.py."""

    id = serializers.IntegerField()
    question = serializers.CharField()
    state = serializers.ChoiceField(Campaign.State.choices)
    dataset = serializers.DictField()
    owner = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class CampaignsAnswer(serializers.Serializer):
    results = CampaignAnswer(many=True)


class FullAnswer(CampaignAnswer, CampaignChangeSerializer):
    answers = AnswerSerializer(many=True)
    examples = serializers.ListField(child=serializers.DictField())
    progress = serializers.DictField()


class CardAnswer(serializers.Serializer):
    id = serializers.IntegerField()
    key = serializers.CharField()
    votes = serializers.IntegerField()
    target = serializers.IntegerField()
    settled = serializers.BooleanField()
    label = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    label_from = serializers.CharField()
    share = serializers.FloatField(allow_null=True)
    agreement = serializers.FloatField(allow_null=True)
    decision = serializers.CharField(allow_null=True)
    gold = serializers.CharField(allow_null=True)
    thumbnail = serializers.CharField(allow_null=True)


class CardsAnswer(serializers.Serializer):
    count = serializers.IntegerField()
    results = CardAnswer(many=True)


class ResultsAnswer(serializers.Serializer):
    results = serializers.ListField(child=serializers.DictField())
