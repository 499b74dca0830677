"""What a campaign's votes teach a classifier: for each tile a chance that it is one, and how much that weighs.

The chance is the share of yes among the yes and no votes that count, with half a vote added to either side (Jeffreys'
prior), so that one vote is believed less than three; what people were unsure about, or could not see, teaches nothing.
A host's word and a known answer are taken as they are. Tiles that an audit holds out, and whatever shows the same
ground on any date or at any level, are left out: they are there to judge the classifier.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from labeling import campaigns, settling
from labeling.models import Answer, Campaign, Card, Learner, Vote
from labeling.models.campaigns import MOST_VOTES
from labeling.rounds import places
from ml.active import Disputes
from ml.classify import Labels
from search.models import Dataset

PRIOR = 0.5  # votes
NEEDED = 5  # yes labels, and as many no labels, from which a classifier is trained


@dataclass(frozen=True)
class Counts:
    """Labels that are settled and may train: positive, negative.  found: positives in all, held out or not."""

    positive: int
    negative: int
    found: int

    @property
    def settled(self) -> int:
        return self.positive + self.negative

    @property
    def enough(self) -> bool:
        return min(self.positive, self.negative) >= NEEDED


def counts(learner: Learner) -> Counts:
    yes, no = answers(learner)
    mine = Q(settled=True, held_out=False)
    counted = Card.objects.filter(campaign=learner.campaign_id, label__in=yes | no).aggregate(
        positive=Count("pk", filter=mine & Q(label__in=yes)), negative=Count("pk", filter=mine & Q(label__in=no)),
        found=Count("pk", filter=Q(label__in=yes)),
    )  # fmt: skip
    return Counts(**counted)


def answers(learner: Learner) -> tuple[set[int], set[int]]:
    """Ids of the answers that count as yes, and as no."""
    known = dict(Answer.objects.filter(campaign=learner.campaign_id).values_list("code", "pk"))
    yes, no = ({known[code] for code in codes if code in known} for codes in (learner.positive, learner.negative))
    return yes, no


@dataclass(frozen=True)
class Lesson:
    """labels: to train on.  held_out: keys of tiles that judge.  settled: keys of tiles that have their votes.

    disputes: settled ones whose votes disagree.
    """

    dataset: Dataset
    labels: Labels
    held_out: np.ndarray
    settled: np.ndarray
    disputes: Disputes

    def within(self, has: Callable[[np.ndarray], np.ndarray]) -> "Lesson":
        """Of tiles that an archive has: others cannot be learnt from.  has: (n,) keys -> (n,) bool."""
        kept = has(self.labels.keys)
        some = Labels(self.labels.keys[kept], self.labels.targets[kept], self.labels.weights[kept])
        disputed = has(self.disputes.keys)
        return replace(self, labels=some, disputes=Disputes(*(column[disputed] for column in self.disputes)))

    @property
    def places(self) -> np.ndarray:
        """(n,) the place of each label."""
        return places.groups(self.dataset, self.labels.keys)

    @property
    def positive_keys(self) -> np.ndarray:
        return self.labels.keys[self.labels.positive]

    @property
    def asked(self) -> np.ndarray:
        """Keys about which nothing is asked: those that are labelled, settled or held out."""
        return np.unique(np.concatenate([self.labels.keys, self.held_out, self.settled]))

    @property
    def no_lesson(self) -> np.ndarray:
        """Of those, the ones that are not trained on either."""
        return np.setdiff1d(self.asked, self.labels.keys)

    def judges(self, tiles: np.ndarray) -> np.ndarray:
        """(n,) bool: which show ground that an audit judges."""
        return places.touching(self.dataset, tiles, self.held_out)

    @property
    def positives(self) -> int:
        return int(self.labels.positive.sum())

    @property
    def negatives(self) -> int:
        return len(self.labels) - self.positives

    @property
    def enough(self) -> bool:
        return min(self.positives, self.negatives) >= NEEDED


def lesson(learner: Learner) -> Lesson:
    """From what is stored now; nothing is locked."""
    campaign = learner.campaign
    yes, no = answers(learner)
    said = votes(campaign, yes, no)
    spoken = campaign.cards.filter(Q(votes__gt=0) | Q(decision__isnull=False) | Q(gold__isnull=False), held_out=False)
    rows: list[tuple[int, float, float]] = []
    for card in spoken.order_by("key").only("campaign", "key", "decision", "gold", "skill_label", "skill_share"):
        believed = belief(card, said.get(card.pk, (0, 0)), yes, no)
        if believed is not None and campaign.consensus == Campaign.Consensus.SKILL:
            believed = skilled(card, believed, yes, no)
        if believed is not None:
            rows.append((card.key, *believed))
    held_out = keys_of(campaign.cards.filter(held_out=True))
    tiles = np.array([key for key, _, _ in rows], np.int64)
    kept = ~places.touching(campaign.dataset, tiles, held_out)
    targets, weights = (np.array([row[i] for row in rows], np.float32) for i in (1, 2))
    return Lesson(
        campaign.dataset, Labels(tiles[kept], targets[kept], weights[kept]), held_out,
        keys_of(campaign.cards.filter(settled=True)), disputes(campaign, said),
    )  # fmt: skip


def disputes(campaign: Campaign, said: dict[int, tuple[int, int]]) -> Disputes:
    """Of tiles that have their votes, may get more of them, and have votes for yes and for no."""
    rows = campaign.cards.filter(settled=True, held_out=False, decision=None, gold=None, votes__lt=MOST_VOTES - 1)
    both = [
        (key, *said[pk]) for pk, key in rows.filter(share__lt=1).values_list("pk", "key") if min(said.get(pk, (0,)))
    ]
    keys, yes, no = (np.array([row[i] for row in both], kind) for i, kind in enumerate((np.int64, float, float)))
    return Disputes(keys, yes, no)


def keys_of(cards: QuerySet[Card]) -> np.ndarray:
    return np.array(list(cards.order_by("key").values_list("key", flat=True)), np.int64)


def votes(campaign: Campaign, yes: set[int], no: set[int]) -> dict[int, tuple[int, int]]:
    """Of each card's id, how many counting votes say yes, and no."""
    counting = Vote.objects.counting().filter(campaign=campaign, answer__in=yes | no).order_by()
    summed = counting.values("card").annotate(
        yes=Count("pk", filter=Q(answer__in=yes)), no=Count("pk", filter=Q(answer__in=no))
    )
    return {row["card"]: (row["yes"], row["no"]) for row in summed}


