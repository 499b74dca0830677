"""Refuse a request body over the limit before Django writes it to disk."""

import tempfile
from collections.abc import Awaitable, Callable
from typing import Any

from webapp import errors

# ASGI's types as Django has them: plain dictionaries.
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

DRAINED = 8  # times the limit that is read and thrown away, so that a browser hears the answer and not a reset


class BodyLimit:
    """ASGI middleware: 413 in our error shape when Content-Length, or what really arrives, is over `limit` bytes."""

    def __init__(self, app: App, *, limit: int) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"]) if scope["type"] == "http" else {}
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self.limit:
            await self.refuse(scope, receive, send)
        elif b"transfer-encoding" in headers:
            await self.measure(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def measure(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A chunked body doesn't say how long it is: take it in first, at most `limit` bytes of it."""
        size, more = 0, True
        with tempfile.SpooledTemporaryFile(max_size=2**20) as body:
            while more:
                event = await receive()
                if event["type"] == "http.disconnect":
                    return  # half a body is none
                size += body.write(event.get("body", b""))
                more = event.get("more_body", False)
                if size > self.limit:
                    break
            body.seek(0)
            if size > self.limit:
                await self.refuse(scope, receive, send, more=more)
            else:
                await self.app(scope, replay(body, receive), send)

    async def refuse(self, scope: Scope, receive: Receive, send: Send, *, more: bool = True) -> None:
        read = 0
        while more and read <= DRAINED * self.limit:
            event = await receive()
            read += len(event.get("body", b""))
            more = event.get("more_body", False)
        response = errors.too_large(scope["path"], self.limit)
        headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
        await send(
            {
                "type": "http.response.start",
                "status": 413,
                "headers": [*headers, (b"connection", b"close")],
                "trailers": False,
            }
        )
        await send({"type": "http.response.body", "body": response.content, "more_body": False})


def replay(body: Any, receive: Receive) -> Receive:
    """A `receive` that gives the stored body in pieces, then whatever the connection says next."""
    done = False

    async def again() -> Any:
        nonlocal done
        if done:
            return await receive()
        piece = body.read(2**16)
        done = len(piece) < 2**16
        return {"type": "http.request", "body": piece, "more_body": not done}

    return again
