"""Votes: facts, each with an id that the phone made, so that one sent twice is stored once."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from labeling.models.campaigns import Answer, Campaign
from labeling.models.cards import Card
from labeling.models.people import Person


class VoteQuerySet(models.QuerySet):
    def standing(self) -> Self:
        """Not taken back, and not replaced by another answer."""
        return self.filter(withdrawn_at=None)

    def counting(self) -> Self:
        """Those that make labels: standing, of people who are not excluded."""
        return self.standing().filter(person__excluded_at=None)


class Vote(models.Model):
    """A person's answer on a card. Undo and change of mind withdraw it; the row stays.

    withdrawn_by: id of the undo, or of the vote that replaced it.  took: milliseconds from the card's being shown to
    the answer, by the phone's clock.
    """

    id = models.UUIDField(primary_key=True, help_text="made by the phone")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="votes")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="all_votes")
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="all_votes")
    answer = models.ForeignKey(Answer, on_delete=models.RESTRICT, related_name="votes")
    took = models.PositiveIntegerField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True, help_text="by the phone's clock")
    received_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.UUIDField(null=True, blank=True)

    objects = VoteQuerySet.as_manager()

    class Meta:
        ordering = ["received_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "card"], name="one_standing_vote", condition=Q(withdrawn_at__isnull=True)
            )
        ]
        indexes = [models.Index(fields=["campaign", "received_at"], name="votes_by_time")]

    def __str__(self) -> str:
        return f"{self.person}: {self.answer}"
