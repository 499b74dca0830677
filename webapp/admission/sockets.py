"""Websockets: so many in one process, and so many from one address."""

from collections import Counter

from webapp import errors, metrics
from webapp.proxy import address_of
from webapp.uploads import App, Receive, Scope, Send

TRY_AGAIN_LATER = 1013  # RFC 6455's registry of close codes
RETRY_AFTER = "30"  # seconds


class SocketLimit:
    """ASGI middleware before the websocket's application; refuses before anybody is looked up.

    The application finds the client's address in the scope, as "address".
    """

    def __init__(self, app: App, *, most: int, most_of_one: int) -> None:
        self.app, self.most, self.most_of_one = app, most, most_of_one
        self.open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = address_of(scope)
        if self.open.total() >= self.most or self.open[address] >= self.most_of_one:
            metrics.REFUSED.labels("websockets", "full").inc()
            await refuse(scope, receive, send)
            return
        self.open[address] += 1
        metrics.IN_FLIGHT.labels("websockets").inc()
        try:
            await self.app({**scope, "address": address}, receive, send)
        finally:
            metrics.IN_FLIGHT.labels("websockets").dec()
            self.open[address] -= 1
            self.open += Counter()  # forgets addresses that have none


def by_path(limits: dict[str, App], others: App) -> App:
    """Kinds of sockets, told by how their paths begin, each with a limit of its own."""

    async def chosen(scope: Scope, receive: Receive, send: Send) -> None:
        limit = next((app for start, app in limits.items() if scope["path"].startswith(start)), others)
        await limit(scope, receive, send)

    return chosen


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """503 instead of the handshake, where the server can say so; else a close, which it turns into 403."""
    await receive()  # websocket.connect
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
        return
    response = errors.bare("/api/", 503, "busy")
    headers = [(b"content-type", b"application/json"), (b"retry-after", RETRY_AFTER.encode())]
    await send({"type": "websocket.http.response.start", "status": 503, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": response.content})
