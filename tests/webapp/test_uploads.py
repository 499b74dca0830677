"""BodyLimit, spoken to in ASGI's own messages."""

import asyncio
from typing import Any

import pytest

from webapp.uploads import BodyLimit

LIMIT = 1000


async def echo(scope: Any, receive: Any, send: Any) -> None:
    body, more = b"", True
    while more:
        event = await receive()
        body, more = body + event.get("body", b""), event.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(len(body)).encode()})


async def fail(*_: Any) -> None:
    raise AssertionError("called")


def post(pieces: list[bytes], headers: dict[bytes, bytes], path: str = "/api/v1/x") -> tuple[int, bytes]:
    """Send a body in pieces; the status and body of the answer."""
    events = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    events.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[Any] = []

    async def receive() -> Any:
        return events.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {"type": "http", "path": path, "headers": list(headers.items())}
    asyncio.run(BodyLimit(echo, limit=LIMIT, seconds=5)(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


def test_what_fits_passes() -> None:
    assert post([b"x" * LIMIT], {b"content-length": b"1000"}) == (200, b"1000")


def test_a_declared_length_over_the_limit_is_refused_in_our_shape() -> None:
    status, body = post([b"x" * 500] * 3, {b"content-length": b"1500"})
    assert status == 413
    assert b'"too_large"' in body


def test_elsewhere_the_refusal_is_a_page() -> None:
    assert b"<h1>Too large</h1>" in post([b""], {b"content-length": b"1500"}, "/accounts/login/")[1]


def test_a_chunked_body_is_measured_and_given_on_whole() -> None:
    assert post([b"x" * 300] * 3, {b"transfer-encoding": b"chunked"}) == (200, b"900")


def test_half_a_chunked_body_reaches_nobody() -> None:
    events = [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return events.pop(0)

    scope: Any = {"type": "http", "path": "/", "headers": [(b"transfer-encoding", b"chunked")]}
    asyncio.run(BodyLimit(fail, limit=LIMIT, seconds=5)(scope, receive, fail))


def test_a_body_that_does_not_arrive_in_time_is_answered_408() -> None:
    sent: list[Any] = []

    async def never() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {"type": "http", "path": "/api/v1/x", "headers": [(b"content-length", b"9")]}
    asyncio.run(BodyLimit(fail, limit=LIMIT, seconds=0.01)(scope, never, send))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


def test_a_chunked_body_over_the_limit_is_refused() -> None:
    assert post([b"x" * 300] * 30, {b"transfer-encoding": b"chunked"})[0] == 413


@pytest.mark.parametrize("declared", [b"-1", b"many", b""])
def test_a_nonsensical_length_is_refused(declared: bytes) -> None:
    assert post([b""], {b"content-length": declared})[0] == 413
