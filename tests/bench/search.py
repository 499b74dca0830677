"""Our engines beside their peers on the same vectors: recall, time, build, size, memory.

    python -m tests.bench.search --tiles 100000 1000000 [--work FOLDER] [--rebuild] [--only our-annoy annoy …]

Every query goes to every method in turn, so that a noisy machine is noisy for all of them. A peer looks as hard as it
must to reach our recall; memory and the first query of a cold start are measured in a process of their own. Built
indexes stay in --work with the seconds that their building took. Prints the tables of docs/performance.md.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.synthetic import Clusters
from tests.bench.peers import METHODS, Method

K, DIM = 50, 512
QUERIES, SEED = 500, 5
SAME = 2e-6
Floats = NDArray[np.float32]


def vectors_of(work: Path, tiles: int, dim: int) -> NDArray[np.float16]:
    """(tiles, dim) float16, written once, mapped."""
    path = work / f"{tiles}x{dim}.npy"
    if not path.exists():
        array = np.lib.format.open_memmap(path.with_suffix(".part"), "w+", np.float16, (tiles, dim))
        for start in range(0, tiles, 50_000):
            array[start : start + 50_000] = Clusters(dim).rows(start, min(start + 50_000, tiles))
        array.flush()
        path.with_suffix(".part").rename(path)
    return np.load(path, mmap_mode="r")


def truth(vectors: NDArray[np.float16]) -> tuple[Floats, Floats]:
    """Queries (m, dim), which are rows of the vectors, and the likeness of each one's K-th nearest (m,)."""
    rows = np.sort(np.random.default_rng(SEED).choice(len(vectors), QUERIES, replace=False))
    queries = normal(vectors[rows])
    best = np.full((QUERIES, K), -2, np.float32)
    for start in range(0, len(vectors), 50_000):
        scores = queries @ normal(vectors[start : start + 50_000]).T
        best = -np.partition(-np.concatenate([best, scores], axis=1), K - 1, axis=1)[:, :K]
    return queries, best.min(axis=1)


def normal(vectors: NDArray[np.float16]) -> Floats:
    wide = np.asarray(vectors, np.float32)
    return wide / np.linalg.norm(wide, axis=1, keepdims=True)


def recall(vectors: NDArray[np.float16], found: list[NDArray[np.int64]], queries: Floats, cuts: Floats) -> float:
    """Share of the K that are as good as the true K nearest."""
    scores = [normal(vectors[np.sort(rows)]) @ query for rows, query in zip(found, queries, strict=False)]
    return float(np.mean([(score >= cut - SAME).sum() / K for score, cut in zip(scores, cuts, strict=False)]))


