"""One request for one tile, and what its answer means before its pixels are looked at."""

import asyncio
from dataclasses import dataclass

import httpx2

from search.gibs import pacing
from search.gibs.checking import LARGEST, BadAnswer


@dataclass(frozen=True)
class Patience:
    """tries: of one tile.  pauses: how often a tile may be told to wait.  The others in seconds."""

    tries: int = 6
    pauses: int = 12
    connect: float = 10
    silence: float = 20  # between two pieces of an answer
    whole: float = 60  # for an answer
    longest_pause: float = 900  # that the server may ask for
    hopeless: int = 64  # tiles missed in a row before the rest is not asked for


PATIENCE = Patience()


class Told(Exception):
    """The server asks everybody to wait. seconds: how long, None when it does not say."""

    def __init__(self, seconds: float | None, status: int) -> None:
        super().__init__(f"the server answered {status}")
        self.seconds = seconds


class Absent(Exception):
    """The server says that there is no such tile."""


async def asked(client: httpx2.AsyncClient, url: str, form: str, patience: Patience) -> bytes:
    """The file of a tile, exactly as it was sent. Raises Absent, Told or BadAnswer."""
    try:
        async with asyncio.timeout(patience.whole), client.stream("GET", url) as answer:
            judge(answer, form)
            content = bytearray()
            async for piece in answer.aiter_raw():
                content += piece
                if len(content) > LARGEST:
                    raise BadAnswer("too large", f"more than {LARGEST // 2**20} MB")
    except (TimeoutError, httpx2.TimeoutException) as error:
        raise BadAnswer("timed out", str(error) or type(error).__name__) from error
    except httpx2.RequestError as error:
        raise BadAnswer("connection failed", str(error) or type(error).__name__) from error
    declared = answer.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) != len(content):
        raise BadAnswer("cut short", f"{len(content)} of {declared} bytes")
    return bytes(content)


def judge(answer: httpx2.Response, form: str) -> None:
    """Absent, Told or BadAnswer, by status and type alone."""
    status = answer.status_code
    if status in (404, 410):
        raise Absent
    if status in (429, 503):
        raise Told(pacing.retry_after(answer.headers.get("retry-after")), status)
    if status != 200:
        raise BadAnswer("server error" if status >= 500 else "refused", f"it answered {status}")
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != form:
        raise BadAnswer("wrong type", f"{kind or 'nothing'} instead of {form}")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise BadAnswer("wrong type", f"packed as {answer.headers['content-encoding']}")
