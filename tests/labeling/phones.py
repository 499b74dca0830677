"""A phone's end of the socket, for tests."""

import json
from typing import Any
from uuid import uuid4

from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter

from labeling.models import ShareLink
from labeling.people import join
from labeling.routing import websocket_urlpatterns

ours = URLRouter(websocket_urlpatterns)


class Phone:
    """Opened as the ASGI server would open it."""

    def __init__(self, token: str, cookie: str = "", address: str = "10.0.0.1") -> None:
        headers = [(b"cookie", cookie.encode())] if cookie else []
        scope = {"type": "websocket", "path": f"/ws/label/{token}/", "headers": headers, "address": address}
        self.socket = ApplicationCommunicator(ours, scope)

    async def open(self) -> "Phone":
        await self.socket.send_input({"type": "websocket.connect"})
        assert (await self.socket.receive_output(5))["type"] == "websocket.accept"
        return self

    async def say(self, **message: Any) -> None:
        await self.send(json.dumps(message))

    async def send(self, text: str) -> None:
        await self.socket.send_input({"type": "websocket.receive", "text": text})

    async def hear(self, kind: str) -> dict[str, Any]:
        """The next message of this type; what else comes meanwhile is passed over."""
        while True:
            output = await self.socket.receive_output(5)
            assert output["type"] == "websocket.send", output
            message: dict[str, Any] = json.loads(output["text"])
            if message["type"] == kind:
                return message

    async def closed(self) -> int:
        """The code with which the site closes; what it says before is passed over."""
        while (output := await self.socket.receive_output(5))["type"] == "websocket.send":
            pass
        code: int = output["code"]
        await self.hang_up()  # as a server says once the connection has ended
        return code

    async def vote(self, card: int, answer: str = "yes", **fields: Any) -> str:
        number = fields.pop("id", str(uuid4()))
        await self.say(type="vote", id=number, card=card, answer=answer, **fields)
        return number

    async def hang_up(self) -> None:
        await self.socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.socket.wait(5)


async def joined(link: ShareLink, token: str, nickname: str = "Ada") -> Phone:
    """Somebody who has joined, past the greeting."""
    _person, secret = await sync_to_async(join)(link, nickname)
    phone = await Phone(token, f"{link.cookie}={secret}").open()
    await phone.hear("hello")
    return phone