def matched(method: Method, vectors: NDArray[np.float16], queries: Floats, cuts: Floats, target: float) -> int:
    """The least effort, to a twentieth, that reaches the target on every fourth query; else the most."""
    some, ends = queries[::4], cuts[::4]

    def reached(effort: int) -> bool:
        return recall(vectors, [method.query(query, K, effort) for query in some], some, ends) >= target

    low, high = method.efforts
    if reached(low):
        return low
    while high - low > max(1, low // 20):
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def build_all(folder: Path, vectors: NDArray[np.float16], names: list[str], *, rebuild: bool) -> dict[str, Any]:
    """name -> {"build_s", "bytes"}; what is there already is not built again unless asked for."""
    told = {}
    for name in names:
        place = folder / name
        note = place / "built.json"
        if rebuild or not note.exists():
            place.mkdir(parents=True, exist_ok=True)
            load = os.getloadavg()[0]
            start = time.perf_counter()
            extra = METHODS[name].build(place, vectors)
            seconds = time.perf_counter() - start
            size = sum(path.stat().st_size for path in place.iterdir() if path.name in METHODS[name].files)
            note.write_text(json.dumps({"build_s": round(seconds, 1), "bytes": size, "load": round(load, 1), **extra}))
        told[name] = json.loads(note.read_text())
        print(f"  built {name}: {told[name]}", file=sys.stderr, flush=True)
    return told


def compare(work: Path, tiles: int, names: list[str], *, rebuild: bool) -> list[dict[str, Any]]:
    vectors = vectors_of(work, tiles, DIM)
    folder = work / str(tiles)
    rows = build_all(folder, vectors, names, rebuild=rebuild)
    queries, cuts = truth(vectors)
    opened = {name: METHODS[name](folder / name, vectors) for name in names}
    for name in sorted(names, key=lambda name: METHODS[name].equal_to is not None):
        method, equal_to = opened[name], METHODS[name].equal_to
        target = rows[equal_to]["recall"] if equal_to in rows else 0.97
        effort = matched(method, vectors, queries, cuts, target) if method.efforts else 0
        found = [method.query(query, K, effort) for query in queries]  # warms up, too
        rows[name] |= {"effort": effort, "recall": recall(vectors, found, queries, cuts)}
        print(f"  {name}: effort {effort}, recall {rows[name]['recall']:.4f}", file=sys.stderr, flush=True)
    times: dict[str, list[float]] = {name: [] for name in names}
    for query in queries:
        for name, method in opened.items():
            start = time.perf_counter()
            method.query(query, K, rows[name]["effort"])
            times[name].append((time.perf_counter() - start) * 1000)
    del opened
    for name in names:
        rows[name] |= {"p50": median(times[name]), "p99": float(np.percentile(times[name], 99))}
        rows[name] |= alone(work, tiles, name, rows[name]["effort"])
    return [{"method": name, "tiles": tiles, **rows[name]} for name in names]


def alone(work: Path, tiles: int, name: str, effort: int) -> dict[str, float]:
    """Memory, and the first query with nothing of the files in memory, in a fresh process."""
    code = f"from tests.bench.search import lonely; lonely({str(work)!r}, {tiles}, {name!r}, {effort})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def lonely(work: str, tiles: int, name: str, effort: int) -> None:
    path, folder = Path(work) / f"{tiles}x{DIM}.npy", Path(work) / str(tiles) / name
    for file in [path, *folder.rglob("*"), *folder.with_name("our-annoy").rglob("*")]:
        if file.is_file():
            forget(file)
    vectors = np.load(path, mmap_mode="r")
    before = memory()
    start = time.perf_counter()
    method = METHODS[name](folder, vectors)
    opening = time.perf_counter() - start
    queries = normal(Clusters(DIM).rows(10**9, 10**9 + 200))
    start = time.perf_counter()
    method.query(queries[0], K, effort)
    first = time.perf_counter() - start
    for query in queries:
        method.query(query, K, effort)
    after = memory()
    own, mapped = (after[kind] - before[kind] for kind in ("RssAnon", "RssFile"))
    print(json.dumps({"open_ms": opening * 1000, "cold_ms": first * 1000, "own_mb": own, "mapped_mb": mapped}))


def forget(path: Path) -> None:
    """Have the system drop a file's pages from its cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def memory() -> dict[str, float]:
    """MB of this process: its own, and those of mapped files."""
    lines = (line.split() for line in Path("/proc/self/status").read_text().splitlines())
    return {line[0].rstrip(":"): int(line[1]) / 1024 for line in lines if line[0] in ("RssAnon:", "RssFile:")}


def table(rows: list[dict[str, Any]]) -> None:
    print(f"\n{rows[0]['tiles']:,} tiles of {DIM} numbers, k = {K}, {QUERIES} queries\n")
    print("| | recall | p50 ms | p99 ms | build s | index MB | own MB | mapped MB | open ms | cold first query ms |")
    print("|" + "---|" * 10)
    for row in rows:
        print(f"| {METHODS[row['method']].title} | {row['recall']:.3f} | {row['p50']:.2f} | {row['p99']:.2f} "
              f"| {row['build_s']:.0f} | {row['bytes'] / 1e6:.0f} | {row['own_mb']:.0f} | {row['mapped_mb']:.0f} "
              f"| {row['open_ms']:.0f} | {row['cold_ms']:.0f} |")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiles", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--work", type=Path, default=Path("data/bench"))
    parser.add_argument("--only", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--rebuild", action="store_true", help="build again what is there")
    parser.add_argument("--json", type=Path, help="also write all numbers here")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    found = []
    for tiles in options.tiles:
        rows = compare(options.work, tiles, options.only, rebuild=options.rebuild)
        table(rows)
        found += rows
        if options.json:
            options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
