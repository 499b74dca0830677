"""Votes, from what phones say to rows: many people's in one transaction, each at most once.

A vote's id is made by the phone, so whatever was sent twice is acknowledged twice and stored once. A second answer on a
card withdraws the first, an undo withdraws; nothing is overwritten. A vote of somebody excluded is stored and does not
count. In a paused campaign votes are taken and nothing is dealt; in a closed one only for cards still in hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from labeling import live, settling
from labeling.dealing import drop
from labeling.errors import (
    BadMessage,
    CampaignClosed,
    LabelingError,
    NoSuchCard,
    NoSuchLink,
    NoSuchVote,
    UnknownAnswer,
)
from labeling.models import Answer, Campaign, Card, Lease, Person, Vote
from labeling.rows import update_rows

LONGEST = 24 * 3600 * 1000  # milliseconds that a card may have been looked at


@dataclass(frozen=True)
class Said:
    """A vote (card, answer), or an undo of one (undoes). took: milliseconds; at: by the phone's clock."""

    id: UUID
    person_id: int
    card_id: int | None = None
    answer: str | None = None
    took: int | None = None
    at: datetime | None = None
    undoes: UUID | None = None


@dataclass(frozen=True)
class Outcome:
    """What becomes of it. gold: whether the answer on a gold card is right, where people are told; else None."""

    id: UUID
    ok: bool = True
    code: str = ""
    message: str = ""
    card_id: int | None = None
    gold: bool | None = None
    right_answer: str = ""
    settled: bool = False
    mine: int = 0  # standing votes of the person, this one among them


def record(batch: Sequence[Said]) -> list[Outcome]:
    """One outcome for each, in order, once all of them are stored."""
    with transaction.atomic():
        desk = Desk(batch)
        outcomes = [desk.take(said) for said in batch]
        settled = desk.write()
    return [replace(outcome, settled=outcome.card_id in settled) for outcome in outcomes]


