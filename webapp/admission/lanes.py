"""Kinds of requests, each with threads of its own and a bounded queue in front of them."""

import asyncio
import math
import re
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from django.conf import settings

from webapp import metrics

KINDS = (  # the first that matches; whatever else there is, is a page
    ("probes", re.compile(r"/(healthz|readyz|metrics)$")),
    ("tiles", re.compile(r"/tiles/|/api/v1/images/|/l/[^/]+/(cards|examples)/")),
    (
        "slow",
        re.compile(
            r"/api/v1/(gibs|uploads)/|/api/v1/models/$|/datasets/models/upload/"
            r"|(/api/v1)?/datasets/[^/]+/(trainings/(estimate|preview)|encoder/|tables/)"
        ),
    ),
    (
        "downloads",
        re.compile(r"/api/v1/campaigns/\d+/(sweeps/\d+/export/|votes\.csv|labels\.)|/api/v1/models/[^/]+/\d+/download"),
    ),
    ("search", re.compile(r"/api/v1/datasets/[^/]+/(search|images|tiles/[^/]+/)")),
)
LONGEST = 30  # seconds that anybody is told to wait


class Busy(Exception):
    """No room; `retry_after`: whole seconds until it is likely."""

    def __init__(self, reason: str, retry_after: int) -> None:
        super().__init__(reason)
        self.reason, self.retry_after = reason, retry_after


class Gone(Exception):
    """The client left while it waited."""


class Lane:
    """`threads` requests at once, `queue` more in order of arrival, each for `patience` seconds at most.

    A thread belongs to one request at a time and lasts: so many threads, so many database connections, and no more.
    Used from the event loop only.
    """

    def __init__(self, name: str, *, threads: int, queue: int, patience: float) -> None:
        self.name, self.threads, self.queue, self.patience = name, threads, queue, patience
        self.free = [ThreadPoolExecutor(1, thread_name_prefix=f"{name}-{i}") for i in reversed(range(threads))]
        self.waiting: deque[asyncio.Future[ThreadPoolExecutor]] = deque()
        self.usual = 0.1  # seconds of work a request takes: a running mean

    async def take(self, gone: Callable[[], Awaitable[None]]) -> ThreadPoolExecutor:
        """A thread to work on, at once or in turn. Raises Busy (no room, or the wait too long) and Gone."""
        if self.free:
            thread = self.free.pop()
        elif len(self.waiting) >= self.queue:
            raise self.refusal("full")
        else:
            thread = await self.wait(gone)
        metrics.IN_FLIGHT.labels(self.name).inc()
        return thread

    async def wait(self, gone: Callable[[], Awaitable[None]]) -> ThreadPoolExecutor:
        place = asyncio.get_running_loop().create_future()
        left = asyncio.ensure_future(gone())
        self.waiting.append(place)
        metrics.WAITING.labels(self.name).inc()
        try:
            await asyncio.wait({place, left}, timeout=self.patience, return_when=asyncio.FIRST_COMPLETED)
            if left.done():
                raise Gone
            if not place.done():
                raise self.refusal("slow")
            return place.result()
        except BaseException:
            self.leave(place)
            raise
        finally:
            left.cancel()
            metrics.WAITING.labels(self.name).dec()

    def leave(self, place: "asyncio.Future[ThreadPoolExecutor]") -> None:
        """Out of the queue; a thread that was given in the same moment goes to the next."""
        if place.done() and not place.cancelled():
            self.pass_on(place.result())
        else:
            self.waiting.remove(place)

    def give_back(self, thread: ThreadPoolExecutor, seconds: float) -> None:
        """After `seconds` of work."""
        self.usual += (seconds - self.usual) / 20
        metrics.IN_FLIGHT.labels(self.name).dec()
        self.pass_on(thread)

    def pass_on(self, thread: ThreadPoolExecutor) -> None:
        if self.waiting:
            self.waiting.popleft().set_result(thread)
        else:
            self.free.append(thread)

    def refusal(self, reason: str) -> Busy:
        """Counted, and with the time in which what waits now should be done."""
        metrics.REFUSED.labels(self.name, reason).inc()
        seconds = self.usual * (len(self.waiting) + 1) / self.threads
        return Busy(reason, min(LONGEST, max(1, math.ceil(seconds))))


def kind_of(path: str) -> str:
    return next((name for name, pattern in KINDS if pattern.match(path)), "pages")


@cache
def lanes() -> dict[str, Lane]:
    """This process' lanes, by the settings."""
    return {
        name: Lane(name, threads=threads, queue=queue, patience=settings.QUEUE_SECONDS)
        for name, (threads, queue) in settings.LANES.items()
    }
