"""What people hold. A card in somebody's hand is leased: its slot is theirs until it is answered, or until nothing has
been heard of them for LEASE; then it goes back to the queue."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from labeling import locks
from labeling.models import Campaign, Card, Lease, Person
from labeling.models.cards import LEASE
from labeling.rows import update_rows


def renew(people: Collection[Person]) -> None:
    """They are still there, and keep what they hold."""
    now = timezone.now()
    for person in people:
        person.seen_at = now
    update_rows(sorted(people, key=lambda person: person.pk), ["seen_at"])


def late(now: datetime | None = None) -> QuerySet[Lease]:
    return Lease.objects.filter(person__seen_at__lt=(now or timezone.now()) - LEASE)


def give_back(person: Person, cards: Collection[int] | None = None) -> int:
    """What the person holds, or these cards of it, goes back to the queue."""
    with transaction.atomic():
        locks.together([person.campaign_id])
        mine = Lease.objects.filter(person=person)
        return drop(mine if cards is None else mine.filter(card__in=cards))


def expire(campaign: Campaign | None = None) -> int:
    """Cards shown but not answered in time go back to the queue; how many."""
    gone = late() if campaign is None else late().filter(card__campaign=campaign)
    dropped = 0
    for number in sorted(set(gone.values_list("card__campaign", flat=True))):
        with transaction.atomic():
            locks.together([number])
            dropped += drop(gone.filter(card__campaign=number))
    return dropped


def drop(leases: QuerySet[Lease]) -> int:
    """The campaign must be locked, together or alone."""
    cards = lock(leases.values_list("card", flat=True))
    found = list(leases.filter(card__in=cards).values_list("pk", "card_id"))
    Lease.objects.filter(pk__in=[pk for pk, _ in found]).delete()
    hold(Counter({card: -number for card, number in Counter(card for _, card in found).items()}))
    return len(found)


def lock(cards: Iterable[int]) -> dict[int, Card]:
    """These cards as they are now; nobody else changes them before the transaction ends."""
    rows = Card.objects.filter(pk__in=set(cards)).order_by("pk").select_for_update(no_key=True, of=("self",))
    return {card.pk: card for card in rows.select_related("gold")}


def hold(more: Counter[int]) -> None:
    """So many more hands have these cards; the cards must be locked."""
    by_number: dict[int, list[int]] = defaultdict(list)
    for card, number in more.items():
        by_number[number].append(card)
    for number, some in by_number.items():
        Card.objects.filter(pk__in=some).update(held=F("held") + number)
