"""A round's tiles come into the campaign, before all others, and phones make room for them."""

from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max

from labeling import campaigns, leases, live, settling
from labeling.errors import NoSuchCard
from labeling.models import Campaign, Card, Chosen, Lease, Round
from labeling.models.campaigns import MOST_VOTES
from labeling.rows import update_rows
from labeling.settling import portions
from ml.active import Choice

DISPUTED = "disputed"
MORE_VOTES = 2  # asked about a tile whose votes disagree, at a time


def put(one: Round, campaign: Campaign, choices: Sequence[Choice]) -> list[Chosen]:
    """Cards for what the round chose, and why it did; the campaign must be locked, alone.

    Tiles that are cards already are asked about sooner; those that have their votes get more of them. Where the
    campaign is full the last choices are left out.
    """
    first = campaign.cards.highest_priority() + 1
    known = {card.key: card for card in cards_of(campaign, [choice.key for choice in choices])}
    choices = [choice for choice in choices if not is_answered(known.get(choice.key), choice)]
    known = {choice.key: known[choice.key] for choice in choices if choice.key in known}
    room = campaigns.MOST_CARDS - campaign.cards.count()
    fresh = [choice for choice in choices if choice.key not in known][: max(0, room)]
    add(one, campaign, fresh, first)
    raise_up(campaign, list(known.values()), first, {choice.key: str(choice.why) for choice in choices}, one)
    cards = {card.key: card for card in cards_of(campaign, [choice.key for choice in choices])}
    rows = [
        Chosen(round=one, card=cards[choice.key], key=choice.key, why=choice.why[:20], probability=choice.probability,
               position=position)
        for position, choice in enumerate(choice for choice in choices if choice.key in cards)
    ]  # fmt: skip
    Chosen.objects.bulk_create(rows)
    make_room(campaign, first)
    return rows


def is_answered(card: Card | None, choice: Choice) -> bool:
    """Whether people have settled it while the round was looking, or the host, or it is for an audit."""
    if card is None:
        return False
    return bool(card.held_out or card.decision_id or card.gold_id or (card.settled and choice.why != DISPUTED))


def cards_of(campaign: Campaign, wanted: Sequence[int]) -> list[Card]:
    return [card for some in portions(list(wanted)) for card in campaign.cards.filter(key__in=some)]


def add(one: Round, campaign: Campaign, fresh: Sequence[Choice], priority: int) -> None:
    last = campaign.cards.aggregate(last=Max("position"))["last"] or 0
    shared = {"campaign": campaign, "round": one, "priority": priority, "target": campaign.votes_wanted}
    rows = [Card(key=choice.key, why=choice.why, position=last + 1 + i, **shared) for i, choice in enumerate(fresh)]
    Card.objects.bulk_create(rows, batch_size=1000)


def raise_up(
    campaign: Campaign, known: Sequence[Card], priority: int, why: dict[int, str], one: Round | None = None
) -> None:
    """These cards are asked about before others; those that have their votes get more."""
    for card in known:
        card.priority = priority
        card.round_id = one.pk if one else card.round_id
        card.why = why.get(card.key, card.why)
        if card.settled:
            card.least = min(MOST_VOTES, card.votes + MORE_VOTES)
    update_rows(sorted(known, key=lambda card: card.pk), ["priority", "round", "why", "least"])
    settling.settle(campaign, [card.pk for card in known if card.settled])


def make_room(campaign: Campaign, priority: int) -> int:
    """Phones give back some of the cards that they hold and have not shown: as many as there are slots of the new ones
    for each. Those that an audit waits for are as urgent as the new ones. How many were given back."""
    campaign.cards.filter(held_out=True, settled=False, host_only=False).update(priority=priority)
    slots = sum(campaign.cards.wanted().filter(priority=priority).values_list("slots", flat=True))
    older = Lease.objects.filter(card__campaign=campaign, card__priority__lt=priority, card__gold=None)
    held: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for pk, person, card in older.order_by("-pk").values_list("pk", "person", "card"):
        held[person].append((pk, card))
    each = -(-slots // len(held)) if held else 0
    given = [(person, pk, card) for person, cards in held.items() for pk, card in cards[:each]]
    for some in portions([pk for _, pk, _ in given]):
        leases.drop(Lease.objects.filter(pk__in=some))
    settling.tell((person, card) for person, _, card in given)
    return len(given)


def relabel(campaign: Campaign, wanted: Sequence[int]) -> int:
    """More votes are asked about these cards, before all others; how many of them may get any.

    Where a host has decided, or the answer is known, votes would change nothing.  NoSuchCard unless all are the
    campaign's.
    """
    with transaction.atomic():
        locked = Campaign.locked(campaign.pk)
        mine = [card for some in portions(sorted(set(wanted))) for card in locked.cards.filter(pk__in=some)]
        if len(mine) < len(set(wanted)):
            raise NoSuchCard("Some of these tiles are not in the campaign. Load the page again.")
        open_ones = [card for card in mine if not (card.decision_id or card.gold_id) and card.votes < MOST_VOTES]
        raise_up(locked, open_ones, locked.cards.highest_priority() + 1, {})
        transaction.on_commit(lambda: live.new_cards(campaign.pk))
        transaction.on_commit(lambda: live.changed([campaign.pk]))
    return len(open_ones)
