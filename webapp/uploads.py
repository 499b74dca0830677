"""Take each request's body in before anybody works on it, and refuse one over the limit before it is on the disk."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from typing import IO, Any

from django.http import HttpResponse

from webapp import errors

# ASGI's types as Django has them: plain dictionaries.
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Any, Send], Awaitable[None]]

DRAINED = 8  # times the limit that is read and thrown away, so that a browser hears the answer and not a reset
PIECE = 2**16  # bytes


class Body:
    """A `receive` that gives a request's whole body, and then nothing more: who works on it isn't interrupted."""

    def __init__(self, stored: IO[bytes], receive: Receive) -> None:
        self.stored, self.receive, self.done = stored, receive, False

    async def __call__(self) -> Any:
        if self.done:
            await asyncio.get_running_loop().create_future()
        piece = self.stored.read(PIECE)
        self.done = len(piece) < PIECE
        return {"type": "http.request", "body": piece, "more_body": not self.done}

    async def gone(self) -> None:
        """Returns when the client has closed the connection."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


class BodyLimit:
    """ASGI middleware: 413 in our error shape when Content-Length, or what really arrives, is over `limit` bytes.

    408 when the body is not here after `seconds`. The next layer gets a Body.
    """

    def __init__(self, app: App, *, limit: int, seconds: float) -> None:
        self.app, self.limit, self.seconds = app, limit, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"]) if scope["type"] == "http" else {}
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self.limit:
            await self.refuse(scope, receive, send)
        else:
            await self.take_in(scope, receive, send)

    async def take_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        with tempfile.SpooledTemporaryFile(max_size=2**20) as body:
            try:
                async with asyncio.timeout(self.seconds):
                    whole, more = await self.store(body, receive)
            except TimeoutError:
                await respond(send, errors.bare(scope["path"], 408, "slow_upload"), Connection="close")
                return
            if body.tell() > self.limit:
                await self.refuse(scope, receive, send, more=more)
            elif whole:
                body.seek(0)
                await self.app(scope, Body(body, receive), send)

    async def store(self, body: IO[bytes], receive: Receive) -> tuple[bool, bool]:
        """Whether it is whole, and whether more would come: it stops at the limit, and when the client leaves."""
        more = True
        while more and body.tell() <= self.limit:
            event = await receive()
            if event["type"] == "http.disconnect":
                return False, False  # half a body is none
            body.write(event.get("body", b""))
            more = event.get("more_body", False)
        return not more, more

    async def refuse(self, scope: Scope, receive: Receive, send: Send, *, more: bool = True) -> None:
        read = 0
        while more and read <= DRAINED * self.limit:
            event = await receive()
            read += len(event.get("body", b""))
            more = event.get("more_body", False)
        await respond(send, errors.too_large(scope["path"], self.limit), Connection="close")


async def respond(send: Send, response: HttpResponse, **headers: str) -> None:
    """Send an answer from before Django, with more headers."""
    lines = [*response.items(), ("Content-Length", str(len(response.content))), *headers.items()]
    encoded = [(name.lower().encode(), value.encode()) for name, value in lines]
    await send({"type": "http.response.start", "status": response.status_code, "headers": encoded, "trailers": False})
    await send({"type": "http.response.body", "body": response.content, "more_body": False})
