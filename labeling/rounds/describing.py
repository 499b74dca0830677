"""Learning as the API, the host's page and the command say it."""

import io
import tarfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db.models import Count

from labeling import describing
from labeling.errors import NoSuchRound
from labeling.models import Campaign, Chosen, Learner, Round
from labeling.rounds.advice import advise
from labeling.rounds.labels import NEEDED, counts
from labeling.rounds.triggers import fresh
from search.models import Status

SETTINGS = ("on", "every", "batch", "positive", "negative", "mix", "head", "pool", "neighbours", "sources")
SCOPE: dict[str, Any] = {"products": [], "levels": [], "from": None, "to": None, "bbox": None}


def learning(campaign: Campaign) -> dict[str, Any]:
    learner = Learner.of(campaign)
    rounds = list(campaign.rounds.order_by("number"))
    now, last = counts(learner), rounds[-1] if rounds else None
    return {
        "settings": settings(learner),
        "labels": {
            "positive": now.positive, "negative": now.negative, "fresh": fresh(last, now),
            "needed": {"positive": NEEDED, "negative": NEEDED},
        },
        "pool": {"tiles": learner.pool_tiles, "archive": learner.archive_tiles},
        "rounds": described(rounds), "advice": advise(learner, now, last),
    }  # fmt: skip


def settings(learner: Learner) -> dict[str, Any]:
    return {**{name: getattr(learner, name) for name in SETTINGS}, "scope": {**SCOPE, **learner.scope}}


def described(rounds: Iterable[Round]) -> list[dict[str, Any]]:
    rounds = list(rounds)
    chosen: dict[int, dict[str, int]] = defaultdict(dict)
    rows = Chosen.objects.filter(round__in=rounds).order_by().values_list("round", "why").annotate(n=Count("pk"))
    for number, why, n in rows:
        chosen[number][why] = n
    return [one_round(one, chosen[one.pk]) for one in rounds]


def one_round(one: Round, chosen: dict[str, int]) -> dict[str, Any]:
    return {
        "number": one.number, "status": one.status, "trigger": one.trigger, "queued_at": one.queued_at,
        "started_at": one.started_at, "finished_at": one.finished_at, "done": one.done, "total": one.total,
        "error": one.error, "labels": one.labels, "positives": one.positives, "negatives": one.negatives,
        "found": one.found, "metrics": one.metrics, "cost": one.cost, "chosen": chosen, "advice": one.advice,
        "classifier": bool(one.folder),
    }  # fmt: skip


def numbered(campaign: Campaign, number: int) -> Round:
    found = campaign.rounds.filter(number=number).first()
    if found is None:
        raise NoSuchRound(f"This campaign has no round {number}.")
    return found


def with_choices(one: Round) -> dict[str, Any]:
    """Each choice as its card is now, with why it was chosen and what the classifier thought of it."""
    choices = list(one.choices.select_related("card").order_by("position"))
    cards = [choice.card for choice in choices if choice.card is not None]
    told = {card["id"]: card for card in describing.cards(one.campaign, cards)}
    return {
        **described([one])[0],
        "choices": [
            {**told[choice.card_id], "why": choice.why, "probability": rounded(choice.probability)}
            for choice in choices if choice.card_id in told
        ],
    }  # fmt: skip


def rounded(probability: float | None) -> float | None:
    return None if probability is None else round(probability, 4)


def last_trained(campaign: Campaign) -> Round | None:
    """The last round that made a classifier."""
    return campaign.rounds.filter(status=Status.READY).exclude(folder="").order_by("number").last()


def newest(campaign: Campaign) -> Round:
    """As `last_trained`; NoSuchRound before there is one."""
    found = last_trained(campaign)
    if found is None:
        text = f"There is no classifier yet: it takes {NEEDED} yes and {NEEDED} no labels, and a round."
        raise NoSuchRound(text)
    return found


def packed(folder: Path, name: str) -> bytes:
    """A folder of a few files as a tar archive with one folder of this name; NoSuchRound when it is gone."""
    if not folder.is_dir():
        raise NoSuchRound("The classifier's files are gone: begin another round.")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.add(folder, name)
    return out.getvalue()
