"""What filters ask of campaigns: tiles by their labels, and by the scores that a sweep gave them (search/filters).

Only campaigns on the same dataset that the person hosts count: whether there is another is nobody's business.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Q, QuerySet

from labeling.models import Campaign, Sweep
from labeling.models.sweeps import UNFINISHED
from labeling.sweeps import found, scores
from search import filters
from search.errors import BadQuery
from search.filters import KeyTest, Labels, Person, contained
from search.models import Dataset


def register() -> None:
    filters.register("labels", labelled)
    filters.register("scores", scored)


def labelled(dataset: Dataset, asked: Labels, user: Person) -> KeyTest:
    """Tiles whose label is one of the answers; with any label for none. BadQuery for what is not there."""
    campaign = campaign_of(dataset, asked.campaign, user)
    known = list(campaign.answers.values_list("code", flat=True))
    wrong = next((code for code in asked.answers if code not in known), None)
    if wrong is not None:
        raise BadQuery(f"{wrong[:40]!r} is not an answer of campaign {campaign.pk}. Its answers: {', '.join(known)}.")
    chosen = {"label__code__in": asked.answers} if asked.answers else {}
    held = scores.labelled_keys(campaign, **chosen)
    return lambda some: contained(some, held)


def scored(dataset: Dataset, asked: filters.Scores, user: Person) -> KeyTest:
    """Tiles of the sweep's scope whose score is in the range. BadQuery for what is not there, or not yet.

    Tiles that an audit waits for are left out: whoever labels them must not learn their scores.
    """
    campaign = campaign_of(dataset, asked.campaign, user)
    sweep = campaign.sweeps.filter(number=asked.sweep).first()
    if sweep is None:
        raise BadQuery(f"Campaign {campaign.pk} has no sweep {asked.sweep}{of_those(campaign)}")
    if sweep.status in UNFINISHED:
        raise BadQuery(f"Sweep {sweep.number} of campaign {campaign.pk} still goes on: wait for its end.")
    sweep.campaign = campaign
    parts = list(pieces(sweep, asked.low, asked.high))
    blind = found.blind(campaign)
    return lambda some: among(some, parts) & ~contained(some, blind)


def campaign_of(dataset: Dataset, number: int, user: Person) -> Campaign:
    mine = Campaign.objects.filter(dataset=dataset) if user is None else hosted(dataset, user)
    campaign = mine.select_related("dataset").filter(pk=number).first()
    if campaign is None:
        raise BadQuery(f"There is no campaign {number} on {dataset.name} that you host: leave it out of the filter.")
    return campaign


def hosted(dataset: Dataset, user: User | AnonymousUser) -> "QuerySet[Campaign]":
    return Campaign.objects.hosted_by(user).filter(dataset=dataset)


def of_those(campaign: Campaign) -> str:
    numbers = [str(number) for number in campaign.sweeps.values_list("number", flat=True)]
    return f": it has {', '.join(numbers)}." if numbers else ": it has none yet."


class Piece(NamedTuple):
    """Of one part of a sweep.  keys: (n,) int64 ascending.  wanted: (n,) bool."""

    keys: np.ndarray
    wanted: np.ndarray


def pieces(sweep: Sweep, low: float | None, high: float | None) -> Iterable[Piece]:
    for part in scores.ready(sweep):
        one = scores.opened(part)
        wanted = np.zeros(len(one.keys), bool)
        wanted[one.between(0.0 if low is None else low, 1.0 if high is None else high)] = True
        yield Piece(one.keys, wanted)


def among(some: np.ndarray, parts: list[Piece]) -> np.ndarray:
    """(n,) ascending keys -> (n,) bool: those that a part wants."""
    allowed = np.zeros(len(some), bool)
    for keys, wanted in parts:
        if len(some) and len(keys) and keys[0] <= some[-1] and some[0] <= keys[-1]:
            at = np.minimum(np.searchsorted(keys, some), len(keys) - 1)
            allowed |= (keys[at] == some) & wanted[at]
    return allowed


def offered(dataset: Dataset, user: User | AnonymousUser) -> list[dict[str, object]]:
    """What a person may filter the dataset's tiles by: their campaigns, with answers and finished sweeps."""
    mine = hosted(dataset, user).prefetch_related("sweeps").order_by("-created_at", "-pk")
    return [described(campaign) for campaign in mine]


def described(campaign: Campaign) -> dict[str, object]:
    counted = campaign.answers.annotate(labels=Count("labelled_cards", filter=Q(labelled_cards__campaign=campaign)))
    answers = list(counted.values("code", "word", "colour", "labels"))
    sweeps = [sweep for sweep in campaign.sweeps.all() if sweep.status not in UNFINISHED and sweep.histogram]
    return {
        "id": campaign.pk, "question": campaign.question, "answers": answers,
        "labels": sum(answer["labels"] for answer in answers),
        "sweeps": [
            {"number": one.number, "histogram": one.histogram, "threshold": one.threshold} for one in reversed(sweeps)
        ],
    }  # fmt: skip
