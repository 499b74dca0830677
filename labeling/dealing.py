"""Who gets which card.

A person gets what the campaign needs most and they have not answered: the round's priority first, then what is fewest
votes short. Many people's questions are answered in one transaction (labeling/grouping.py), in turns, one card each, so
that nobody takes the whole front of the queue. The dealers of a campaign wait for each other and a card is looked at
once more under its lock, so two people cannot get one slot.
"""

import secrets
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Exists, OuterRef

from labeling import locks
from labeling.leases import expire, hold, late, lock, renew
from labeling.models import Campaign, Card, Lease, Person, Vote
from labeling.models.cards import CardQuerySet

GOLD_EVERY = 10  # about one card in so many is one whose answer is known
MOST_IN_HAND = 40
WINDOW, WIDEST = 64, 4096  # cards of the queue looked at at once
TURNS = 3  # when cards were settled, or came back, while they were chosen


@dataclass(frozen=True)
class Ask:
    """count: cards that the person wants in hand, those that they have among them."""

    person_id: int
    campaign_id: int
    count: int


@dataclass
class Hand:
    person: Person
    count: int
    held: list[Card] = field(default_factory=list)
    chosen: list[int] = field(default_factory=list)
    golden: set[int] = field(default_factory=set)
    fresh: list[Card] = field(default_factory=list)
    mine: set[int] = field(default_factory=set)  # cards that they hold or have answered

    @property
    def short(self) -> int:
        return self.count - len(self.held) - len(self.chosen)

    def cards(self) -> list[Card]:
        return (self.held + self.fresh)[: self.count]


def deal(person: Person, count: int) -> list[Card]:
    """Up to `count` cards for them, what they hold already first; [] when there is nothing to do."""
    [cards] = deal_many([Ask(person.pk, person.campaign_id, count)])
    if cards is None:
        raise Campaign.DoesNotExist
    return cards


def deal_many(asks: Sequence[Ask]) -> list[list[Card] | None]:
    """For each who asks, in order, up to `count` cards; None for who is no more, or whose campaign is no more."""
    by_campaign: dict[int, dict[int, int]] = defaultdict(dict)
    for ask in asks:
        by_campaign[ask.campaign_id][ask.person_id] = min(ask.count, MOST_IN_HAND)
    dealt: dict[int, list[Card]] = {}
    for number, counts in sorted(by_campaign.items()):
        people = list(Person.objects.filter(pk__in=counts, campaign=number))
        renew(people)
        dealt.update({person.pk: [] for person in people})
        dealt.update(deal_in(number, counts))
    return [dealt.get(ask.person_id) for ask in asks]


def deal_in(number: int, counts: dict[int, int]) -> dict[int, list[Card]]:
    """In one campaign, by person; again for those who might get more than they did."""
    dealt: dict[int, list[Card]] = {}
    for _ in range(TURNS):
        with transaction.atomic():
            table = Table(number, counts)
            again = table.deal()
        dealt.update({hand.person.pk: hand.cards() for hand in table.hands})
        short = {hand.person.pk: hand.count for hand in table.hands if len(hand.cards()) < hand.count}
        if not short or not (again or (late().filter(card__campaign=number).exists() and expire(table.campaign))):
            break
        counts = short
    return dealt


