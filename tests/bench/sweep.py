"""The sweep's speed beside that of reading the same file once.

    python -m tests.bench.sweep --tiles 1000000 [--dim 512] [--repeat 7] [--work FOLDER]

Scoring is the whole of ml.classify.scoring.score: mapped vectors in, a finished .npy of probabilities out. Reading is
done by NumPy in four ways, in the same process and in turn with the scoring, so that a noisy machine is noisy for all;
one thread each. The file is in the system's cache, unless --cold drops it before every run. The share is that of the
fastest way of reading. Prints the table of docs/performance.md.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is imported: OpenBLAS reads it once
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.classify import Classifier, Config, fit, scoring
from ml.synthetic import Clusters
from tests.bench.search import forget, vectors_of

LABELS, BLOCK = 1500, 8192
Halves = NDArray[np.float16]


def classifier(dim: int, head: str) -> Classifier:
    """Of labelled rows that no file of the benchmark has; a tenth are positives."""
    features = Clusters(dim).rows(10**9, 10**9 + LABELS).astype(np.float32)
    value = features[:, 0] + features[:, 1] * features[:, 2]
    targets = (value > np.quantile(value, 0.9)).astype(np.float32)
    return fit(features, targets, np.ones(LABELS, np.float32), config=Config(head=head))  # type: ignore[arg-type]


def summed(path: Path) -> None:
    """Every page of the mapped file is touched once, and nothing is kept: as fast as memory can be read."""
    vectors: Halves = np.load(path, mmap_mode="r")
    for start in range(0, len(vectors), BLOCK):
        vectors[start : start + BLOCK].view(np.uint64).sum()


def copied(path: Path) -> None:
    """Block by block from the mapped file into an array."""
    vectors: Halves = np.load(path, mmap_mode="r")
    block = np.empty((BLOCK, vectors.shape[1]), np.float16)
    for start in range(0, len(vectors), BLOCK):
        some = vectors[start : start + BLOCK]
        block[: len(some)] = some


def from_file(path: Path) -> None:
    """Block by block with numpy.fromfile."""
    dim = np.load(path, mmap_mode="r").shape[1]
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_1_0(file)
        while len(np.fromfile(file, np.float16, BLOCK * dim)):
            pass


def loaded(path: Path) -> None:
    """All at once."""
    np.load(path)


def scored(head: str, dim: int) -> Callable[[Path], None]:
    trained = classifier(dim, head)

    def run(path: Path) -> None:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            scoring.score(trained, np.load(path, mmap_mode="r"), Path(folder) / "scores.npy")

    return run


def timed(run: Callable[[Path], None], path: Path, *, cold: bool) -> tuple[float, float]:
    """Seconds on the clock, and of the processor."""
    if cold:
        forget(path)
    clock, processor = time.perf_counter(), time.process_time()
    run(path)
    return time.perf_counter() - clock, time.process_time() - processor


def compare(path: Path, dim: int, repeat: int, *, cold: bool) -> list[dict[str, Any]]:
    methods = {
        "**the sweep, logistic regression**": scored("logistic", dim),
        "the sweep, committee of 5 networks": scored("mlp", dim),
        "NumPy: mapped, summed": summed,
        "NumPy: mapped, copied": copied,
        "NumPy: `fromfile`, block by block": from_file,
        "NumPy: `load`, all at once": loaded,
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    for number in range(repeat + 1):
        for name, run in methods.items():
            took = timed(run, path, cold=cold)
            if number:  # the first round warms up
                times[name].append(took)
    return [{"method": name, **summary(took)} for name, took in times.items()]


def summary(took: list[tuple[float, float]]) -> dict[str, float]:
    clock, processor = zip(*took, strict=True)
    return {"median": median(clock), "best": min(clock), "processor": min(processor)}


def table(rows: list[dict[str, Any]], tiles: int) -> None:
    """Shares: the least seconds of any reading, by the same measure, divided by the method's."""
    by = ("median", "best", "processor")
    least = {kind: min(row[kind] for row in rows if row["method"].startswith("NumPy")) for kind in by}
    print("| | M tiles/s, median | best | processor s | share of the fastest reading | by best | by processor |")
    print("|" + "---|" * 7)
    for row in rows:
        shares = " | ".join(f"{least[kind] / row[kind]:.2f}" for kind in by)
        speeds = " | ".join(f"{tiles / row[kind] / 1e6:.2f}" for kind in ("median", "best"))
        print(f"| {row['method']} | {speeds} | {row['processor']:.2f} | {shares} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiles", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--repeat", type=int, default=7, help="rounds; one more warms up")
    parser.add_argument("--cold", action="store_true", help="drop the file from the system's cache before every run")
    parser.add_argument("--work", type=Path, default=Path("data/bench"))
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    vectors_of(options.work, options.tiles, options.dim)
    path = options.work / f"{options.tiles}x{options.dim}.npy"
    print(f"{options.tiles:,} tiles of {options.dim} numbers, {'cold' if options.cold else 'in the cache'}; "
          f"load {os.getloadavg()[0]:.1f}\n")  # fmt: skip
    table(compare(path, options.dim, options.repeat, cold=options.cold), options.tiles)


if __name__ == "__main__":
    main()
