"""What a tile server allows: tiles in 24 hours, bandwidth, connections. NASA's rules for GIBS are the default for all.

"More than 1,000,000 tiles in 24 hours" is bulk downloading, to be announced 48 hours ahead; at most 50 Mbps sustained
and 500 threads (GIBS API documentation, "Bulk downloading"). A server on this machine is nobody else's line, so only
the count applies to it.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from search.errors import BadQuery, TooManyTiles
from search.gibs import endpoint

A_DAY = 1_000_000  # tiles
HOUR = 3600
MEGABITS = 50.0
CONNECTIONS = 500
START_SMALL = 32  # connections by default
REQUESTS = 200.0  # a second
RULE = (
    "NASA asks that more than 1,000,000 tiles in 24 hours be announced 48 hours ahead: write to "
    "earthdata-support@nasa.gov, or choose a smaller region, fewer dates or a coarser level."
)


@dataclass(frozen=True)
class Limits:
    """connections: at once.  megabits, requests: a second; None for no limit."""

    connections: int = START_SMALL
    megabits: float | None = MEGABITS
    requests: float | None = REQUESTS


def limits(connections: int | None = None, megabits: float | None = None) -> Limits:
    """What is kept to with the current server; BadQuery for wishes beyond NASA's rules."""
    local = endpoint.is_this_machine(endpoint.current())
    wished = START_SMALL if connections is None else connections
    if not 1 <= wished <= CONNECTIONS:
        raise BadQuery(f"{wished} connections at once: NASA allows 1 to {CONNECTIONS}; {START_SMALL} is usual.")
    if megabits is not None and (megabits <= 0 or (megabits > MEGABITS and not local)):
        raise BadQuery(f"{megabits:g} Mbit/s: NASA allows at most {MEGABITS:g} sustained.")
    if local:
        return Limits(wished, megabits, None)
    return Limits(wished, megabits or MEGABITS, REQUESTS)


def check(tiles: int) -> None:
    """TooManyTiles when so many more would be too many within 24 hours."""
    asked = asked_today()
    if asked + tiles > A_DAY:
        before = f", after {asked:,} in the last 24 hours" if asked else ""
        raise TooManyTiles(f"This is {tiles:,} tiles{before}. {RULE}")


def asked_today() -> int:
    """Requests to the current server in the last 24 hours, by all processes of this site."""
    return sum(_read(endpoint.home() / "asked.json").values())


def count(requests: int) -> int:
    """Note requests made; returns how many there were in the last 24 hours. Hours are counted whole."""
    place = endpoint.home() / "asked.json"
    with locked(place.with_suffix(".lock")):
        hours = _read(place)
        now = str(int(time.time() // HOUR))
        hours[now] = hours.get(now, 0) + requests
        part = place.with_suffix(".part")
        part.write_text(json.dumps(hours))
        part.replace(place)
    return sum(hours.values())


def _read(place: Path) -> dict[str, int]:
    """Hour since 1970 -> requests, of the last 24 hours."""
    try:
        hours: dict[str, int] = json.loads(place.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    oldest = time.time() // HOUR - 24
    return {hour: asked for hour, asked in hours.items() if int(hour) >= oldest}


@contextmanager
def locked(place: Path) -> Iterator[None]:
    """Alone among the processes of this machine; the kernel lets go of it when one dies."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Share:
    """This download's part of the line: several at once divide it. Each holds a lock file; those of the dead go."""

    def __init__(self) -> None:
        self._folder = endpoint.home() / "running"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._place = self._folder / f"{os.getpid()}-{time.monotonic_ns()}"
        self._file = self._place.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._looked, self._others = 0.0, 0

    def downloads(self) -> int:
        """How many are running, this one included; looked up every few seconds."""
        if time.monotonic() - self._looked > 5:
            self._looked = time.monotonic()
            self._others = sum(self._alive(place) for place in self._folder.iterdir() if place != self._place)
        return 1 + self._others

    def _alive(self, place: Path) -> bool:
        try:
            with place.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                place.unlink(missing_ok=True)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        return False

    def close(self) -> None:
        self._place.unlink(missing_ok=True)
        self._file.close()
