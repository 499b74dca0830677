"""What takes all of a campaign's votes together: agreement, skills, kappa, and flags about people. Reckoned again every
few seconds while votes come (labeling/tasks.py), never in the moment of a vote."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from labeling import live, locks, settling
from labeling.models import Campaign, Card, Person, Vote
from labeling.rows import update_rows
from ml import crowd

FAST = 125  # milliseconds: whoever answers faster does not look
PORTION = 50  # rows written at once
FAST_VOTES = 20  # that say so
GOLD_VOTES, GOLD_SHARE = 5, 0.6


class Ballot(NamedTuple):
    """A campaign's counting votes as arrays (n_votes,), and the ids that their numbers stand for."""

    tiles: np.ndarray
    people: np.ndarray
    answers: np.ndarray
    cards: np.ndarray
    persons: np.ndarray
    answer_ids: np.ndarray


def unreckoned() -> QuerySet[Campaign]:
    """Campaigns whose votes or labels have changed since."""
    newer = Card.objects.filter(campaign=OuterRef("pk"), changed_at__gt=OuterRef("reckoned_at"))
    return Campaign.objects.filter(Q(Exists(newer)) | Q(reckoned_at=None, votes__isnull=False)).distinct()


def reckon(campaign: Campaign) -> None:
    """Votes go on meanwhile: the campaign is locked for moments only, while some rows are written."""
    began = timezone.now()
    votes = Vote.objects.counting().filter(campaign=campaign).order_by()
    rows = list(votes.values_list("card_id", "person_id", "answer_id"))
    ballot = ballot_of(rows) if rows else None
    kappa = reckon_cards(campaign, ballot) if ballot else float("nan")
    reckon_people(campaign, ballot)
    Campaign.objects.filter(pk=campaign.pk).update(kappa=number(kappa), reckoned_at=began)
    live.changed([campaign.pk])


def ballot_of(rows: list[tuple[int, int, int]]) -> Ballot:
    cards, persons, answers = np.array(rows, dtype=np.int64).T
    card_ids, tiles = np.unique(cards, return_inverse=True)
    person_ids, people = np.unique(persons, return_inverse=True)
    answer_ids, said = np.unique(answers, return_inverse=True)
    return Ballot(tiles, people, said, card_ids, person_ids, answer_ids)


def number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def kinds(campaign: Campaign, ballot: Ballot) -> np.ndarray:
    """Number of each vote's top-level answer (n_votes,)."""
    top = {answer.pk: answer.kind for answer in campaign.answers.all()}
    names = [top[pk] for pk in ballot.answer_ids.tolist()]
    order = {name: i for i, name in enumerate(dict.fromkeys(names))}
    return np.array([order[name] for name in names])[ballot.answers]


def reckon_cards(campaign: Campaign, ballot: Ballot) -> float:
    """Agreement and skill-weighted labels into the cards; Fleiss' kappa of them all."""
    said = kinds(campaign, ballot)
    counts = crowd.tally(ballot.tiles, said, (len(ballot.cards), said.max() + 1))
    agreement = crowd.fleiss(counts)
    skilled = crowd.dawid_skene(ballot.tiles, ballot.people, ballot.answers)
    place = {pk: i for i, pk in enumerate(ballot.cards.tolist())}
    changed = []
    for card in campaign.cards.filter(Q(pk__in=Vote.objects.filter(campaign=campaign).values("card"))):
        if (i := place.get(card.pk)) is None:
            found: tuple[float | None, int | None, float | None] = (None, None, None)  # all its votes were taken back
        else:
            label = int(ballot.answer_ids[skilled.labels[i]])
            found = (number(agreement[i]), label, round(float(skilled.probabilities[i].max()), 2))
        if (card.agreement, card.skill_label_id, card.skill_share) != found:
            card.agreement, card.skill_label_id, card.skill_share = found
            changed.append(card)
    write(campaign, changed, ["agreement", "skill_label", "skill_share"])
    if campaign.consensus == Campaign.Consensus.SKILL:
        with transaction.atomic():
            settling.settle(Campaign.locked(campaign.pk), [card.pk for card in changed])
    return crowd.fleiss_kappa(counts)


def reckon_people(campaign: Campaign, ballot: Ballot | None) -> None:
    agreement: dict[int, float | None] = {}
    skill: dict[int, float | None] = {}
    if ballot:
        said = kinds(campaign, ballot)
        ids = ballot.persons.tolist()
        alone = crowd.leave_one_out(ballot.tiles, ballot.people, said)
        agreement = {pk: number(value) for pk, value in zip(ids, alone, strict=True)}
        skills = crowd.dawid_skene(ballot.tiles, ballot.people, ballot.answers).skills
        skill = {pk: number(value) for pk, value in zip(ids, skills, strict=True)}
    people, times = list(campaign.people.all()), paces(campaign)
    for person in people:
        person.agreement, person.skill = agreement.get(person.pk), skill.get(person.pk)
        person.flags = flags(person, times[person.pk])
    write(campaign, people, ["agreement", "skill", "flags"])


def write(campaign: Campaign, rows: Sequence[Card] | Sequence[Person], names: Sequence[str]) -> None:
    """A few at a time, so that no vote waits long, in the order in which everyone locks rows (labeling/locks.py)."""
    ordered = sorted(rows, key=lambda row: row.pk)
    for first in range(0, len(ordered), PORTION):
        with transaction.atomic():
            locks.together([campaign.pk])
            update_rows(ordered[first : first + PORTION], names)


def paces(campaign: Campaign) -> dict[int, list[int]]:
    """Of each person, how long every standing vote took, in milliseconds."""
    found: dict[int, list[int]] = defaultdict(list)
    votes = Vote.objects.standing().filter(campaign=campaign, took__isnull=False).order_by()
    for person, took in votes.values_list("person", "took"):
        found[person].append(took or 0)
    return found


def flags(person: Person, took: list[int]) -> list[str]:
    """Codes of what looks wrong about somebody; for the host to look at, nothing follows from them by itself."""
    fast = len(took) >= FAST_VOTES and float(np.median(took)) < FAST
    wrong = person.gold_seen >= GOLD_VOTES and person.gold_right < GOLD_SHARE * person.gold_seen
    return ["fast"] * fast + ["against-gold"] * wrong
