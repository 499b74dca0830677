"""Votes, from what phones say to rows: many people's in one transaction, each at most once.

A vote's id is made by the phone, so whatever was sent twice is acknowledged twice and stored once. A second answer on a
card withdraws the first, an undo withdraws; nothing is overwritten. A vote of somebody excluded is stored and does not
count. In a paused campaign votes are taken and nothing is dealt; in a closed one only for cards still in hand.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from labeling import live, locks, nudging, settling
from labeling.errors import (
    BadMessage,
    CampaignClosed,
    LabelingError,
    NoSuchCard,
    NoSuchLink,
    NoSuchVote,
    UnknownAnswer,
)
from labeling.leases import lock
from labeling.models import Answer, Campaign, Card, Lease, Person, Vote
from labeling.rows import update_rows

LONGEST = 24 * 3600 * 1000  # milliseconds that a card may have been looked at


@dataclass(frozen=True)
class Said:
    """A vote (card, answer), or an undo of one (undoes). took: milliseconds; at: by the phone's clock."""

    id: UUID
    person_id: int
    campaign_id: int
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
    """What a batch is about, read once and written once, under the locks of its cards and its people."""

    def __init__(self, batch: Sequence[Said]) -> None:
        campaigns, people = {said.campaign_id for said in batch}, {said.person_id for said in batch}
        named = {said.id for said in batch} | {said.undoes for said in batch if said.undoes}
        undone = [said.undoes for said in batch if said.undoes]
        locks.together(campaigns)
        self.campaigns = Campaign.objects.select_related("learner").in_bulk(campaigns)
        self.answers = {(a.campaign_id, a.code): a for a in Answer.objects.filter(campaign__in=campaigns)}
        again = Vote.objects.filter(pk__in=undone).values_list("card", flat=True) if undone else ()
        self.cards = lock({said.card_id for said in batch if said.card_id} | set(again))
        rows = Person.objects.select_for_update(no_key=True, of=("self",)).select_related("link").order_by("pk")
        self.people = {person.pk: person for person in rows.filter(pk__in=people, campaign__in=self.campaigns)}
        votes = Vote.objects.order_by()
        standing = votes.filter(card__in=self.cards, withdrawn_at=None)
        known = standing.annotate(silent=F("person__excluded_at")), votes.filter(pk__in=named)
        self.votes = {vote.pk: vote for query in reversed(known) for vote in query}
        self.standing = {(v.person_id, v.card_id): v for v in self.votes.values() if v.withdrawn_at is None}
        leases = Lease.objects.filter(card__in=self.cards).values_list("pk", "person_id", "card_id")
        self.leases = {(person, card): pk for pk, person, card in leases}
        self.stored = set(self.votes)
        self.now = timezone.now()
        self.new: list[Vote] = []
        self.withdrawn: dict[UUID, Vote] = {}
        self.touched: set[int] = set()  # cards

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
        if closed and (person.pk, card.pk) not in self.leases:
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
        gold = self.cards[vote.card_id].gold_id
        if gold is not None:
            person.gold_seen += number
            person.gold_right += number * (vote.answer_id == gold)

    def outcome(self, vote: Vote) -> Outcome:
        mine = self.people[vote.person_id].votes
        gold = self.cards[vote.card_id].gold
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
        answered = {(vote.person_id, vote.card_id) for vote in self.new}
        done = [pk for pair, pk in self.leases.items() if pair in answered]
        for _, card in answered & self.leases.keys():
            self.cards[card].held -= 1
        Lease.objects.filter(pk__in=done).delete()
        counts = self.counts()
        for campaign in self.campaigns.values():
            mine = [card for pk, card in self.cards.items() if pk in self.touched and card.campaign_id == campaign.pk]
            settling.settle_these(campaign, mine, counts)
        transaction.on_commit(lambda: live.changed(self.campaigns))
        transaction.on_commit(lambda: nudging.nudge(self.campaigns.values()))
        return {pk for pk in self.touched if self.cards[pk].settled}

    def counts(self) -> dict[int, Counter[int]]:
        """Of each card, the votes for each answer that count."""
        found: dict[int, Counter[int]] = defaultdict(Counter)
        for vote in self.standing.values():
            if not self.is_silent(vote):
                found[vote.card_id][vote.answer_id] += 1
        return found

    def is_silent(self, vote: Vote) -> bool:
        """Of somebody excluded."""
        if vote.person_id in self.people:
            return self.people[vote.person_id].excluded_at is not None
        return getattr(vote, "silent", None) is not None
