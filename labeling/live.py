"""What happens in a campaign, told to the pages that are open: host pages, phones of one link, one person's phones.

Groups: campaign.<id> (host pages), phones.<id> (a campaign's), link.<id>, person.<id>.
Messages (type, fields), which the consumers take as methods:
labels.changed {}, cards.drop {cards}, link.revoked {}, state.changed {}, cards.new {}, person.excluded {},
learning.changed {}, sweep.changed {number}.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Collection, Iterable
from concurrent.futures import Future
from functools import cache

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

PATIENCE = 5.0  # seconds until a message that nobody takes is given up
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


class Messenger:
    """A thread with an event loop of its own, kept: a loop for each message would connect to Redis anew each time, and
    whoever stores votes would wait for it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="live", daemon=True).start()

    def send(self, group: str, message: dict[str, object]) -> "Future[None]":
        return asyncio.run_coroutine_threadsafe(self._send(group, message), self.loop)

    async def _send(self, group: str, message: dict[str, object]) -> None:
        """What was stored stays stored when Redis is away: pages that were not told see it with the next change."""
        try:
            await get_channel_layer().group_send(group, message)
        except RedisError as error:
            logger.warning("Pages were not told of %s in %s: %s", message["type"], group, error)


@cache
def messenger(process: int) -> Messenger:
    """One for each process: threads do not survive a fork."""
    return Messenger()


def send(group: str, kind: str, **fields: object) -> "Future[None]":
    """On its way at once; the future ends when Redis has it."""
    return messenger(os.getpid()).send(group, {"type": kind, **fields})


def tell(group: str, kind: str, **fields: object) -> None:
    """As `send`, and waits: a command may end right after it."""
    try:
        send(group, kind, **fields).result(timeout=PATIENCE)
    except TimeoutError:
        logger.warning("Redis did not take %s for %s within %s s", kind, group, PATIENCE)


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
    tell(link_group(link), "link.revoked")


def state_changed(campaign: int) -> None:
    tell(campaign_group(campaign), "state.changed")
    tell(phones_group(campaign), "state.changed")


def new_cards(campaign: int) -> None:
    tell(campaign_group(campaign), "cards.new")
    tell(phones_group(campaign), "cards.new")


def learning_changed(campaign: int, *, wait: bool = True) -> None:
    """Its rounds, or how it learns."""
    (tell if wait else send)(campaign_group(campaign), "learning.changed")


def sweep_changed(campaign: int, number: int) -> None:
    """How far it is, or its audit."""
    tell(campaign_group(campaign), "sweep.changed", number=number)


def excluded(person: int) -> None:
    tell(person_group(person), "person.excluded")
