"""One archive in 1, 20 and 200 shards, through the site's whole search: recall, time, memory.

    python -m tests.bench.shards [--tiles 1000000] [--shards 1 20 200] [--engines annoy faiss] [--data FOLDER]

The archives are made once (as manage.py make_archive does) and stay in --data. Every query goes to every archive in
turn. `search.similarity.search` is called, so the times hold the database, the choice of shards, the merge and the
checks that no file was touched. Prints the table of docs/performance.md.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

K, QUERIES, SAME = 50, 200, 2e-6


def site(data: Path) -> None:
    """Django on a data folder of its own."""
    import django
    from django.core.management import call_command

    data.mkdir(parents=True, exist_ok=True)
    os.environ |= {"LOOKALIKE_DATA": str(data.resolve()), "ENV_FILE": os.devnull, "OPEN_SHARDS": "2000"}
    os.environ |= {"SECRET_KEY": secrets.token_urlsafe(50), "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    os.environ |= {"LOG_LEVEL": "ERROR"}
    django.setup()
    call_command("migrate", verbosity=0)


def archive(slug: str, tiles: int, shards: int, engine: str) -> Any:
    """The dataset, made when it is not there."""
    from search import archives
    from search.models import Dataset

    found = Dataset.objects.select_related("encoder").filter(slug=slug).first()
    if found is None:
        start = time.perf_counter()
        found = archives.make(slug, tiles=tiles, shards=shards, dim=512, engine=engine)
        print(f"  made {slug} in {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return found


class Asked:
    """One archive; tiles are asked for by their number among all, so every archive gets the same queries."""

    def __init__(self, slug: str, tiles: int, shards: int, engine: str) -> None:
        from search.models import Shard

        self.slug, self.dataset = slug, archive(slug, tiles, shards, engine)
        self.shards = list(Shard.objects.of(self.dataset).order_by("scene__day"))
        self.starts = np.cumsum([0, *(shard.tiles for shard in self.shards)])

    def key(self, number: int) -> int:
        from search import grid

        at = int(np.searchsorted(self.starts, number, "right")) - 1
        shard, row = self.shards[at], number - int(self.starts[at])
        return shard.scene.address(shard.level, *divmod(row, grid.GEOGRAPHIC.columns(shard.level))).pack()

    def search(self, number: int, **options: Any) -> Any:
        from search import similarity
        from search.query import Query

        return similarity.search(self.dataset, Query(positives=(self.key(number),), k=K, **options))

    def one_day(self, number: int) -> Any:
        """The same search, on the day of its tile only."""
        day = self.shards[int(np.searchsorted(self.starts, number, "right")) - 1].scene.date
        return self.search(number, first=day, last=day)


def numbers(tiles: int) -> list[int]:
    return np.random.default_rng(5).choice(tiles, QUERIES, replace=False).tolist()


def compare(data: Path, tiles: int, counts: list[int], engines: list[str]) -> list[dict[str, Any]]:
    asked = [Asked(f"{engine}-{count}-{tiles}", tiles, count, engine) for engine in engines for count in counts]
    wanted = numbers(tiles)
    cuts = [asked[0].search(number, exact=True).hits[-1].score for number in wanted]
    rows: dict[str, dict[str, Any]] = {one.slug: {"ms": [], "day_ms": [], "exact_ms": [], "hits": 0} for one in asked}
    for one in asked:
        one.search(wanted[0])  # opens the shards
    for number, cut in zip(wanted, cuts, strict=True):
        for one in asked:
            row = rows[one.slug]
            row["hits"] += sum(hit.score >= cut - SAME for hit in timed(row["ms"], one.search, number).hits)
            timed(row["day_ms"], one.one_day, number)
            if len(row["exact_ms"]) < 50:
                timed(row["exact_ms"], lambda number, one=one: one.search(number, exact=True), number)
    return [{"archive": one.slug, "shards": len(one.shards), "engines": sorted({s.engine for s in one.shards}),
             "bytes": sum(s.bytes for s in one.shards), **summary(rows[one.slug]), **alone(data, tiles, one.slug)}
            for one in asked]  # fmt: skip


def timed(times: list[float], search: Any, number: int) -> Any:
    start = time.perf_counter()
    answer = search(number)
    times.append((time.perf_counter() - start) * 1000)
    return answer


def summary(row: dict[str, Any]) -> dict[str, float]:
    return {"recall": row["hits"] / (QUERIES * K), "p50": median(row["ms"]), "p99": float(np.percentile(row["ms"], 99)),
            "day_p50": median(row["day_ms"]), "exact_p50": median(row["exact_ms"])}  # fmt: skip


def alone(data: Path, tiles: int, slug: str) -> dict[str, float]:
    """Memory, and the first search, in a fresh process; what the system has cached of the files stays cached."""
    code = f"from tests.bench.shards import lonely; lonely({str(data)!r}, {tiles}, {slug!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def lonely(data: str, tiles: int, slug: str) -> None:
    site(Path(data))
    from tests.bench.search import memory

    one = Asked(slug, tiles, 0, "")
    before, first = memory(), list[float]()
    for number in numbers(tiles):
        timed(first, one.search, number)
    after = memory()
    own, mapped = (after[kind] - before[kind] for kind in ("RssAnon", "RssFile"))
    print(json.dumps({"first_ms": first[0], "own_mb": own, "mapped_mb": mapped}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiles", type=int, default=1_000_000)
    parser.add_argument("--shards", type=int, nargs="+", default=[1, 20, 200])
    parser.add_argument("--engines", nargs="+", default=["annoy", "faiss"])
    parser.add_argument("--data", type=Path, default=Path("data/bench-site"))
    parser.add_argument("--json", type=Path, help="also write all numbers here")
    options = parser.parse_args()
    site(options.data)
    rows = compare(options.data, options.tiles, options.shards, options.engines)
    print(
        "| archive | index | recall | p50 ms | p99 ms | one day p50 ms | exact p50 ms | first ms | own MB | mapped MB |"
    )
    print("|" + "---|" * 10)
    for row in rows:
        times = (row[name] for name in ("p50", "p99", "day_p50"))
        rest = (row[name] for name in ("exact_p50", "first_ms", "own_mb", "mapped_mb"))
        cells = [*(f"{value:.1f}" for value in times), *(f"{value:.0f}" for value in rest)]
        print(f"| {row['archive']} | {', '.join(row['engines'])} | {row['recall']:.3f} | {' | '.join(cells)} |")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
