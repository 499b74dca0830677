"""SocketLimit: websockets are bounded per process and per address."""

import asyncio
from typing import Any

import pytest

from webapp.admission.sockets import TRY_AGAIN_LATER, SocketLimit


class Sockets:
    """An application whose sockets stay open until `close` is set."""

    def __init__(self, **limits: int) -> None:
        self.close, self.open = asyncio.Event(), 0
        self.limit = SocketLimit(self.serve, **limits)

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        self.open += 1
        await self.close.wait()

    def connect(self, address: str, **extensions: object) -> tuple["asyncio.Task[None]", list[Any]]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "websocket", "client": (address, 1), "headers": [], "extensions": extensions}
        return asyncio.create_task(self.limit(scope, receive, send)), sent


@pytest.mark.parametrize(("limits", "third"), [((2, 9), "10.0.0.3"), ((9, 2), "10.0.0.1")])
async def test_one_too_many_is_refused(limits: tuple[int, int], third: str) -> None:
    sockets = Sockets(most=limits[0], most_of_one=limits[1])
    held = [sockets.connect("10.0.0.1")[0] for _ in range(2)]
    await asyncio.sleep(0)
    task, sent = sockets.connect(third)
    await task
    assert sent == [{"type": "websocket.close", "code": TRY_AGAIN_LATER}]
    sockets.close.set()
    await asyncio.gather(*held)


async def test_where_the_server_can_it_says_503_and_when_to_come_again() -> None:
    task, sent = Sockets(most=0, most_of_one=1).connect("10.0.0.1", **{"websocket.http.response": {}})
    await task
    assert sent[0]["status"] == 503
    assert dict(sent[0]["headers"])[b"retry-after"] == b"30"


async def test_a_closed_socket_makes_room_and_its_address_is_forgotten() -> None:
    sockets = Sockets(most=1, most_of_one=1)
    sockets.close.set()
    for _ in range(3):
        await sockets.connect("10.0.0.1")[0]
    assert (sockets.open, dict(sockets.limit.open)) == (3, {})
