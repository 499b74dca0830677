"""A tile server of the tests' own, with GIBS' paths, capabilities and colour maps, that serves real imagery.

In a test:   with GibsServer() as server: ... server.url ... server.misbehave("/6/13/36", "429", times=2, retry_after=1)
By itself:   python -m tests.gibs_server --port 8900    (then --endpoint http://127.0.0.1:8900, or GIBS_URL)
From outside: POST /control with {"rules": [{"match": …, "do": …, "times": …}], "latency": 0.02, "clear": true};
GET /control says what was asked for. Pictures are NASA's Blue Marble (demo/), the nearest month of the date asked for.
"""

import argparse
import asyncio
import io
import json
import re
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import rasterio
from PIL import Image
from pyproj import Transformer

from tests import gibs_documents as documents
from tests.gibs_documents import LAYERS

DEMO = Path(__file__).resolve().parents[1] / "demo"
MONTHS = {int(path.stem[-5:-3]): path for path in sorted(DEMO.glob("bluemarble_*.tif"))}
FINE = 8  # the month whose picture is the finest
KINDS = {"jpg": "image/jpeg", "png": "image/png"}
TILE = re.compile(
    r"/wmts/epsg(?P<epsg>\d+)/best/(?P<layer>[\w.-]+)/default/(?:(?P<time>\d{4}-\d\d-\d\d(?:T[\d:]+Z)?)/)?"
    r"(?P<set>[\w.]+)/(?P<level>\d+)/(?P<row>\d+)/(?P<col>\d+)\.(?P<ext>jpg|png)"
)
FAULTS = ("429", "503", "500", "404", "slow", "cut", "html", "type", "size", "drop", "empty", "redirect", "junk")


@dataclass
class Rule:
    """What to do instead of answering well. match: a part of the path.  times: how often, -1 for ever."""

    match: str
    do: str
    times: int = -1
    retry_after: str = ""
    seconds: float = 5.0


@dataclass
class Answer:
    body: bytes = b""
    status: int = 200
    kind: str = "text/plain"
    headers: dict[str, str] = field(default_factory=dict)
    says: int | None = None  # the length it declares, when that is a lie

    def head(self, keep: bool) -> bytes:
        length = len(self.body) if self.says is None else self.says
        lines = [f"HTTP/1.1 {self.status} {'OK' if self.status == 200 else 'No'}", f"Content-Type: {self.kind}",
                 f"Content-Length: {length}", f"Connection: {'keep-alive' if keep else 'close'}",
                 *(f"{name}: {value}" for name, value in self.headers.items())]  # fmt: skip
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


class GibsServer:
    """asked: how often each path was asked for.  served: bytes of each tile as it was sent whole."""

    def __init__(self, port: int = 0, latency: float = 0.0) -> None:
        self.port, self.latency = port, latency
        self.rules: list[Rule] = []
        self.asked: Counter[str] = Counter()
        self.at_once = self.most_at_once = 0
        self.moments: list[float] = []  # of requests for tiles
        self._guard = threading.Lock()
        self._ready = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def tiles_asked(self) -> int:
        return sum(count for path, count in self.asked.items() if TILE.fullmatch(path))

    def misbehave(self, match: str, do: str, times: int = -1, **more: Any) -> None:
        assert do in FAULTS, f"{do} is none of {FAULTS}"
        with self._guard:
            self.rules.append(Rule(match, do, times, **more))

    def behave(self) -> None:
        with self._guard:
            self.rules.clear()

    def forget(self) -> None:
        self.asked.clear()
        self.moments.clear()
        self.most_at_once = 0

    def __enter__(self) -> "GibsServer":
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(20), "the tile server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    async def serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, _ = head.split("\r\n")[0].split(" ")
        length = re.search(r"content-length: *(\d+)", head, re.IGNORECASE)
        content = await reader.readexactly(int(length[1])) if length else b""
        if target.startswith("/control"):
            return await self._send(writer, self._control(method, content))
        self.asked[target] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self._tile(writer, target)
        finally:
            self.at_once -= 1

    async def _tile(self, writer: asyncio.StreamWriter, target: str) -> bool:
        if TILE.fullmatch(target):
            self.moments.append(time.monotonic())
            if self.latency:
                await asyncio.sleep(self.latency)
        rule = self._rule(target)
        if rule is not None:
            return await self._misbehave(writer, target, rule)
        return await self._send(writer, await self._answer(target))

    async def _answer(self, target: str) -> Answer:
        """Pictures are made once; making one would hold up everybody else."""
        if self.known(target):
            return answer(target)
        return await asyncio.to_thread(answer, target)

    def known(self, target: str) -> bool:
        return target in MADE

    def _rule(self, target: str) -> Rule | None:
        with self._guard:
            rule = next((rule for rule in self.rules if rule.match in target and rule.times), None)
            if rule is not None and rule.times > 0:
                rule.times -= 1
            return rule

    async def _send(self, writer: asyncio.StreamWriter, answer: Answer, keep: bool = True) -> bool:
        writer.write(answer.head(keep) + answer.body)
        await writer.drain()
        return keep

    async def _misbehave(self, writer: asyncio.StreamWriter, target: str, rule: Rule) -> bool:
        if rule.do == "drop":
            writer.transport.abort()
            return False
        good = await self._answer(target)
        if rule.do == "slow":
            writer.write(good.head(keep=False) + good.body[:100])
            await writer.drain()
            await asyncio.sleep(rule.seconds)
            writer.write(good.body[100:])
            return False
        bad = worse(good, rule)
        return await self._send(writer, bad, keep=bad.says is None)

    def _control(self, method: str, content: bytes) -> Answer:
        if method == "POST":
            wanted = json.loads(content or b"{}")
            if wanted.get("clear"):
                self.behave()
                self.forget()
            self.latency = wanted.get("latency", self.latency)
            for rule in wanted.get("rules", []):
                self.misbehave(**rule)
        said = {"asked": dict(self.asked), "tiles_asked": self.tiles_asked, "rules": [asdict(r) for r in self.rules],
                "most_at_once": self.most_at_once}  # fmt: skip
        return Answer(json.dumps(said).encode(), kind="application/json")