class Table:
    """One campaign's dealing to some people, in a transaction."""

    def __init__(self, number: int, counts: dict[int, int]) -> None:
        locks.dealing(number)
        people = list(Person.objects.select_related("campaign").filter(pk__in=counts, excluded_at=None).order_by("pk"))
        self.hands = [Hand(person, counts[person.pk]) for person in people if person.campaign.is_open]
        self.by_person = {hand.person.pk: hand for hand in self.hands}
        if self.hands:
            self.campaign = self.hands[0].person.campaign

    def deal(self) -> bool:
        """Whether a second look may find more."""
        if not self.hands:
            return False
        for lease in Lease.objects.filter(person__in=self.by_person).select_related("card").order_by("pk"):
            hand = self.by_person[lease.person_id]
            hand.held.append(lease.card)
            hand.mine.add(lease.card_id)
        if not any(hand.short > 0 for hand in self.hands):
            return False
        self.choose()
        if self.campaign.beyond_settled:
            self.choose_settled()
        if self.campaign.cards.gold().exists():
            for hand in self.hands:
                self.mix_gold(hand)
        return self.lease()

    def choose(self) -> None:
        """The first of the queue, window by window in the order of its index: databases would sort all of it
        otherwise."""
        queue = self.campaign.cards.wanted().values_list("pk", "slots")
        start, size = 0, min(WIDEST, WINDOW + sum(max(0, hand.short) for hand in self.hands))
        while any(hand.short > 0 for hand in self.hands):
            window = list(queue[start : start + size])
            self.share_out(window)
            if len(window) < size:
                return
            start, size = start + size, min(WIDEST, 4 * size)

    def share_out(self, window: list[tuple[int, int]]) -> None:
        """One card each in turns, as long as there are slots."""
        self.note_answered([pk for pk, _ in window])
        left = dict(window)
        places = {hand.person.pk: iter(left) for hand in self.hands}
        waiting = [hand for hand in self.hands if hand.short > 0]
        while waiting:
            for hand in waiting:
                for card in places[hand.person.pk]:
                    if left[card] > 0 and card not in hand.mine:
                        left[card] -= 1
                        hand.chosen.append(card)
                        break
                else:
                    hand.mine.add(-1)  # has seen all of the window
            waiting = [hand for hand in waiting if hand.short > 0 and -1 not in hand.mine]
        for hand in self.hands:
            hand.mine.discard(-1)

    def note_answered(self, cards: list[int]) -> None:
        """Leases have been read before: what is answered meanwhile is found by one or the other."""
        votes = Vote.objects.standing().filter(person__in=self.by_person, card__in=cards).order_by()
        for person, card in votes.values_list("person", "card"):
            self.by_person[person].mine.add(card)

    def choose_settled(self) -> None:
        settled = self.campaign.cards.filter(settled=True, gold=None, decision=None).order_by("votes", "position", "pk")
        for hand in self.hands:
            if hand.short > 0:
                hand.chosen += [card.pk for card in unanswered(settled, hand.person)[: hand.short]]

    def mix_gold(self, hand: Hand) -> None:
        """Some of the fresh cards give way to gold ones, at places that nobody can foresee."""
        shown = hand.person.votes + len(hand.held) + len(hand.chosen)
        due = shown // GOLD_EVERY - hand.person.gold_seen - sum(card.gold_id is not None for card in hand.held)
        if not hand.chosen or due <= 0:
            return
        gold = unanswered(self.campaign.cards.gold(), hand.person).order_by("?")
        hand.golden = {card.pk for card in gold[: min(due, len(hand.chosen))]}
        del hand.chosen[len(hand.chosen) - len(hand.golden) :]
        for card in hand.golden:
            hand.chosen.insert(secrets.randbelow(len(hand.chosen) + 1), card)

    def lease(self) -> bool:
        """What was chosen becomes theirs, unless it has been settled or filled meanwhile; whether something has."""
        cards = lock(card for hand in self.hands for card in hand.chosen)
        left = {pk: card.slots for pk, card in cards.items()}
        missed = False
        for hand in self.hands:
            for pk in hand.chosen:
                beyond = pk in hand.golden or self.campaign.beyond_settled
                if pk in cards and (beyond or (left[pk] > 0 and not cards[pk].settled)):
                    left[pk] -= 1
                    hand.fresh.append(cards[pk])
                else:
                    missed = True
        dealt = [(hand.person, card) for hand in self.hands for card in hand.fresh]
        Lease.objects.bulk_create([Lease(card=card, person=person) for person, card in dealt])
        hold(Counter(card.pk for _, card in dealt))
        return missed


def unanswered(cards: CardQuerySet, person: Person) -> CardQuerySet:
    """Those that the person has neither answered nor in hand."""
    mine = {"person": person, "card": OuterRef("pk")}
    return cards.filter(~Exists(Vote.objects.standing().filter(**mine)), ~Exists(Lease.objects.filter(**mine)))
