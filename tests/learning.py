"""A campaign that learns, on a small real dataset: bright tiles are looked for, and everybody knows which those are."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from labeling.models import Campaign, Card, Learner, Person, Round
from labeling.recording import record
from labeling.rounds import begin, run_here
from search import library
from search.models import Dataset, Shard
from tests.campaigns import make_campaign, make_people, said

SHARE = 0.1  # of the tiles that are ones


def truth(dataset: Dataset) -> dict[int, bool]:
    """Of each tile of level 5, whether it is one: the tenth that is brightest."""
    shards = Shard.objects.of(dataset).filter(level=5).order_by("scene__day")
    opened = [columns for columns in library.opened_all(list(shards)) if columns is not None]
    keys = np.concatenate([columns.keys for columns in opened])
    bright = np.concatenate([columns.column("luminance") for columns in opened])
    return dict(zip(keys.tolist(), (bright >= np.quantile(bright, 1 - SHARE)).tolist(), strict=True))


def make_learning(dataset: Dataset, keys: Iterable[int] = (), *, on: bool = True, **fields: Any) -> Campaign:
    """One vote settles a tile. Of level 5 unless the fields say otherwise."""
    campaign = make_campaign(dataset, list(keys), votes_wanted=1, votes_most=3)
    chosen = {"on": on, "every": 10, "batch": 10, "pool": 500, "scope": {"levels": [5]}, **fields}
    learner = Learner.of(campaign)
    for name, value in chosen.items():
        setattr(learner, name, value)
    learner.save()
    return campaign


def some(known: dict[int, bool], yes: int, no: int) -> list[int]:
    """So many ones and so many others."""
    ones, others = ([key for key, one in known.items() if one is kind] for kind in (True, False))
    return ones[:yes] + others[:: max(1, len(others) // max(1, no))][:no]


def answer(campaign: Campaign, known: dict[int, bool], person: Person | None = None, most: int = 1000) -> int:
    """A person answers, rightly, all that has no answer; how many that were."""
    person = person or make_people(campaign, 1)[0]
    cards: list[Card] = list(campaign.cards.filter(settled=False).order_by("-priority", "position")[:most])
    record([said(person, card, "yes" if known[card.key] else "no") for card in cards])
    return len(cards)


def make_round(campaign: Campaign, trigger: str = "host") -> Round:
    """One that has been run."""
    one, _ = begin(campaign, trigger, background=False)
    one.campaign = campaign
    assert run_here(one)
    return Round.objects.get(pk=one.pk)
