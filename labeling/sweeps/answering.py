"""Tiles of a sweep become cards: the host says what they are, or the phones are asked."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from labeling import campaigns, live, settling
from labeling.errors import BadSweep
from labeling.models import Campaign, Card, Sweep
from labeling.settling import portions
from labeling.sweeps import found

WHY = "sweep"
MOST_ASKED = 5000  # at once


def label(campaign: Campaign, keys: Sequence[int], code: str | None, user: User | None) -> int:
    """The host's word on these tiles, None to take it back; how many there are.

    UnknownAnswer, NoSuchCard for what is no tile of the dataset, BadCampaign when the campaign is full.
    """
    answer = campaigns.answer_named(campaign, code) if code else None
    with transaction.atomic():
        if answer is not None:
            campaigns.add_keys(campaign, keys, why=WHY)
        cards = [pk for some in portions(list(keys)) for pk in cards_of(campaign, some)]
        if cards:
            settling.decide(cards, answer, user)
    return len(cards)


def cards_of(campaign: Campaign, keys: Sequence[int]) -> list[int]:
    return list(campaign.cards.filter(key__in=keys).values_list("pk", flat=True))


def ask(campaign: Campaign, keys: Sequence[int]) -> int:
    """The phones are asked about these tiles before all others; how many of them still want an answer."""
    with transaction.atomic():
        locked = Campaign.locked(campaign.pk)
        urgent = priority(locked)
        campaigns.add_keys(locked, keys, why=WHY, priority=urgent)
        open_ones = 0
        for some in portions(list(keys)):
            waiting = Card.objects.filter(campaign=locked, key__in=some, settled=False, host_only=False)
            open_ones += waiting.update(priority=urgent)
        transaction.on_commit(lambda: live.new_cards(campaign.pk))
    return open_ones


def priority(campaign: Campaign) -> int:
    """Above every other card's."""
    return campaign.cards.highest_priority() + 1


def queue(sweep: Sweep, where: str, threshold: float, *, limit: int, offset: int = 0, **asked: Any) -> found.Page:
    """Tiles without a label, from the top or around the threshold; those that an audit waits for are left out."""
    without, some = found.not_wanted(sweep.campaign), found.Asked(**asked)
    if where == "top":
        return found.best(sweep, some, limit=limit, offset=offset, without=without)
    if where == "threshold":
        return found.nearest(sweep, some, threshold, limit=limit, offset=offset, without=without)
    raise BadSweep(f"{where[:20]!r} is no place to begin: choose top or threshold.")