def worse(good: Answer, rule: Rule) -> Answer:
    """A good answer spoilt in one way."""
    pause = {"Retry-After": rule.retry_after} if rule.retry_after else {}
    page = b"<html><body><h1>Service is being maintained</h1></body></html>"
    spoilt = {
        "429": lambda: Answer(b"slow down", 429, headers=pause),
        "503": lambda: Answer(b"away", 503, headers=pause),
        "500": lambda: Answer(b"broken", 500),
        "404": lambda: Answer(b"no such tile", 404),
        "cut": lambda: Answer(good.body[: len(good.body) // 2], kind=good.kind, says=len(good.body)),
        "html": lambda: Answer(page, kind="text/html"),
        "type": lambda: Answer(good.body, kind="application/octet-stream"),
        "size": lambda: Answer(picture(np.full((64, 64, 3), 99, np.uint8), good.kind), kind=good.kind),
        "empty": lambda: Answer(b"", kind=good.kind),
        "redirect": lambda: Answer(b"", 302, headers={"Location": "http://169.254.169.254/latest/"}),
        "junk": lambda: Answer(good.body[:200] + b"\0" * 300, kind=good.kind),
    }
    return spoilt[rule.do]()


MADE: dict[str, Answer] = {}


def answer(target: str) -> Answer:
    """What a well-behaved server says; 404 for what it does not have."""
    if target not in MADE:
        made = make(target)
        if len(MADE) > 20_000:
            MADE.clear()
        MADE[target] = made
    return MADE[target]


def make(target: str) -> Answer:
    tile = TILE.fullmatch(target)
    if tile is None:
        content = documents.document(target)
        return Answer(content, kind="application/xml") if content is not None else Answer(b"nothing here", 404)
    epsg, level, row, col = (int(tile[name]) for name in ("epsg", "level", "row", "col"))
    layer = LAYERS.get(tile["layer"])
    if (
        layer is None
        or not layer.has(epsg, tile["set"], level, row, col, tile["ext"])
        or bool(tile["time"]) != layer.dated
    ):
        return Answer(b"no such tile", 404)
    return Answer(picture(layer.drawn(pixels(epsg, level, row, col, month_of(tile["time"])), tile["time"] or "",
                          row, col), KINDS[tile["ext"]]), kind=KINDS[tile["ext"]])  # fmt: skip


def month_of(when: str | None) -> int:
    month = int(when[5:7]) if when else FINE
    return min(MONTHS, key=lambda known: min((known - month) % 12, (month - known) % 12))


@lru_cache(maxsize=2)
def world(month: int) -> np.ndarray:
    """(h, w, 3) uint8: longitude -180 to 180, latitude 90 to -90."""
    with rasterio.open(MONTHS[month]) as file:
        return np.ascontiguousarray(file.read().transpose(1, 2, 0))


def pixels(epsg: int, level: int, row: int, col: int, month: int) -> np.ndarray:
    """(size, size, 3) uint8 of a tile; black outside the world."""
    pyramid = documents.PYRAMIDS[epsg]
    span = pyramid.span / 2**level
    across = pyramid.left + (col + (np.arange(pyramid.size) + 0.5) / pyramid.size) * span
    down = pyramid.top - (row + (np.arange(pyramid.size) + 0.5) / pyramid.size) * span
    x, y = np.meshgrid(across, down)
    lon, lat = (x, y) if epsg == 4326 else Transformer.from_crs(epsg, 4326, always_xy=True).transform(x, y)
    return sampled(world(month), np.asarray(lon), np.asarray(lat))


def sampled(image: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Bilinear, around the date line."""
    height, width = image.shape[:2]
    inside = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    fx = (np.where(inside, lon, 0) + 180) / 360 * width - 0.5
    fy = np.clip((90 - np.where(inside, lat, 0)) / 180 * height - 0.5, 0, height - 1)
    x0, y0 = np.floor(fx).astype(int), np.floor(fy).astype(int)
    wx, wy = (fx - x0)[..., None].astype(np.float32), (fy - y0)[..., None].astype(np.float32)
    y1 = np.minimum(y0 + 1, height - 1)
    top = image[y0, x0 % width] * (1 - wx) + image[y0, (x0 + 1) % width] * wx
    low = image[y1, x0 % width] * (1 - wx) + image[y1, (x0 + 1) % width] * wx
    mixed = (top * (1 - wy) + low * wy + 0.5).astype(np.uint8)
    mixed[~inside] = 0
    return mixed


def picture(image: np.ndarray, kind: str) -> bytes:
    """(h, w, 3) or (h, w, 4) uint8 -> a file."""
    out = io.BytesIO()
    if kind == "image/jpeg":
        Image.fromarray(image[..., :3]).save(out, "JPEG", quality=80)
    else:
        Image.fromarray(image).save(out, "PNG", compress_level=1)
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8900, help="0: any free one, which is printed")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each tile")
    options = parser.parse_args()
    with GibsServer(options.port, options.latency) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
