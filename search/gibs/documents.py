"""Small documents of a tile server (capabilities, dates, colour maps): fetched once, kept on disk with their age."""

import logging
import time
from pathlib import Path

import httpx2

from search.errors import NoSuchLayer, Unreachable
from search.gibs import endpoint

log = logging.getLogger(__name__)
FRESH = 24 * 3600  # seconds
LARGEST = 64 * 2**20  # bytes; GIBS' own capabilities have about 10 MB
PATIENCE = httpx2.Timeout(30, connect=10)
TRIES = 3
AGENT = {"User-Agent": "Lookalike (imagery search; one download at a time)"}


def kept(path: str, place: Path, *, fresh: float = FRESH) -> bytes:
    """A document below the server's address, from disk while it is fresh, and when the server does not answer.

    place: where it is kept.  Unreachable when there is neither.
    """
    if place.is_file() and time.time() - place.stat().st_mtime < fresh:
        return place.read_bytes()
    try:
        content = fetched(f"{endpoint.current()}{path}")
    except Unreachable:
        if not place.is_file():
            raise
        log.warning("%s does not answer: its copy of %s is used", endpoint.host(), time.ctime(place.stat().st_mtime))
        return place.read_bytes()
    store(place, content)
    return content


def store(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{time.monotonic_ns()}.part")
    part.write_bytes(content)
    part.replace(place)


def fetched(url: str) -> bytes:
    """GET with a few tries; NoSuchLayer for 404, Unreachable for everything else that is not an answer."""
    problem = ""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(0.5 * 2**attempt)
        try:
            return _once(url)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            problem = str(error) or type(error).__name__
    raise Unreachable(f"The imagery server {endpoint.host()} does not answer ({problem}). "
                      "Check the network, or try again in a while.")  # fmt: skip


def _once(url: str) -> bytes:
    with (
        httpx2.Client(timeout=PATIENCE, headers=AGENT, follow_redirects=False) as client,
        client.stream("GET", url) as answer,
    ):
        if answer.status_code == 404:
            raise NoSuchLayer(f"The imagery server {endpoint.host()} has nothing at {answer.url.path}.")
        if answer.status_code != 200:
            raise httpx2.HTTPError(f"it answered {answer.status_code}")
        content = bytearray()
        for piece in answer.iter_bytes():
            content += piece
            if len(content) > LARGEST:
                raise httpx2.HTTPError("its answer has no end")
        return bytes(content)
