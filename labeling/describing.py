"""Campaigns, their progress, cards, links and people as the API, the host's page and the commands say them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, Q, QuerySet
from django.utils import timezone

from labeling import people
from labeling.models import Campaign, Card, Example, Person, ShareLink, Vote
from search.describing import Describer
from search.errors import NoSuchTile

SETTINGS = (
    "votes_wanted", "votes_most", "beyond_settled", "consensus", "show_date", "show_place", "show_map",
    "show_neighbours", "show_other_date", "leaderboard", "gold_feedback",
)  # fmt: skip
TILE = ("thumbnail", "image", "date", "center", "bbox", "name", "product", "level", "row", "col")


def brief(campaign: Campaign) -> dict[str, Any]:
    dataset = campaign.dataset
    return {
        "id": campaign.pk, "question": campaign.question, "state": campaign.state,
        "dataset": {"slug": dataset.slug, "name": dataset.name, "kind": dataset.kind},
        "owner": campaign.owner.get_username() if campaign.owner else None, "created_at": campaign.created_at,
    }  # fmt: skip


def full(campaign: Campaign) -> dict[str, Any]:
    answers = campaign.answers.values("code", "word", "icon", "colour", "top")
    return {
        **brief(campaign), "explanation": campaign.explanation, "answers": list(answers),
        **{name: getattr(campaign, name) for name in SETTINGS},
        "examples": examples(campaign), "progress": progress(campaign),
    }  # fmt: skip


def progress(campaign: Campaign) -> dict[str, Any]:
    """Counts of now. agreement: mean of Fleiss' P_i over the tiles with two votes or more; votes: those that count."""
    totals = campaign.cards.aggregate(
        tiles=Count("pk"), settled=Count("pk", filter=Q(settled=True)), agreement=Avg("agreement")
    )
    recent = Vote.objects.standing().filter(campaign=campaign, received_at__gt=timezone.now() - timedelta(minutes=1))
    answers = by_answer(campaign)
    state, kappa, reckoned = Campaign.objects.values_list("state", "kappa", "reckoned_at").get(pk=campaign.pk)
    return {
        **totals, "disputed": campaign.cards.disputed().count(), "votes": sum(answer["votes"] for answer in answers),
        "people": campaign.people.filter(votes__gt=0).count(), "per_minute": recent.count(), "answers": answers,
        "here": list(people.here(campaign).order_by("nickname").values_list("nickname", flat=True)[:100]),
        "kappa": kappa, "state": state, "reckoned_at": reckoned,
    }  # fmt: skip


def by_answer(campaign: Campaign) -> list[dict[str, Any]]:
    counting = Vote.objects.counting().filter(campaign=campaign).order_by()
    votes = dict(counting.values_list("answer__code").annotate(n=Count("pk")))
    labels = dict(campaign.cards.order_by().values_list("label__code").annotate(n=Count("pk")))
    codes = campaign.answers.values_list("code", flat=True)
    return [{"code": code, "votes": votes.get(code, 0), "labels": labels.get(code, 0)} for code in codes]


def cards(campaign: Campaign, found: Iterable[Card]) -> list[dict[str, Any]]:
    """With what their tiles look like; of a tile whose imagery has been deleted only the key is known."""
    found, describer = list(found), Describer(campaign.dataset)
    codes = dict(campaign.answers.values_list("pk", "code"))
    describer.look_up(card.address for card in found)
    return [card_of(card, tile_of(describer, card.key), codes) for card in found]


def tile_of(describer: Describer, key: int) -> dict[str, Any]:
    try:
        tile = describer.tile(key)
    except NoSuchTile:
        return dict.fromkeys(TILE)
    return {name: tile[name] for name in TILE}


def card_of(card: Card, tile: dict[str, Any], codes: dict[int, str]) -> dict[str, Any]:
    def code(number: int | None) -> str | None:
        return codes.get(number) if number else None

    return {
        "id": card.pk, "key": str(card.key), **tile, "votes": card.votes, "target": card.target,
        "settled": card.settled, "gold": code(card.gold_id), "decision": code(card.decision_id),
        "label": code(card.label_id), "label_from": card.label_from, "share": card.share,
        "agreement": card.agreement, "why": card.why, "changed_at": card.changed_at,
    }  # fmt: skip


def said(card: Card) -> list[dict[str, Any]]:
    """Every vote on a card, also those that were taken back."""
    votes = card.all_votes.select_related("person", "answer")
    return [
        {
            "id": str(vote.pk), "person": vote.person_id, "nickname": vote.person.nickname,
            "excluded": vote.person.excluded_at is not None, "answer": vote.answer.code, "took": vote.took,
            "received_at": vote.received_at, "withdrawn": vote.withdrawn_at is not None,
        }
        for vote in votes
    ]  # fmt: skip


def votes_by_card(found: Sequence[Card]) -> dict[int, dict[str, int]]:
    """Of each card, how many counting votes each answer has."""
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    counting = Vote.objects.counting().filter(card__in=[card.pk for card in found]).order_by()
    for card, code, n in counting.values_list("card", "answer__code").annotate(n=Count("pk")):
        counts[card][code] = n
    return counts


def examples(campaign: Campaign) -> list[dict[str, Any]]:
    describer = Describer(campaign.dataset)
    found: QuerySet[Example] = campaign.examples.select_related("answer")
    return [
        {
            "id": one.pk, "key": str(one.key), "answer": one.answer.code, "caption": one.caption,
            "thumbnail": example_thumbnail(describer, one),
        }
        for one in found
    ]  # fmt: skip


def example_thumbnail(describer: Describer, example: Example) -> object:
    try:
        return describer.tile(example.key)["thumbnail"]
    except NoSuchTile:
        return None


def link(one: ShareLink) -> dict[str, Any]:
    return {
        "id": one.pk, "name": one.name, "created_at": one.created_at, "expires_at": one.expires_at,
        "most_people": one.most_people, "people": one.people.count(), "passphrase": bool(one.passphrase),
        "revoked": one.revoked_at is not None, "works": one.works,
    }  # fmt: skip


def links(campaign: Campaign) -> list[dict[str, Any]]:
    return [link(one) for one in campaign.links.all()]


def person(one: Person) -> dict[str, Any]:
    return {
        "id": one.pk, "nickname": one.nickname, "link": str(one.link) if one.link else None, "votes": one.votes,
        "agreement": one.agreement, "skill": one.skill, "gold_seen": one.gold_seen, "gold_right": one.gold_right,
        "flags": one.flags, "excluded": one.excluded_at is not None, "seen_at": one.seen_at,
        "here": one.seen_at > timezone.now() - people.HERE,
    }  # fmt: skip


def everybody(campaign: Campaign) -> list[dict[str, Any]]:
    return [person(one) for one in campaign.people.select_related("link").order_by("-votes", "pk")]
