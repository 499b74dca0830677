"""The gate before Django, spoken to in ASGI's own messages; real threads do the work."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from webapp.admission.gate import KEPT, Gate
from webapp.admission.lanes import Busy, Gone, Lane, kind_of

SEARCH, TILE, HEALTH = "/api/v1/datasets/world/search", "/tiles/world/a/b/1/2/3.webp", "/healthz"


class Client:
    """One request's ends of the conversation."""

    def __init__(self, path: str = SEARCH) -> None:
        self.scope = {"type": "http", "path": path, "headers": []}
        self.sent: list[Any] = []
        self.left = asyncio.Event()

    async def gone(self) -> None:
        await self.left.wait()

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])


class Work:
    """An application that works on the lane's thread until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.threads: list[str] = []
        self.now = self.most = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        await sync_to_async(self.block)()
        self.now -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    def block(self) -> None:
        self.threads.append(threading.current_thread().name)
        self.go.wait(10)


def gate(app: Any, *, threads: int = 1, queue: int = 1, patience: float = 5, seconds: float = 5) -> Gate:
    lanes = {name: Lane(name, threads=threads, queue=queue, patience=patience) for name in ("search", "tiles", "pages")}
    return Gate(app, {**lanes, "probes": Lane("probes", threads=1, queue=1, patience=5)}, seconds=seconds)


def ask(through: Gate, client: Client) -> "asyncio.Task[None]":
    return asyncio.create_task(through(client.scope, client, client.send))  # type: ignore[arg-type]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/healthz", "probes"), ("/readyz", "probes"), ("/metrics", "probes"), (TILE, "tiles"),
     ("/api/v1/images/abc.webp", "tiles"), (SEARCH, "search"), (f"{SEARCH}.csv", "search"), ("/", "pages"),
     ("/api/v1/datasets/world/images/", "search"), ("/api/v1/datasets/world/tiles", "pages"), ("/x/metrics", "pages"),
     ("/api/v1/uploads/abc", "slow"), ("/api/v1/gibs/layers", "slow"),
     ("/api/v1/campaigns/3/sweeps/1/export/images.zip", "downloads"), ("/api/v1/campaigns/3/votes.csv", "downloads"),
     ("/api/v1/campaigns/3/sweeps/1", "pages")],
)  # fmt: skip
def test_each_address_has_its_lane(path: str, kind: str) -> None:
    assert kind_of(path) == kind


async def test_a_request_waits_for_its_turn_and_is_served() -> None:
    work = Work()
    through, clients = gate(work), [Client(), Client()]
    tasks = [ask(through, client) for client in clients]
    await until(lambda: len(through.lanes["search"].waiting) == 1)
    work.go.set()
    await asyncio.gather(*tasks)
    assert [client.status for client in clients] == [200, 200]
    assert work.most == 1


async def test_a_full_queue_is_answered_503_with_retry_after_in_our_shape() -> None:
    work = Work()
    through, last = gate(work), Client()
    tasks = [ask(through, Client()) for _ in range(2)]
    await until(lambda: len(through.lanes["search"].waiting) == 1)
    await ask(through, last)
    assert (last.status, json.loads(last.sent[1]["body"])["error"]["code"]) == (503, "busy")
    assert int(last.headers[b"retry-after"]) >= 1
    work.go.set()
    await asyncio.gather(*tasks)


async def test_a_wait_that_is_too_long_is_answered_503() -> None:
    work = Work()
    through, second = gate(work, patience=0.05), Client(TILE)
    first = ask(through, Client(TILE))
    await until(lambda: work.now)
    await ask(through, second)
    assert second.status == 503
    assert b"<h1>" in second.sent[1]["body"]
    work.go.set()
    await first


async def test_health_answers_while_searches_and_tiles_are_full() -> None:
    work = Work()
    slow = [SEARCH, SEARCH, TILE, TILE]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await (work if scope["path"] != HEALTH else answer)(scope, receive, send)

    through, health = gate(app), Client(HEALTH)
    tasks = [ask(through, Client(path)) for path in slow]
    await until(lambda: len(through.lanes["tiles"].waiting) == 1)
    await ask(through, health)
    assert health.status == 200
    work.go.set()
    await asyncio.gather(*tasks)


async def answer(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def test_work_for_a_client_who_left_the_queue_is_not_begun() -> None:
    work = Work()
    through, impatient = gate(work), Client()
    first, second = ask(through, Client()), ask(through, impatient)
    await until(lambda: len(through.lanes["search"].waiting) == 1)
    impatient.left.set()
    await second
    work.go.set()
    await first
    assert (impatient.sent, len(work.threads)) == ([], 1)


async def test_work_that_takes_too_long_is_answered_504_and_keeps_its_thread_until_it_ends() -> None:
    work = Work()
    through, late = gate(work, seconds=0.05), Client()
    await ask(through, late)
    assert late.status == 504
    assert through.lanes["search"].free == []
    work.go.set()
    await until(lambda: through.lanes["search"].free)
    assert len(late.sent) == 2


async def test_threads_last_from_one_request_to_the_next() -> None:
    work = Work()
    work.go.set()
    through = gate(work, threads=3)
    for _ in range(4):
        await ask(through, Client())
    assert set(work.threads) == {"search-0_0"}


async def test_a_slow_reader_holds_no_thread() -> None:
    through, slow = gate(answer), Client()
    reading = asyncio.Event()

    async def send(message: Any) -> None:
        await reading.wait()

    slow.send = send  # type: ignore[method-assign]
    task = ask(through, slow)
    await until(lambda: through.lanes["search"].free)
    reading.set()
    await task


async def test_an_answer_too_large_to_keep_is_sent_as_it_comes() -> None:
    async def large(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(KEPT + 1), "more_body": True})
        assert len(client.sent) == 2
        await send({"type": "http.response.body", "body": b"end"})

    client = Client()
    await ask(gate(large), client)
    assert len(client.sent) == 3


async def test_an_answer_that_comes_slowly_is_sent_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.admission.gate.LONG", 0.01)

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.02)
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        assert len(client.sent) == 2
        await asyncio.sleep(0.3)
        await send({"type": "http.response.body", "body": b"last"})

    client = Client()
    await ask(gate(slow, seconds=0.1), client)
    assert [message.get("body") for message in client.sent] == [None, b"first", b"last"]


async def test_an_answer_whose_reader_has_left_is_not_gone_on_with() -> None:
    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": bytes(KEPT + 1), "more_body": True})
            client.left.set()
            await asyncio.sleep(0)

    through, client = gate(endless), Client()
    await asyncio.wait_for(ask(through, client), 2)
    assert through.lanes["search"].free
    assert len(client.sent) < 10


async def test_what_the_application_raises_is_raised() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("broken")

    through = gate(broken)
    with pytest.raises(RuntimeError, match="broken"):
        await ask(through, Client())
    assert through.lanes["search"].free


async def never() -> None:
    await asyncio.sleep(60)


async def at_once() -> None:
    return


@pytest.mark.parametrize(("gone", "error"), [(never, Busy), (at_once, Gone)])
async def test_a_place_in_the_queue_that_is_given_up_is_free(gone: Callable[[], Awaitable[None]], error: Any) -> None:
    lane = Lane("search", threads=1, queue=1, patience=0.02)
    thread = await lane.take(never)
    with pytest.raises(error):
        await lane.take(gone)
    lane.give_back(thread, 0.1)
    assert (len(lane.free), len(lane.waiting)) == (1, 0)


async def test_retry_after_grows_with_the_queue_but_not_beyond_reason() -> None:
    lane = Lane("search", threads=1, queue=0, patience=1)
    thread = await lane.take(never)
    lane.give_back(thread, 100)
    await lane.take(never)
    with pytest.raises(Busy) as busy:
        await lane.take(never)
    assert busy.value.retry_after == 6  # a twentieth of 100 s, and what it was before
    lane.usual = 1000
    assert lane.refusal("full").retry_after == 30
