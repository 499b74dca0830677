"""Group commit: what phones say within a few milliseconds, or while a write is going on, is written in one transaction.

Hundreds of votes a second come one by one; a transaction each would wait for the disk and for the campaign's lock each
time (docs/decisions/017). Whoever said something waits until it is stored.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.db import DatabaseError

from labeling.recording import Outcome, Said, record

PAUSE = 0.015  # seconds that the first of a batch waits for others
MOST = 500  # in one transaction

recorders: "WeakKeyDictionary[asyncio.AbstractEventLoop, Recorder]" = WeakKeyDictionary()


class Recorder:
    """One for each event loop: `recorder()`."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Said, asyncio.Future[Outcome]]] = []
        self._running: asyncio.Task[None] | None = None
        thread = ThreadPoolExecutor(1, thread_name_prefix="votes")
        self._record = database_sync_to_async(record, thread_sensitive=False, executor=thread)

    async def put(self, said: Said) -> Outcome:
        """What has become of it, once it is stored. DatabaseError when the database does not take it: say it again."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((said, future))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(PAUSE)
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            writing = asyncio.ensure_future(self._write(batch))
            await asyncio.wait({writing})
            if failed := writing.exception():  # whoever waits must hear of it, and the next batch must be written
                for _, future in batch:
                    answer(future, failed)

    async def _write(self, batch: list[tuple[Said, "asyncio.Future[Outcome]"]]) -> None:
        """A transaction that fails is tried again vote by vote, so that one harms no other."""
        try:
            outcomes = await self._record([said for said, _ in batch])
        except DatabaseError:
            for said, future in batch:
                await self._write_one(said, future)
        else:
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                answer(future, outcome)

    async def _write_one(self, said: Said, future: "asyncio.Future[Outcome]") -> None:
        try:
            [outcome] = await self._record([said])
        except DatabaseError as exc:
            answer(future, exc)
        else:
            answer(future, outcome)


def answer(future: "asyncio.Future[Outcome]", with_what: Outcome | BaseException) -> None:
    """Whoever waited may have gone."""
    if future.done():
        return
    if isinstance(with_what, BaseException):
        future.set_exception(with_what)
    else:
        future.set_result(with_what)


def recorder() -> Recorder:
    """The running event loop's."""
    loop = asyncio.get_running_loop()
    if loop not in recorders:
        recorders[loop] = Recorder()
    return recorders[loop]
