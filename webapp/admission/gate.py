"""The ASGI layer before Django: a request waits for its lane's thread, is worked on for so long, or is refused."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext

from webapp import errors, metrics
from webapp.admission.lanes import Busy, Gone, Lane, kind_of
from webapp.uploads import App, Body, Scope, Send, respond

log = logging.getLogger(__name__)
KEPT = 4 * 2**20  # bytes of an answer that wait for a slow reader without holding a thread
LONG = 5.0  # seconds after which an answer that comes piece by piece is sent as it comes


class Answer:
    """What the application says, kept until it has finished, so that slow readers hold no thread.

    Of one that is sent as it comes, nothing more is wanted once its reader has left: Django is told as servers tell it.
    """

    def __init__(self, send: Send, gone: Callable[[], Awaitable[None]]) -> None:
        self.send, self.gone = send, gone
        self.reader: asyncio.Future[None] | None = None
        self.messages: list[Any] = []
        self.bytes, self.since = 0, time.monotonic()
        self.begun = self.dropped = False

    async def __call__(self, message: Any) -> None:
        if self.dropped:
            return
        if self.left:
            raise asyncio.CancelledError
        self.messages.append(message)
        self.bytes += len(message.get("body", b""))
        slow = message.get("more_body") and time.monotonic() - self.since > LONG
        if self.bytes > KEPT or slow:
            self.reader = self.reader or asyncio.ensure_future(self.gone())
            await self.flush()

    async def flush(self) -> None:
        messages, self.messages, self.bytes = self.messages, [], 0
        self.begun = True
        for message in messages:
            await self.send(message)

    @property
    def left(self) -> bool:
        """Whether its reader has, of an answer that is sent as it comes."""
        return self.reader is not None and self.reader.done()

    def end(self) -> None:
        if self.reader is not None:
            self.reader.cancel()


class Gate:
    """Stands behind BodyLimit: a request is whole when it comes here, so its client can keep nobody waiting."""

    def __init__(self, app: App, lanes: Mapping[str, Lane], *, seconds: float) -> None:
        self.app, self.lanes, self.seconds = app, lanes, seconds
        self.late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Body, send: Send) -> None:
        lane = self.lanes[kind_of(scope["path"])]
        try:
            thread = await lane.take(receive.gone)
        except Gone:
            metrics.REFUSED.labels(lane.name, "gone").inc()
        except Busy as busy:
            headers = {"Retry-After": str(busy.retry_after)}
            await respond(send, errors.bare(scope["path"], 503, "busy"), **headers)
        else:
            await self.answer(lane, thread, scope, receive, send)

    async def answer(self, lane: Lane, thread: ThreadPoolExecutor, scope: Scope, receive: Body, send: Send) -> None:
        """The application's answer, or 504 when it takes too long.

        A thread cannot be stopped: it ends its work unheard, and only then takes the next request.
        """
        answer = Answer(send, receive.gone)
        work = asyncio.create_task(self.work(lane, thread, scope, receive, answer))
        self.late.add(work)
        work.add_done_callback(self.late.discard)
        done, _ = await asyncio.wait({work}, timeout=self.seconds)
        if done or answer.begun:
            await work
            await answer.flush()
        else:
            answer.dropped = True
            work.add_done_callback(report)
            metrics.REFUSED.labels(lane.name, "late").inc()
            log.warning("gave up waiting for %s after %g s", scope["path"], self.seconds)
            await respond(send, errors.bare(scope["path"], 504, "too_slow"))

    async def work(self, lane: Lane, thread: ThreadPoolExecutor, scope: Scope, receive: Body, answer: Answer) -> None:
        began = time.monotonic()
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self.app(scope, receive, answer)
        except asyncio.CancelledError:
            if not answer.left:
                raise
        finally:
            answer.end()
            lane.give_back(thread, time.monotonic() - began)


def report(work: "asyncio.Task[None]") -> None:
    """Nobody waits for a late task's exception: it goes to the log."""
    if not work.cancelled() and work.exception():
        log.error("a request that was given up failed", exc_info=work.exception())
