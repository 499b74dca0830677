"""Many people at once against a running site: `make load URL=http://127.0.0.1:8000 ARGS="--people 20 --seconds 30"`.

Each person does what a visitor does: opens the map, loads a screen of tiles, clicks a random place, waits for the tile
and for its lookalikes, loads their thumbnails, and again. Prints a line per kind of request, and fails on any error.
"""

import argparse
import http.client
import json
import random
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np

SCREEN = 12  # tiles and thumbnails loaded at a time


@dataclass
class Tally:
    """Seconds of every answer by kind of request, and how many were not 200; shared by all people."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, seconds: float, status: int) -> None:
        with self.lock:
            self.seconds[kind].append(seconds)
            self.failures[kind] += status != 200


class Person:
    """One connection, kept open as a browser does."""

    def __init__(self, url: str, dataset: str, tally: Tally, seed: int) -> None:
        target = urlsplit(url)
        self.connection = http.client.HTTPConnection(target.hostname or "127.0.0.1", target.port or 80, timeout=60)
        self.api, self.tally, self.dice = f"/api/v1/datasets/{dataset}", tally, random.Random(seed)

    def ask(self, kind: str, method: str, path: str, body: object = None) -> bytes:
        began = time.perf_counter()
        headers = {"Content-Type": "application/json"} if body else {}
        try:
            self.connection.request(method, path, json.dumps(body) if body else None, headers)
            response = self.connection.getresponse()
            status, content = response.status, response.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            status, content = 0, b""
        self.tally.add(kind, time.perf_counter() - began, status)
        return content if status == 200 else b"{}"

    def visit(self, template: str, level: int) -> None:
        """template: a tile's address with {row} and {col}; level: the one that is clicked and searched."""
        self.ask("page", "GET", "/")
        for _ in range(SCREEN):
            row, col = self.dice.randrange(5 * 2 ** (level - 3)), self.dice.randrange(10 * 2 ** (level - 3))
            self.ask("tile", "GET", template.format(level=level, row=row, col=col))
        lon, lat = self.dice.uniform(-179, 179), self.dice.uniform(-60, 75)
        tile = json.loads(self.ask("click", "GET", f"{self.api}/tiles?lon={lon}&lat={lat}&level={level}"))
        query = {"positives": [tile.get("key", "0")], "k": 50, "levels": [level]}
        found = json.loads(self.ask("search", "POST", f"{self.api}/search", query))
        for result in found.get("results", [])[:SCREEN]:
            self.ask("thumbnail", "GET", result["tile"]["thumbnail"])


def main() -> int:
    options = parse()
    template, level = target(options.url, options.dataset)
    tally, end = Tally(), time.monotonic() + options.seconds

    def come_again(number: int) -> None:
        person = Person(options.url, options.dataset, tally, number)
        while time.monotonic() < end:
            person.visit(template, level)

    people = [threading.Thread(target=come_again, args=(number,)) for number in range(options.people)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    report(tally, options.seconds)
    return int(any(tally.failures.values()))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Many people at once against a running site.")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--dataset", default="blue-marble")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30)
    return parser.parse_args()


def target(url: str, dataset: str) -> tuple[str, int]:
    """What to load and to search: the newest date's tiles, the first level with a finished shard."""
    tally = Tally()
    described = json.loads(Person(url, dataset, tally, 0).ask("dataset", "GET", f"/api/v1/datasets/{dataset}/"))
    if "products" not in described:
        sys.exit(f"No dataset {dataset!r} at {url}: start the site with make demo, or give URL.")
    product = described["products"][0]
    for date in sorted(product["dates"], key=lambda date: str(date["date"]), reverse=True):
        for level in date["levels"]:
            if level["status"] == "ready":
                address = f"/tiles/{dataset}/{product['name']}/{date['date']}"
                return address + "/{level}/{row}/{col}.webp?size=256", int(level["level"])
    sys.exit("Nothing is searchable yet: wait until the first shard is ready.")


def report(tally: Tally, seconds: float) -> None:
    print(f"{'':<10} {'requests':>9} {'per s':>8} {'median ms':>10} {'p95 ms':>8} {'p99 ms':>8} {'failed':>7}")
    for kind, taken in tally.seconds.items():
        middle, high, highest = np.percentile(taken, [50, 95, 99]) * 1000
        rate, failed = len(taken) / seconds, tally.failures[kind]
        print(f"{kind:<10} {len(taken):>9} {rate:>8.1f} {middle:>10.1f} {high:>8.1f} {highest:>8.1f} {failed:>7}")


if __name__ == "__main__":
    sys.exit(main())
