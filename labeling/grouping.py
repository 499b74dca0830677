"""Group commit: what phones say, or ask, within a few milliseconds or while a transaction is going on, goes into one.

Hundreds of votes a second come one by one; a transaction each would wait for the disk and for the campaign's cards each
time (docs/decisions/017). Whoever said something waits until it is stored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.db import DatabaseError

from labeling.dealing import Ask, deal_many
from labeling.models import Card
from labeling.recording import Outcome, Said, record

MOST = 500  # in one transaction
Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


class Grouped(Generic[Asked, Answered]):
    """work: one answer for each of what it is given, in order; it runs outside the event loop, once at a time.

    pause: seconds that the first of a group waits for others.
    """

    def __init__(self, work: Callable[[Sequence[Asked]], Awaitable[Sequence[Answered]]], pause: float) -> None:
        self._work, self._pause = work, pause
        self._waiting: list[tuple[Asked, asyncio.Future[Answered]]] = []
        self._running: asyncio.Task[None] | None = None

    async def put(self, asked: Asked) -> Answered:
        """The answer, once it is stored. DatabaseError when the database does not take it: say it again."""
        future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._pause)
            group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            working = asyncio.ensure_future(self._together(group))
            await asyncio.wait({working})
            if failed := working.exception():  # whoever waits must hear of it, and the next group must be served
                for _, future in group:
                    answer(future, failed)

    async def _together(self, group: list[tuple[Asked, "asyncio.Future[Answered]"]]) -> None:
        """A transaction that fails is tried again one by one, so that one harms no other."""
        try:
            answers = await self._work([asked for asked, _ in group])
        except DatabaseError:
            for asked, future in group:
                await self._alone(asked, future)
        else:
            for (_, future), found in zip(group, answers, strict=True):
                answer(future, found)

    async def _alone(self, asked: Asked, future: "asyncio.Future[Answered]") -> None:
        try:
            [found] = await self._work([asked])
        except DatabaseError as exc:
            answer(future, exc)
        else:
            answer(future, found)


def answer(future: "asyncio.Future[Answered]", with_what: Answered | BaseException) -> None:
    """Whoever waited may have gone."""
    if future.done():
        return
    if isinstance(with_what, BaseException):
        future.set_exception(with_what)
    else:
        future.set_result(with_what)


def in_thread(
    work: Callable[[Sequence[Asked]], Sequence[Answered]], name: str
) -> Callable[[Sequence[Asked]], Awaitable[Sequence[Answered]]]:
    """In a thread of its own, with a connection of its own."""
    found: Callable[[Sequence[Asked]], Awaitable[Sequence[Answered]]] = database_sync_to_async(
        work, thread_sensitive=False, executor=ThreadPoolExecutor(1, thread_name_prefix=name)
    )
    return found


class Groups:
    """An event loop's: votes that come, and cards that are asked for; phones have some in hand, so those can wait."""

    def __init__(self) -> None:
        self.votes: Grouped[Said, Outcome] = Grouped(in_thread(record, "votes"), pause=0.02)
        self.cards: Grouped[Ask, list[Card] | None] = Grouped(in_thread(deal_many, "cards"), pause=0.05)


_groups: "WeakKeyDictionary[asyncio.AbstractEventLoop, Groups]" = WeakKeyDictionary()


def groups() -> Groups:
    """The running event loop's."""
    loop = asyncio.get_running_loop()
    if loop not in _groups:
        _groups[loop] = Groups()
    return _groups[loop]
