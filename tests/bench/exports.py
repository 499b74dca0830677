"""A sweep of a million tiles: what its pages and its files cost in time and memory.

    python -m tests.bench.exports [--tiles 1000000] [--shards 20] [--data FOLDER] [--pictures 1000]

The archive is made once (as manage.py make_archive does) and stays in --data. Every tile is scored by a real sweep in
this process; then each page and each file is made in a process of its own, and its memory is watched from outside: what
is told is how far it rises above what the process had when it began. Files are written nowhere. tar and zip are
measured twice: with drawn pictures (--pictures of them) for the time, with one and the same picture for all tiles for
the memory. Prints the table of docs/performance.md.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tests.bench.shards import site

QUESTION = "Is there an island?"
SAME = b"\xff\xd8" + bytes(20_000)  # bytes in place of a picture


def prepared(tiles: int, shards: int, dim: int) -> Any:
    """The campaign with its one sweep."""
    from labeling import campaigns
    from labeling.models import Campaign
    from search import archives

    found = Campaign.objects.filter(question=QUESTION).first()
    if found is None:
        dataset = archives.make(f"swept-{tiles}", tiles=tiles, shards=shards, dim=dim, engine="faiss")
        found = campaigns.create(None, dataset, QUESTION)
        swept(found, dim)
    return found


def swept(campaign: Any, dim: int) -> None:
    """By a classifier of random weights, in this process."""
    from django.conf import settings

    from labeling.models import Learner, Round
    from labeling.sweeps import running, starting
    from ml.classify import Classifier, Config

    Learner.of(campaign)
    folder = f"models/campaign-{campaign.pk}/1"
    weights = np.random.default_rng(0).normal(size=dim).astype(np.float32) * 4
    path = Path(settings.DATA_DIR) / folder
    path.parent.mkdir(parents=True, exist_ok=True)
    Classifier(Config(), {"weight": weights, "bias": np.zeros(1, np.float32)}).save(path)
    Round.objects.create(campaign=campaign, number=1, trigger="host", status="ready", folder=folder)
    sweep, _ = starting.begin(campaign, background=False)
    began = time.perf_counter()
    for part in sweep.parts.select_related("sweep__campaign__dataset"):
        running.run_here(part)
    seconds = time.perf_counter() - began
    print(f"swept {sweep.progress()[1]:,} tiles in {seconds:.1f} s, checksums verified", file=sys.stderr)


def exported(campaign: Any, name: str, most: int | None) -> tuple[int, int]:
    """Tiles and bytes."""
    from labeling import exporting

    sweep = campaign.sweeps.get()
    collection = exporting.Collection(campaign, sweep, least=0.0, site="https://lookalike.example.org")
    if most is not None:
        rows = collection.rows
        object.__setattr__(collection, "rows", lambda: islice(rows(), most))
    parts: Iterator[Any] = exporting.FORMATS[name].write(collection)
    size = sum(len(piece) for piece in exporting.pieces(parts))
    return most or sweep.progress()[1], size


def with_one_picture(campaign: Any, name: str) -> tuple[int, int]:
    from search.exporting import pictures

    pictures.picture = lambda *_: SAME
    return exported(campaign, name, None)


def page(campaign: Any, what: str) -> tuple[int, int]:
    from labeling.sweeps import answering, found

    sweep = campaign.sweeps.get()
    if what == "heat":
        return len(found.heat(sweep, found.Asked()).cells), 0
    if what == "area":
        return len(found.best(sweep, found.Asked(area=(-30.0, -30.0, 30.0, 30.0)), limit=100).keys), 0
    return len(answering.queue(sweep, what, 0.5, limit=100).keys), 0


WORK: dict[str, Callable[[Any, argparse.Namespace], tuple[int, int]]] = {
    "page, from the top": lambda campaign, _: page(campaign, "top"),
    "page, at the threshold": lambda campaign, _: page(campaign, "threshold"),
    "page, of an area": lambda campaign, _: page(campaign, "area"),
    "heat": lambda campaign, _: page(campaign, "heat"),
    **{
        name: lambda campaign, _, name=name: exported(campaign, name, None)
        for name in ("tiles.csv", "tiles.geojson", "tiles.parquet", "tiles.kml", "coco.json")
    },
    "tiles.tar, one picture": lambda campaign, _: with_one_picture(campaign, "tiles.tar"),
    "images.zip, one picture": lambda campaign, _: with_one_picture(campaign, "images.zip"),
    "tiles.tar, drawn": lambda campaign, options: exported(campaign, "tiles.tar", options.pictures),
    "images.zip, drawn": lambda campaign, options: exported(campaign, "images.zip", options.pictures),
}


def work(options: argparse.Namespace, what: str, answers: "Queue[Any]") -> None:
    """In a process of its own."""
    site(options.data)
    from labeling.models import Campaign

    campaign = Campaign.objects.select_related("dataset__encoder").get(question=QUESTION)
    page(campaign, "top")  # libraries are loaded, files are in memory
    answers.put(psutil.Process().memory_info().rss)
    began = time.perf_counter()
    tiles, size = WORK[what](campaign, options)
    answers.put((tiles, size, time.perf_counter() - began))


def measure(options: argparse.Namespace, what: str) -> dict[str, Any]:
    """rose: bytes that the process had at most, more than when it began."""
    context = multiprocessing.get_context("spawn")
    answers: Queue[Any] = context.Queue()
    process = context.Process(target=work, args=(options, what, answers))
    process.start()
    before, highest = answers.get(timeout=300), 0
    watched = psutil.Process(process.pid)
    while answers.empty() and process.is_alive():
        highest = max(highest, watched.memory_info().rss)
        time.sleep(0.02)
    tiles, size, seconds = answers.get(timeout=10)
    process.join()
    return {"what": what, "tiles": tiles, "bytes": size, "seconds": seconds, "rose": max(0, highest - before)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiles", type=int, default=1_000_000)
    parser.add_argument("--shards", type=int, default=20)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--pictures", type=int, default=1000, help="that are drawn")
    parser.add_argument("--data", type=Path, default=Path("data-exports"))
    parser.add_argument("--only", nargs="+", default=list(WORK), help="some of what is measured")
    parser.add_argument("--json", type=Path, help="also write what was measured here")
    options = parser.parse_args()
    site(options.data)
    prepared(options.tiles, options.shards, options.dim)
    rows = []
    print("| | tiles | MB | seconds | tiles a second | memory, MB more |\n|---|---|---|---|---|---|")
    for what in options.only:
        row = measure(options, what)
        rows.append(row)
        print(
            f"| {what} | {row['tiles']:,} | {row['bytes'] / 1e6:,.0f} | {row['seconds']:.2f} | "
            f"{row['tiles'] / row['seconds']:,.0f} | {row['rose'] / 1e6:.0f} |", flush=True,
        )  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
