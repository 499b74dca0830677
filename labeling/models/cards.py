"""Cards: the tiles that a campaign asks about, and who has which in hand."""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Max, Q
from django.utils import timezone

from labeling.models.campaigns import Answer, Campaign
from labeling.models.people import Person
from search import keys

LEASE = timedelta(seconds=120)  # that a card is kept for a person who says nothing


class CardQuerySet(models.QuerySet):
    def wanted(self) -> Self:
        """Those that somebody may still be given, the most needed first."""
        return self.filter(settled=False, slots__gt=0, host_only=False).order_by("-priority", "slots", "position")

    def disputed(self) -> Self:
        """What a host may want to adjudicate: no answer has more than two thirds of the votes."""
        return self.filter(decision=None, gold=None, votes__gte=2, share__lt=0.667)

    def gold(self) -> Self:
        return self.filter(gold__isnull=False)

    def highest_priority(self) -> int:
        """0 where none is above it."""
        highest: int | None = self.aggregate(highest=Max("priority"))["highest"]
        return max(0, highest or 0)


class Card(models.Model):
    """One tile of a campaign.

    target: votes it shall have, more once they disagree.  votes: that count (of people not excluded, not withdrawn).
    held: leases.  slots: votes still to be given out; maintained by the database.  settled: no more is asked.
    label: the consensus; label_from says whose.  share: of the votes (or probability) for it.  agreement: Fleiss' P_i.
    """

    class From(models.TextChoices):
        MAJORITY = "majority", "votes"
        SKILL = "skill", "votes weighted by skill"
        HOST = "host", "the host"
        GOLD = "gold", "known beforehand"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="cards")
    key = models.BigIntegerField(help_text="the tile's")
    position = models.PositiveIntegerField(default=0, help_text="order in which it came")
    priority = models.IntegerField(default=0, help_text="higher is asked first: the round's")
    why = models.CharField(max_length=60, blank=True, help_text="where it came from, why it was chosen")
    round = models.ForeignKey(
        "labeling.Round", null=True, blank=True, on_delete=models.SET_NULL, related_name="cards",
        help_text="which asked about it last",
    )  # fmt: skip
    held_out = models.BooleanField(default=False, help_text="of an audit: no classifier is trained on it")
    host_only = models.BooleanField(default=False, help_text="the host answers it: no phone gets it")
    least = models.PositiveSmallIntegerField(default=0, help_text="votes that a host wants on it, whatever the usual")
    target = models.PositiveSmallIntegerField()
    votes = models.PositiveIntegerField(default=0)
    held = models.PositiveSmallIntegerField(default=0)
    slots = models.GeneratedField(
        expression=F("target") - F("votes") - F("held"), output_field=models.IntegerField(), db_persist=True
    )
    settled = models.BooleanField(default=False)
    settled_at = models.DateTimeField(null=True, blank=True)
    gold = models.ForeignKey(Answer, null=True, blank=True, on_delete=models.SET_NULL, related_name="gold_cards")
    decision = models.ForeignKey(Answer, null=True, blank=True, on_delete=models.SET_NULL, related_name="decided_cards")
    label = models.ForeignKey(Answer, null=True, blank=True, on_delete=models.SET_NULL, related_name="labelled_cards")
    label_from = models.CharField(max_length=8, choices=From, blank=True)
    share = models.FloatField(null=True, blank=True)
    agreement = models.FloatField(null=True, blank=True)
    skill_label = models.ForeignKey(
        Answer, null=True, blank=True, on_delete=models.SET_NULL, related_name="skill_labelled_cards"
    )
    skill_share = models.FloatField(null=True, blank=True, help_text="its probability by Dawid-Skene")
    changed_at = models.DateTimeField(default=timezone.now, help_text="its votes or its label")

    objects = CardQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["campaign", "key"], name="one_card_a_tile")]
        indexes = [
            models.Index(
                "campaign", F("priority").desc(), "slots", "position", name="most_needed", condition=Q(settled=False)
            ),
            models.Index(fields=["campaign"], name="gold_cards", condition=Q(gold__isnull=False)),
            models.Index(fields=["campaign"], name="held_out_cards", condition=Q(held_out=True)),
            models.Index(fields=["campaign", "label"], name="cards_by_label"),
            models.Index(fields=["campaign", "changed_at"], name="cards_by_change"),
        ]

    def __str__(self) -> str:
        return f"{self.key} of campaign {self.campaign_id}"

    @property
    def address(self) -> keys.TileAddress:
        return keys.unpack(self.key)


class Lease(models.Model):
    """A card in a person's hand: its slot is theirs until nothing has been heard of them for LEASE."""

    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="leases")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="leases")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["card", "person"], name="one_lease_a_person")]

    def __str__(self) -> str:
        return f"{self.card} in the hands of {self.person}"


class Decision(models.Model):
    """A host's word on a card, which outweighs the votes; the latest counts, answer None takes it back."""

    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="decisions")
    answer = models.ForeignKey(Answer, null=True, blank=True, on_delete=models.SET_NULL)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["made_at", "pk"]

    def __str__(self) -> str:
        return f"{self.card}: {self.answer}"
