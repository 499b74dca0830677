"""Refuse a request body over the limit before Django writes it to disk."""

import tempfile
from typing import Any

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, Scope

from webapp import errors

DRAINED = 8  # times the limit that is read and thrown away, so that a browser hears the answer and not a reset


class BodyLimit:
    """ASGI middleware: 413 in our error shape when Content-Length, or what really arrives, is over `limit` bytes."""

    def __init__(self, app: ASGI3Application, *, limit: int) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self.limit:
            return await self.refuse(scope, receive, send)
        if declared == b"0" and b"transfer-encoding" in dict(scope["headers"]):
            return await self.measure(scope, receive, send)
        await self.app(scope, receive, send)

    async def measure(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """A chunked body doesn't say how long it is: take it in first, at most `limit` bytes of it."""
        size, more = 0, True
        with tempfile.SpooledTemporaryFile(max_size=2**20) as body:
            while more:
                event: Any = await receive()
                size += body.write(event.get("body", b""))
                more = event.get("more_body", False)
                if size > self.limit:
                    return await self.refuse(scope, receive, send, more=more)
            body.seek(0)
            await self.app(scope, replay(body, receive), send)

    async def refuse(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable, *, more: bool = True
    ) -> None:
        read = 0
        while more and read <= DRAINED * self.limit:
            event: Any = await receive()
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


def replay(body: Any, receive: ASGIReceiveCallable) -> ASGIReceiveCallable:
    """A `receive` that gives the stored body in pieces, then whatever the connection says next."""
    done = False

    async def again() -> ASGIReceiveEvent:
        nonlocal done
        if done:
            return await receive()
        piece = body.read(2**16)
        done = len(piece) < 2**16
        return {"type": "http.request", "body": piece, "more_body": not done}

    return again