class Desk:
    """What a batch is about, read once and written once; the campaigns are locked meanwhile."""

    def __init__(self, batch: Sequence[Said]) -> None:
        ids = {said.person_id for said in batch}
        numbers = set(Person.objects.filter(pk__in=ids).values_list("campaign", flat=True))
        locked = Campaign.objects.select_for_update().filter(pk__in=numbers).order_by("pk")
        self.campaigns = {campaign.pk: campaign for campaign in locked}
        self.people = {person.pk: person for person in Person.objects.select_related("link").filter(pk__in=ids)}
        self.cards = Card.objects.select_related("gold").in_bulk({said.card_id for said in batch if said.card_id})
        self.answers = {(a.campaign_id, a.code): a for a in Answer.objects.filter(campaign__in=self.campaigns)}
        named = {said.id for said in batch} | {said.undoes for said in batch if said.undoes}
        votes = Vote.objects.select_related("answer", "card__gold").order_by()
        standing = votes.filter(person__in=ids, card__in=self.cards, withdrawn_at=None)
        self.votes = {v.pk: v for query in (standing, votes.filter(pk__in=named)) for v in query}
        self.standing = {(v.person_id, v.card_id): v for v in self.votes.values() if v.withdrawn_at is None}
        self.stored = set(self.votes)
        self.now = timezone.now()
        self.new: list[Vote] = []
        self.withdrawn: dict[UUID, Vote] = {}
        self.touched: set[int] = set()  # cards

    @cached_property
    def in_hand(self) -> set[tuple[int, int]]:
        leases = Lease.objects.filter(person__in=self.people, card__in=self.cards)
        return set(leases.values_list("person_id", "card_id"))

    def take(self, said: Said) -> Outcome:
        try:
            return self.undo(said) if said.undoes else self.vote(said)
        except LabelingError as exc:
            return Outcome(said.id, ok=False, code=exc.code, message=str(exc), card_id=said.card_id)

    def person(self, said: Said) -> Person:
        person = self.people.get(said.person_id)
        if person is None or (person.user_id is None and (person.link is None or not person.link.works)):
            raise NoSuchLink
        return person

    def vote(self, said: Said) -> Outcome:
        known = self.votes.get(said.id)
        if known is not None:
            return self.again(said, known)
        person = self.person(said)
        card, answer = self.asked(said, person)
        self.withdraw(self.standing.get((person.pk, card.pk)), said.id)
        vote = Vote(
            id=said.id, campaign_id=person.campaign_id, person=person, card=card, answer=answer,
            took=None if said.took is None else max(0, min(said.took, LONGEST)), answered_at=said.at,
            received_at=self.now,
        )  # fmt: skip
        self.votes[said.id] = self.standing[person.pk, card.pk] = vote
        self.new.append(vote)
        self.touched.add(card.pk)
        self.tally(vote, 1)
        return self.outcome(vote)

    def again(self, said: Said, known: Vote) -> Outcome:
        """It has been sent before: acknowledged, and nothing done."""
        if known.person_id != said.person_id:
            raise BadMessage("This vote's id has been used by somebody else. Load the page again.")
        return self.outcome(known)

    def asked(self, said: Said, person: Person) -> tuple[Card, Answer]:
        card = self.cards.get(said.card_id or 0)
        if card is None or card.campaign_id != person.campaign_id:
            raise NoSuchCard("This tile is not one of the campaign's. Load the page again.")
        answer = self.answers.get((person.campaign_id, said.answer or ""))
        if answer is None:
            raise UnknownAnswer("This is not one of the campaign's answers. Load the page again.")
        closed = self.campaigns[person.campaign_id].state == Campaign.State.CLOSED
        if closed and (person.pk, card.pk) not in self.in_hand:
            raise CampaignClosed("The campaign has ended. Thank you for your answers.")
        return card, answer

    def undo(self, said: Said) -> Outcome:
        person = self.person(said)
        vote = self.votes.get(said.undoes) if said.undoes else None
        if vote is None or vote.person_id != person.pk:
            raise NoSuchVote("There is no such answer of yours to take back.")
        self.withdraw(vote, said.id)
        return Outcome(said.id, card_id=vote.card_id, mine=person.votes)

    def withdraw(self, vote: Vote | None, by: UUID) -> None:
        if vote is None or vote.withdrawn_at is not None:
            return
        vote.withdrawn_at, vote.withdrawn_by = self.now, by
        if vote.pk in self.stored:
            self.withdrawn[vote.pk] = vote
        self.standing.pop((vote.person_id, vote.card_id), None)
        self.touched.add(vote.card_id)
        self.tally(vote, -1)

    def tally(self, vote: Vote, number: int) -> None:
        person = self.people[vote.person_id]
        person.votes += number
        if vote.card.gold_id is not None:
            person.gold_seen += number
            person.gold_right += number * (vote.answer_id == vote.card.gold_id)

    def outcome(self, vote: Vote) -> Outcome:
        mine = self.people[vote.person_id].votes
        gold = vote.card.gold
        if gold is None or not self.campaigns[vote.campaign_id].gold_feedback:
            return Outcome(vote.pk, card_id=vote.card_id, mine=mine)
        right = vote.answer_id == gold.pk
        return Outcome(vote.pk, card_id=vote.card_id, gold=right, right_answer=gold.code, mine=mine)

    def write(self) -> set[int]:
        """Which of the cards are settled now."""
        update_rows(self.withdrawn.values(), ["withdrawn_at", "withdrawn_by"])
        Vote.objects.bulk_create(self.new)
        for person in self.people.values():
            person.seen_at = self.now
        update_rows(self.people.values(), ["votes", "gold_seen", "gold_right", "seen_at"])
        if not self.touched:
            return set()
        drop(Lease.objects.filter(pk__in=self.leases()))
        for campaign in self.campaigns.values():
            mine = [c for c in self.touched if self.campaign_of(c) == campaign.pk]
            settling.settle(campaign, mine)
        transaction.on_commit(lambda: live.changed(self.campaigns))
        return set(Card.objects.filter(pk__in=self.touched, settled=True).values_list("pk", flat=True))

    def leases(self) -> list[int]:
        """Of the cards that have just been answered by whoever holds them."""
        answered = {(vote.person_id, vote.card_id) for vote in self.new}
        held = Lease.objects.filter(person__in=self.people, card__in={card for _, card in answered})
        return [pk for pk, *pair in held.values_list("pk", "person_id", "card_id") if tuple(pair) in answered]

    def campaign_of(self, card: int) -> int:
        found = self.cards.get(card)
        return found.campaign_id if found else next(v.campaign_id for v in self.votes.values() if v.card_id == card)
