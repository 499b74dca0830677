"""Django as the gate calls it, and the cache that its requests share."""

import json

from asgiref.testing import ApplicationCommunicator
from django.core.cache import caches

from webapp.asgi import http


async def get(path: str) -> tuple[int, bytes]:
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [(b"host", b"localhost")]}
    client = ApplicationCommunicator(http, scope)
    await client.send_input({"type": "http.request", "body": b"", "more_body": False})
    start, body = await client.receive_output(5), await client.receive_output(5)
    await client.wait()
    return start["status"], body["body"]


async def test_a_synchronous_chain_answers() -> None:
    status, body = await get("/healthz")
    assert (status, json.loads(body)) == (200, {"status": "ok"})


async def test_what_is_not_there_is_an_answer_too() -> None:
    status, body = await get("/api/v1/nothing")
    assert (status, json.loads(body)["error"]["code"]) == (404, "not_found")


def test_the_cache_that_each_request_makes_anew_has_the_same_client() -> None:
    first = caches["default"]
    del caches["default"]
    assert caches["default"] is not first
    assert caches["default"]._cache is first._cache  # type: ignore[attr-defined]
