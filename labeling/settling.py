"""A card's label: the host's word, the gold, or the votes; and whether it needs more of them.

A card is settled when it has the votes that the campaign wants and one answer has more than two thirds of them. As
long as none has, two more people are asked at a time, up to the campaign's most; then it is settled without agreement.
With equal votes for two answers there is no label.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from labeling import live, nudging
from labeling.errors import NoSuchCard, UnknownAnswer
from labeling.models import Answer, Campaign, Card, Decision, Lease, Vote
from labeling.rows import update_rows

AT_ONCE = 500  # cards, so that no statement grows beyond what a database takes
Drops = dict[int, list[int]]  # person's id to cards that they need not answer any more


class Standing(NamedTuple):
    """Of the votes on one card. label: an answer's id, or None."""

    votes: int
    label: int | None
    share: float | None


def standing(counts: Counter[int]) -> Standing:
    total = counts.total()
    if not total:
        return Standing(0, None, None)
    (first, most), *others = counts.most_common(2)
    tied = bool(others) and others[0][1] == most
    return Standing(total, None if tied else first, most / total)


def target(votes: int, share: float | None, wanted: int, most: int) -> tuple[int, bool]:
    """Votes that a card shall have, and whether it is settled."""
    if votes < wanted or share is None:
        return wanted, False
    if 3 * share > 2 + 1e-9 or votes >= most:
        return max(wanted, min(votes, 32_767)), True
    return min(most, wanted + 2 * ((votes - wanted) // 2 + 1)), False


def settle(campaign: Campaign, cards: Collection[int]) -> Drops:
    """Labels of these cards from what is stored; the campaign must be locked, alone. Who holds a settled card is told
    to drop it, once the transaction is through."""
    return tell([pair for some in portions(sorted(cards)) for pair in settle_some(campaign, some)])


def tell(dropped: Iterable[tuple[int, int]]) -> Drops:
    """People hear of the cards that they need not answer any more, once the transaction is through."""
    drops: Drops = defaultdict(list)
    for person, card in dropped:
        drops[person].append(card)
    for person, gone in drops.items():
        transaction.on_commit(partial(live.drop, person, gone))
    return drops


def portions(ids: list[int]) -> Iterator[list[int]]:
    return (ids[i : i + AT_ONCE] for i in range(0, len(ids), AT_ONCE))


def settle_some(campaign: Campaign, ids: list[int]) -> list[tuple[int, int]]:
    changed = write(campaign, campaign.cards.filter(pk__in=ids).order_by("pk"), votes_by_card(ids))
    return drop_leases([card.pk for card in changed if card.settled and card.gold_id is None])


def settle_these(campaign: Campaign, cards: Collection[Card], counts: Mapping[int, Counter[int]]) -> None:
    """As `settle`, with the campaign shared: the cards must be locked, and `held` of theirs is written too.

    counts: of each card's id, the votes for each answer.
    """
    changed = write(campaign, cards, counts, ["held"])
    unwanted = [card.pk for card in changed if card.settled and card.gold_id is None and card.held]
    tell(drop_leases(unwanted) if unwanted else [])


def write(
    campaign: Campaign, cards: Iterable[Card], counts: Mapping[int, Counter[int]], also: Sequence[str] = ()
) -> list[Card]:
    """The cards that have changed; with `also`, all of them are written."""
    changed = [card for card in cards if update(campaign, card, counts.get(card.pk, Counter())) or also]
    fields = ["votes", "target", "settled", "settled_at", "label", "label_from", "share", "changed_at"]
    update_rows(changed, [*fields, *also])
    return changed


def votes_by_card(ids: list[int]) -> dict[int, Counter[int]]:
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    rows = Vote.objects.counting().filter(card__in=ids).order_by().values_list("card", "answer").annotate(n=Count("pk"))
    for card, answer, n in rows:
        counts[card][answer] = n
    return counts


def update(campaign: Campaign, card: Card, counts: Counter[int]) -> bool:
    """Whether anything about the card has changed."""
    before = (card.votes, card.target, card.settled, card.label_id, card.label_from, card.share)
    votes, majority, share = standing(counts)
    least = max(campaign.votes_wanted, card.least)
    wanted, settled = target(votes, share, least, max(campaign.votes_most, least))
    card.votes, card.target, card.share = votes, wanted, share
    card.settled = settled or bool(card.decision_id or card.gold_id)
    card.label_id, card.label_from = label(campaign, card, majority)
    if before == (card.votes, card.target, card.settled, card.label_id, card.label_from, card.share):
        return False
    card.changed_at = timezone.now()
    card.settled_at = (card.settled_at or card.changed_at) if card.settled else None
    return True


def label(campaign: Campaign, card: Card, majority: int | None) -> tuple[int | None, str]:
    """The answer's id and whose word it is."""
    if card.decision_id:
        return card.decision_id, Card.From.HOST
    if card.gold_id:
        return card.gold_id, Card.From.GOLD
    if campaign.consensus == Campaign.Consensus.SKILL and card.votes and card.skill_label_id:
        return card.skill_label_id, Card.From.SKILL
    return majority, Card.From.MAJORITY if majority else ""


def drop_leases(cards: list[int]) -> list[tuple[int, int]]:
    """(person, card) of each lease that there was."""
    leases = Lease.objects.filter(card__in=cards)
    gone = list(leases.values_list("person_id", "card_id"))
    leases.delete()
    Card.objects.filter(pk__in=cards).update(held=0)
    return gone


def decide(cards: Collection[int], answer: Answer | None, user: User | None) -> None:
    """The host's word on these cards of one campaign, None to leave them to the votes again.

    NoSuchCard unless they are cards of one campaign; UnknownAnswer when the answer is another's.
    """
    wanted = set(cards)
    campaigns = set(Card.objects.filter(pk__in=wanted).values_list("campaign", flat=True))
    if len(campaigns) != 1 or Card.objects.filter(pk__in=wanted).count() != len(wanted):
        raise NoSuchCard("Some of these tiles are not in the campaign. Load the page again.")
    if answer is not None and answer.campaign_id not in campaigns:
        raise UnknownAnswer("The campaign has no such answer. Load the page again.")
    with transaction.atomic():
        campaign = Campaign.locked(campaigns.pop())
        Decision.objects.bulk_create([Decision(card_id=card, answer=answer, user=user) for card in sorted(wanted)])
        Card.objects.filter(pk__in=wanted).update(decision=answer)
        settle(campaign, wanted)
        transaction.on_commit(lambda: live.changed([campaign.pk]))
        transaction.on_commit(lambda: nudging.nudge([campaign]))


def resettle(campaign: Campaign) -> None:
    """After the campaign's settings have changed, everything is reckoned again; the campaign must be locked."""
    settle(campaign, list(campaign.cards.filter(votes__gt=0).values_list("pk", flat=True)))
    campaign.cards.filter(votes=0).update(target=Greatest("least", Value(campaign.votes_wanted)))
