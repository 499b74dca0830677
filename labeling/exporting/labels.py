"""A campaign's votes and labels as CSV (RFC 4180) and GeoJSON (RFC 7946)."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q

from labeling import describing
from labeling.models import Campaign, Card, Vote
from search.exporting.streaming import table

AT_ONCE = 500  # cards
VOTES = [
    "vote", "card", "key", "person", "nickname", "excluded", "answer", "took_ms", "answered_at", "received_at",
    "withdrawn_at", "withdrawn_by",
]  # fmt: skip
LABELS = [
    "key", "dataset", "product", "date", "level", "row", "col", "west", "south", "east", "north", "lon", "lat", "name",
    "label", "label_from", "votes", "share", "agreement", "skill_label", "skill_share", "settled", "decision", "gold",
]  # fmt: skip


def votes_csv(campaign: Campaign) -> Iterator[str]:
    """Every vote, also those that were taken back and those of people who are excluded."""
    return table(VOTES, vote_rows(campaign))


def vote_rows(campaign: Campaign) -> Iterator[dict[str, Any]]:
    for vote in chain.from_iterable(vote_pages(campaign)):
        yield {
            "vote": vote.pk, "card": vote.card_id, "key": vote.card.key, "person": vote.person_id,
            "nickname": vote.person.nickname, "excluded": vote.person.excluded_at is not None,
            "answer": vote.answer.code, "took_ms": vote.took, "answered_at": written(vote.answered_at),
            "received_at": written(vote.received_at), "withdrawn_at": written(vote.withdrawn_at),
            "withdrawn_by": vote.withdrawn_by,
        }  # fmt: skip


def vote_pages(campaign: Campaign) -> Iterator[list[Vote]]:
    """In the order in which they came, a few at a time: no cursor stays open between two."""
    votes = campaign.votes.select_related("person", "card", "answer").order_by("received_at", "pk")
    some = list(votes[:AT_ONCE])
    while some:
        yield some
        time, number = some[-1].received_at, some[-1].pk
        some = list(votes.filter(Q(received_at__gt=time) | Q(received_at=time, pk__gt=number))[:AT_ONCE])


def written(time: Any) -> str:
    return time.isoformat() if time else ""


def labels_csv(campaign: Campaign) -> Iterator[str]:
    """A line for each tile; votes_<code>: how many votes each answer has."""
    codes = list(campaign.answers.values_list("code", flat=True))
    return table(LABELS + [f"votes_{code}" for code in codes], label_rows(campaign, codes))


def label_rows(campaign: Campaign, codes: list[str]) -> Iterator[dict[str, Any]]:
    for some in pages(campaign):
        counts = describing.votes_by_card(some)
        skills = dict(campaign.answers.values_list("pk", "code"))
        for card, described in zip(some, describing.cards(campaign, some), strict=True):
            votes = {f"votes_{code}": counts[card.pk].get(code, 0) for code in codes}
            skill = {"skill_label": skills.get(card.skill_label_id or 0), "skill_share": card.skill_share}
            yield {**flat(campaign, described), **skill, **votes}


def pages(campaign: Campaign) -> Iterator[list[Card]]:
    """In the order in which they came, a few at a time."""
    last = 0
    while some := list(campaign.cards.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        yield some
        last = some[-1].pk


def flat(campaign: Campaign, card: dict[str, Any]) -> dict[str, Any]:
    west, south, east, north = card["bbox"] or [None] * 4
    lon, lat = card["center"] or [None] * 2
    place = {"west": west, "south": south, "east": east, "north": north, "lon": lon, "lat": lat}
    return {**card, **place, "dataset": campaign.dataset.slug}


def labels_geojson(campaign: Campaign) -> Iterator[str]:
    """A FeatureCollection of the tiles' outlines; a gallery's pictures have no geometry."""
    codes = list(campaign.answers.values_list("code", flat=True))
    yield '{"type": "FeatureCollection", "features": ['
    for number, row in enumerate(label_rows(campaign, codes)):
        yield (",\n" if number else "\n") + json.dumps(feature(row, codes), cls=DjangoJSONEncoder)
    yield "\n]}\n"


def feature(row: dict[str, Any], codes: list[str]) -> dict[str, Any]:
    columns = [name for name in [*LABELS, *(f"votes_{code}" for code in codes)] if row[name] is not None]
    west, south, east, north = (row[side] for side in ("west", "south", "east", "north"))
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    found: dict[str, Any] = {"type": "Feature", "id": row["key"], "geometry": None}
    if west is not None:
        found |= {"bbox": row["bbox"], "geometry": {"type": "Polygon", "coordinates": [ring]}}
    return {**found, "properties": {name: row[name] for name in columns}}
