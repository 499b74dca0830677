"""What requests about sweeps may say, and what the answers look like."""

from typing import Any

from rest_framework import serializers

from labeling import audits
from labeling.api.serializers import Strict
from labeling.models import Audit, Sweep
from labeling.sweeps.answering import MOST_ASKED
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

    keys = serializers.ListField(child=KeyField(), required=False, min_length=1, max_length=MOST_ASKED)
    count = serializers.IntegerField(required=False, min_value=1, max_value=MOST_ASKED)
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
