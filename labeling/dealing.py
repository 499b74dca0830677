"""Who gets which card.

A person gets what the campaign needs most and they have not answered: the round's priority first, then what is fewest
votes short. A card in somebody's hand is leased: its slot is theirs for LEASE, renewed while they are there, and goes
back to the queue when they say nothing. All of it happens one after the other, under the campaign's lock, so two people
cannot get one slot.
"""

import secrets
from collections import Counter, defaultdict
from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from labeling.models import Campaign, Card, Lease, Person, Vote
from labeling.models.cards import LEASE, CardQuerySet

GOLD_EVERY = 10  # about one card in so many is one whose answer is known
MOST_IN_HAND = 40
WINDOW = 64  # cards of the queue looked at at once


def deal(person: Person, count: int) -> list[Card]:
    """Up to `count` cards for them, what they hold already first; [] when there is nothing to do."""
    count = min(count, MOST_IN_HAND)
    with transaction.atomic():
        campaign = Campaign.locked(person.campaign_id)
        person.refresh_from_db(fields=["excluded_at", "votes", "gold_seen"])
        if not campaign.is_open or person.excluded_at:
            return []
        held = list(Card.objects.filter(leases__person=person).order_by("leases__pk"))
        renew(person, holds=bool(held))
        fresh = with_gold(person, held, chosen(campaign, person, count - len(held))) if count > len(held) else []
        lease(person, fresh)
    return held[:count] + fresh


def chosen(campaign: Campaign, person: Person, count: int) -> list[Card]:
    """When there are too few, also what others have let lie too long."""
    found = choose(campaign, person, count)
    if len(found) < count and drop(Lease.objects.filter(card__campaign=campaign, until__lt=timezone.now())):
        found = choose(campaign, person, count)
    return found


def unanswered(cards: CardQuerySet, person: Person) -> CardQuerySet:
    """Those that the person has neither answered nor in hand."""
    mine = {"person": person, "card": OuterRef("pk")}
    return cards.filter(~Exists(Vote.objects.standing().filter(**mine)), ~Exists(Lease.objects.filter(**mine)))


def choose(campaign: Campaign, person: Person, count: int) -> list[Card]:
    found = first_unanswered(campaign.cards.wanted(), person, count)
    if len(found) < count and campaign.beyond_settled:
        settled = campaign.cards.filter(settled=True, gold=None, decision=None).order_by("votes", "position", "pk")
        found += unanswered(settled, person)[: count - len(found)]
    return found


def first_unanswered(cards: CardQuerySet, person: Person, count: int) -> list[Card]:
    """The first of the queue, window by window in the order of its index: databases would sort all of it otherwise."""
    found: list[int] = []
    start, size = 0, WINDOW
    while len(found) < count:
        window = list(cards.values_list("pk", flat=True)[start : start + size])
        mine = held_or_answered(window, person)
        found += [pk for pk in window if pk not in mine]
        if len(window) < size:
            break
        start, size = start + size, 4 * size
    rows = Card.objects.in_bulk(found[:count])
    return [rows[pk] for pk in found[:count]]


def held_or_answered(cards: list[int], person: Person) -> set[int]:
    these = {"person": person, "card__in": cards}
    answered = Vote.objects.standing().filter(**these).order_by().values_list("card", flat=True)
    return set(answered) | set(Lease.objects.filter(**these).values_list("card", flat=True))


def with_gold(person: Person, held: list[Card], fresh: list[Card]) -> list[Card]:
    """Some of the fresh cards give way to gold ones, at places that nobody can foresee."""
    shown = person.votes + len(held) + len(fresh)
    due = shown // GOLD_EVERY - person.gold_seen - sum(card.gold_id is not None for card in held)
    if not fresh or due <= 0:
        return fresh
    golden = list(unanswered(person.campaign.cards.gold(), person).order_by("?")[: min(due, len(fresh))])
    mixed = fresh[: len(fresh) - len(golden)]
    for card in golden:
        mixed.insert(secrets.randbelow(len(mixed) + 1), card)
    return mixed


def lease(person: Person, cards: list[Card]) -> None:
    if not cards:
        return
    until = timezone.now() + LEASE
    Lease.objects.bulk_create([Lease(card=card, person=person, until=until) for card in cards])
    Card.objects.filter(pk__in=[card.pk for card in cards]).update(held=F("held") + 1)


def renew(person: Person, *, holds: bool = True) -> int:
    """The person is still there: they keep what they hold."""
    now = timezone.now()
    Person.objects.filter(pk=person.pk).update(seen_at=now)
    if not holds:
        return 0
    return Lease.objects.filter(person=person).update(until=now + LEASE)


def give_back(person: Person, cards: Collection[int] | None = None) -> int:
    """What the person holds, or these cards of it, goes back to the queue."""
    with transaction.atomic():
        Campaign.locked(person.campaign_id)
        mine = Lease.objects.filter(person=person)
        return drop(mine if cards is None else mine.filter(card__in=cards))


def expire(campaign: Campaign | None = None) -> int:
    """Cards shown but not answered in time go back to the queue; how many."""
    late = Lease.objects.filter(until__lt=timezone.now())
    late = late if campaign is None else late.filter(card__campaign=campaign)
    gone = 0
    for number in sorted(set(late.values_list("card__campaign", flat=True))):
        with transaction.atomic():
            Campaign.locked(number)
            gone += drop(late.filter(card__campaign=number))
    return gone


def drop(leases: QuerySet[Lease]) -> int:
    """The campaign must be locked."""
    found = list(leases.values_list("pk", "card_id"))
    Lease.objects.filter(pk__in=[pk for pk, _ in found]).delete()
    by_number: dict[int, list[int]] = defaultdict(list)
    for card, number in Counter(card for _, card in found).items():
        by_number[number].append(card)
    for number, cards in by_number.items():
        Card.objects.filter(pk__in=cards).update(held=F("held") - number)
    return len(found)
