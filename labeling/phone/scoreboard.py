"""How far the team is, as phones see it. One look at the database serves all of a process' phones for a while."""

import asyncio
import time
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.db.models import Count, Q, Sum

from labeling import people
from labeling.models import Campaign

FRESH = 2.0  # seconds
LEADERS = 5


def team(number: int) -> dict[str, object]:
    """votes: that stand, of all; people: that are here; tiles, settled; leaders: [{id, nickname, votes}] or []."""
    campaign = Campaign.objects.get(pk=number)
    cards = campaign.cards.aggregate(tiles=Count("pk"), settled=Count("pk", filter=Q(settled=True)))
    votes = campaign.people.aggregate(votes=Sum("votes"))["votes"] or 0
    here = people.here(campaign).count()
    return {**cards, "votes": votes, "people": here, "leaders": leaders(campaign) if campaign.leaderboard else []}


def leaders(campaign: Campaign) -> list[dict[str, object]]:
    best = campaign.people.filter(votes__gt=0, excluded_at=None).order_by("-votes", "pk")[:LEADERS]
    return [{"id": person.pk, "nickname": person.nickname, "votes": person.votes} for person in best]


@dataclass
class Board:
    """One campaign's. Whoever asks while somebody looks waits for the same look."""

    at: float = -FRESH
    said: dict[str, object] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


boards: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, Board]]" = WeakKeyDictionary()


async def of(number: int) -> dict[str, object]:
    board = boards.setdefault(asyncio.get_running_loop(), {}).setdefault(number, Board())
    async with board.lock:
        if time.monotonic() - board.at >= FRESH:
            board.said = await database_sync_to_async(team)(number)
            board.at = time.monotonic()
    return board.said
