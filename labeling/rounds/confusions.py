"""Where classifier and labels disagree: what a host may want to look at again.

Each labelled tile is judged by a classifier that was trained without its place (cross-validation of the newest round).
"""

from typing import Any

import numpy as np

from labeling import describing
from labeling.models import Campaign, Card, Learner
from labeling.rounds import keeping
from labeling.rounds.describing import last_trained, rounded
from labeling.rounds.labels import answers
from labeling.settling import portions
from ml.classify.suspects import label_issues

MOST = 24  # of each kind


def confusions(campaign: Campaign) -> dict[str, Any]:
    """noes: the ones that look most like yes; yeses: that look least like it; suspects: labels that are likely wrong.

    By what their labels are now. Before there is a classifier there are none, and `round` is None.
    """
    one, learner = last_trained(campaign), Learner.of(campaign)
    record = keeping.read(learner, one.number) if one else None
    if one is None or record is None:
        return {"round": one and one.number, "noes": [], "yeses": [], "suspects": []}
    judged = np.isfinite(record.held_out)
    keys, targets, chances = (column[judged] for column in (record.keys, record.targets, record.held_out))
    chance = dict(zip(keys.tolist(), chances.tolist(), strict=True))
    cards = cards_by_key(campaign, keys.tolist())
    yes, no = answers(learner)
    falling, rising = keys[np.argsort(-chances, kind="stable")], keys[np.argsort(chances, kind="stable")]
    wrong = keys[label_issues(targets, chances)]
    found = {
        "noes": [key for key in falling.tolist() if key in cards and cards[key].label_id in no],
        "yeses": [key for key in rising.tolist() if key in cards and cards[key].label_id in yes],
        "suspects": [key for key in wrong.tolist() if key in cards and not cards[key].decision_id],
    }
    told = {name: [cards[key] for key in some[:MOST]] for name, some in found.items()}
    return {"round": one.number, **{name: described(campaign, some, chance) for name, some in told.items()}}


def cards_by_key(campaign: Campaign, keys: list[int]) -> dict[int, Card]:
    """Those that have a label that may train."""
    cards = campaign.cards.filter(label__isnull=False, held_out=False)
    return {card.key: card for some in portions(keys) for card in cards.filter(key__in=some)}


def described(campaign: Campaign, cards: list[Card], chance: dict[int, float]) -> list[dict[str, Any]]:
    told = describing.cards(campaign, cards)
    return [{**card, "probability": rounded(chance[row.key])} for row, card in zip(cards, told, strict=True)]
