"""What happens in a campaign, told to the pages that are open: host pages, phones of one link, one person's phones.

Groups: campaign.<id> (host pages), phones.<id> (a campaign's), link.<id>, person.<id>.
Messages (type, fields), which the consumers take as methods:
labels.changed {}, cards.drop {cards}, link.revoked {}, state.changed {}, cards.new {}, person.excluded {}.
"""

import logging
import threading
import time
from collections.abc import Collection, Iterable

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

PAUSE = 0.25  # seconds between two "labels.changed" of one campaign from one process


def campaign_group(number: int) -> str:
    return f"campaign.{number}"


def phones_group(campaign: int) -> str:
    """Told what is rare only: hundreds of phones need not hear of every vote."""
    return f"phones.{campaign}"


def link_group(number: int) -> str:
    return f"link.{number}"


def person_group(number: int) -> str:
    return f"person.{number}"


def send(group: str, kind: str, **fields: object) -> None:
    """What was stored stays stored when Redis is away: pages that were not told see it with the next change."""
    try:
        async_to_sync(get_channel_layer().group_send)(group, {"type": kind, **fields})
    except RedisError as error:
        logger.warning("Pages were not told of %s in %s: %s", kind, group, error)


class Throttle:
    """Sends the first change at once and the last one surely, at most one in PAUSE seconds for each campaign."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: dict[int, float] = {}
        self._due: set[int] = set()

    def changed(self, number: int) -> None:
        with self._lock:
            if number in self._due:
                return
            wait = self._sent.get(number, 0.0) + PAUSE - time.monotonic()
            if wait > 0:
                self._due.add(number)
                timer = threading.Timer(wait, self._tell, [number])
                timer.daemon = True
                timer.start()
                return
            self._sent[number] = time.monotonic()
        self._send(number)

    def _tell(self, number: int) -> None:
        with self._lock:
            self._due.discard(number)
            self._sent[number] = time.monotonic()
        self._send(number)

    def _send(self, number: int) -> None:
        send(campaign_group(number), "labels.changed")


throttle = Throttle()


def changed(campaigns: Iterable[int]) -> None:
    for number in set(campaigns):
        throttle.changed(number)


def drop(person: int, cards: Collection[int]) -> None:
    """These cards need no answer any more."""
    send(person_group(person), "cards.drop", cards=list(cards))


def revoked(link: int) -> None:
    """Open sockets of the link close."""
    send(link_group(link), "link.revoked")


def state_changed(campaign: int) -> None:
    send(campaign_group(campaign), "state.changed")
    send(phones_group(campaign), "state.changed")


def new_cards(campaign: int) -> None:
    send(campaign_group(campaign), "cards.new")
    send(phones_group(campaign), "cards.new")


def excluded(person: int) -> None:
    send(person_group(person), "person.excluded")
