"""Many people at once against a site: `make load ARGS="--do search --people 50 --seconds 60"`.

Rounds: search (with random indexed tiles), click (tile lookup and search), cold and warm (pictures of tiles, never
asked for before or always the same 200), visit (page, screen of tiles, click, thumbnails). Several may be given; they
run one after the other. The site's own limit of requests per address must be off: THROTTLE_ANON=off.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop

from tests.load import report, watching
from tests.load.people import ROUNDS, Person
from tests.load.places import Places
from tests.load.tally import Tally


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--start", metavar="FOLDER", type=Path, help="start a site of its own on this data folder")
    parser.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help="for --start: its environment")
    parser.add_argument("--dataset", default="blue-marble")
    parser.add_argument("--do", nargs="+", choices=ROUNDS, default=["visit"], metavar="ROUND")
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--warm-up", type=float, default=5, help="seconds that don't count")
    parser.add_argument("--minutes", type=float, help="instead of --seconds: a line every --every, is memory flat?")
    parser.add_argument("--every", type=float, default=30)
    parser.add_argument("--expect-refusals", action="store_true", help="503 with Retry-After is no failure")
    parser.add_argument("--pids", type=int, nargs="+", default=[], help="measure these, not what /metrics says")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write everything there too")
    return parser.parse_args()


def main() -> int:
    options = parse()
    with site(options):
        runs = [uvloop.run(run(options, round_)) for round_ in options.do]
    if options.json:
        options.json.write_text(json.dumps(runs, indent=1))
    return int(any(one["failures"] for one in runs))


@contextmanager
def site(options: argparse.Namespace) -> Iterator[None]:
    """The one at --url, or with --start one of our own, ready, stopped at the end."""
    if options.start is None:
        yield
        return
    from tests.webapp.site import Site

    given = dict(pair.split("=", 1) for pair in options.set)
    ours = Site(options.start, **{"WEB_WORKERS": "", "THROTTLE_ANON": "off", **given}).start().ready()
    options.url = f"http://127.0.0.1:{ours.port}"
    try:
        yield
    finally:
        ours.stop()


async def run(options: argparse.Namespace, name: str) -> dict[str, Any]:
    places = Places(options.url, options.dataset, options.seed)
    await places.look_around()
    print(f"\n{name}: {options.people} people, {options.dataset}, {len(places.tiles)} tiles to search with")
    tally, health = Tally(), Tally()
    people = [Person(options.url, places, tally) for _ in range(options.people)]
    arrivals = [options.warm_up / 2 * number / options.people for number in range(options.people)]
    going = [asyncio.create_task(again_and_again(*who, name)) for who in zip(people, arrivals, strict=True)]
    await asyncio.sleep(options.warm_up)
    tally.begin()
    going.append(asyncio.create_task(watching.ask_health(options.url, health, 0.25)))
    measured = await watch(options, tally)
    rows = [*tally.rows(), *health.rows()]
    for task in going:
        task.cancel()
    await asyncio.gather(*going, return_exceptions=True)
    report.print_rows(rows, tally)
    if options.minutes:
        print(report.growth(measured))
    failures = failures_in(rows, tally, refusals_allowed=options.expect_refusals)
    return {"round": name, "people": options.people, "rows": rows, "measured": measured, "failures": failures}


async def again_and_again(person: Person, arrival: float, name: str) -> None:
    """They come one after the other: 50 connections in the same moment may all be taken by one process."""
    await asyncio.sleep(arrival)
    while True:
        await ROUNDS[name](person)


async def watch(options: argparse.Namespace, tally: Tally) -> list[dict[str, Any]]:
    """Memory at the beginning and at the end; with --minutes also, as a line, after each --every."""
    pause = options.every if options.minutes else options.seconds
    pieces = max(1, round(options.minutes * 60 / pause)) if options.minutes else 1
    measured: list[dict[str, Any]] = [{"at": 0.0, "processes": await watching.memory(options.url, options.pids)}]
    print(f"memory, MB resident (own): {report.memory(measured[0]['processes'])}")
    for piece in range(1, pieces + 1):
        await asyncio.sleep(pause)
        processes = await watching.memory(options.url, options.pids)
        measured.append({"at": piece * pause, "processes": processes, **tally.slice()})
        report.print_slice(piece * pause, measured[-1], tally.failed(), report.memory(processes))
    return measured


def failures_in(rows: list[dict[str, Any]], tally: Tally, *, refusals_allowed: bool) -> int:
    """Answers that should not have been."""
    allowed = {200, 503} if refusals_allowed else {200}
    bad = sum(count for row in rows for status, count in row["statuses"].items() if status not in allowed)
    return bad + tally.bare


if __name__ == "__main__":
    sys.exit(main())