def belief(card: Card, said: tuple[int, int], yes: set[int], no: set[int]) -> tuple[float, float] | None:
    """Target and weight of a tile with so many votes for yes and no; None when nothing can be learnt from it."""
    known = card.decision_id or card.gold_id
    if known:
        return (float(known in yes), 1.0) if known in yes | no else None
    return chance(*said)


def skilled(card: Card, believed: tuple[float, float], yes: set[int], no: set[int]) -> tuple[float, float]:
    """Where votes are weighted by skill, so is the chance (Dawid and Skene 1979)."""
    if card.decision_id or card.gold_id or card.skill_share is None or card.skill_label_id not in yes | no:
        return believed
    return (card.skill_share if card.skill_label_id in yes else 1 - card.skill_share), believed[1]


def chance(yes: int, no: int) -> tuple[float, float] | None:
    """Target and weight of a tile with so many votes; None without any."""
    total = yes + no
    return ((yes + PRIOR) / (total + 2 * PRIOR), total / (total + 1)) if total else None


def put_examples_in(learner: Learner) -> None:
    """What the campaign was made from, and its examples, become tiles of it, labelled by the host's word; what was a
    tile of it before is left as it is."""
    campaign = learner.campaign
    shown = dict(campaign.examples.values_list("key", "answer__code"))
    shown |= {key: learner.positive[0] for key in learner.examples if key not in shown}
    wanted = {key: code for key, code in shown.items() if code in {*learner.positive, *learner.negative}}
    with transaction.atomic():
        fresh = campaigns.unknown(campaign, np.array(list(wanted), np.int64)) if wanted else []
        if not fresh:
            return
        campaigns.add_keys(campaign, fresh, why="example")
        for code in {wanted[key] for key in fresh}:
            mine = campaign.cards.filter(key__in=[key for key in fresh if wanted[key] == code])
            settling.decide(list(mine.values_list("pk", flat=True)), campaigns.answer_named(campaign, code), None)
