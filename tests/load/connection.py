"""A lean HTTP/1.1 client for many people in one process: it must not need the processor that the site needs."""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

BROKEN = 0  # the status of a request that got no answer
PATIENCE = 120  # seconds


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes
    seconds: float

    def json(self) -> Any:
        return json.loads(self.content) if self.status == 200 else {}

    @property
    def retry_after(self) -> float:
        return float(self.headers.get("retry-after", 0))


class Connection:
    """One, kept open as a browser does, and opened again when the server has closed it."""

    def __init__(self, url: str) -> None:
        found = urlsplit(url)
        self.host, self.port = found.hostname or "127.0.0.1", found.port or 80
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> Answer:
        return await self.ask("GET", path)

    async def post(self, path: str, data: object) -> Answer:
        return await self.ask("POST", path, json.dumps(data).encode())

    async def ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        """Status BROKEN when there was no answer; a kept connection that turns out closed is opened once more."""
        began = time.perf_counter()
        for fresh in (self.streams is None, True):
            try:
                async with asyncio.timeout(PATIENCE):
                    status, headers, content = await self.exchange(method, path, body)
                return Answer(status, headers, content, time.perf_counter() - began)
            except (OSError, EOFError, TimeoutError):
                self.close()
                if fresh:
                    break
        return Answer(BROKEN, {}, b"", time.perf_counter() - began)

    async def exchange(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if self.streams is None:
            self.streams = await asyncio.open_connection(self.host, self.port)
        reader, writer = self.streams
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"\r\n" + body)
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(first.split(" ", 2)[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        content = b"" if status in (204, 304) else await read_body(reader, headers)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return status, headers, content

    def close(self) -> None:
        if self.streams:
            self.streams[1].close()
        self.streams = None


async def read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    if headers.get("transfer-encoding") != "chunked":
        return b""
    pieces = []
    while size := int(await reader.readline(), 16):
        pieces.append((await reader.readexactly(size + 2))[:-2])
    await reader.readexactly(2)
    return b"".join(pieces)
