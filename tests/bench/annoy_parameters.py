"""Measures Annoy on the default encoder's vectors, to choose ml.index.parameters and when a scan is cheaper.

    python -m tests.bench.annoy_parameters --data ../shared/data [--trees 10 25 50 100]

Prints the tables of docs/benchmarks/annoy.md: recall (ml.index.recall: by score, 200 queries), milliseconds per query.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from ml import encoders, index
from ml.index import AnnoyIndex, IndexParameters, Vectors
from tests.bench.encoder_choice import tiles

QUERIES = 200
KS = (10, 50, 200, 1000)
SEARCH_K = (2_000, 4_000, 8_000, 16_000, 32_000)


def blue_marble(data: Path, level: int) -> Vectors:
    """August under the default encoder: (tiles, dim)."""
    encoder = encoders.load(encoders.builtin()[encoders.DEFAULT])
    return encoder.encode_images(tiles(data / "bluemarble_2004-08-01.tif", level)).astype(np.float16)


def synthetic(n: int, dim: int, intrinsic: int = 30) -> Vectors:
    """1,000 clusters in a space of `intrinsic` dimensions, turned into (n, dim) with a little noise."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(1000, intrinsic))
    points = centres[random.integers(0, 1000, n)] + 0.5 * random.normal(size=(n, intrinsic))
    spread = points @ random.normal(size=(intrinsic, dim)) / dim**0.5 + 0.02 * random.normal(size=(n, dim))
    return index.unit(spread).astype(np.float16)


def milliseconds(search: object, vectors: Vectors, k: int) -> float:
    queries = vectors[:: max(1, len(vectors) // 100)][:100].astype(np.float32)
    start = time.perf_counter()
    for query in queries:
        search(query, k)  # type: ignore[operator]
    return (time.perf_counter() - start) / len(queries) * 1000


def measure(name: str, vectors: Vectors, trees: tuple[int, ...]) -> None:
    n, dim = vectors.shape
    exact = milliseconds(lambda query, k: index.best(index.scan(vectors, query, None), k), vectors, 50)
    print(f"\n{name}: {n:,} x {dim}; exact scan {exact:.2f} ms\n")
    print("| trees | build s | MB | nodes | " + " | ".join(f"k = {k}" for k in KS) + " |")
    print("|" + "---|" * (4 + len(KS)))
    for count in trees:
        with tempfile.TemporaryDirectory() as folder:
            _rows(Path(folder) / "index.ann", vectors, count)


def _rows(path: Path, vectors: Vectors, trees: int) -> None:
    start = time.perf_counter()
    AnnoyIndex.build(path, vectors, IndexParameters(trees, 0, 0), lambda *_: None)
    built = f"| {trees} | {time.perf_counter() - start:.1f} | {path.stat().st_size / 1e6:.0f} "
    for nodes in SEARCH_K:
        opened = AnnoyIndex.open(path, len(vectors), vectors.shape[1], IndexParameters(trees, 0, nodes))
        cells = [_cell(opened, vectors, k) if k <= len(vectors) else "" for k in KS]
        print(f"{built}| {nodes} | " + " | ".join(cells) + " |", flush=True)


def _cell(opened: AnnoyIndex, vectors: Vectors, k: int) -> str:
    recall = index.recall(opened, vectors, queries=QUERIES, k=k)
    return f"{recall:.3f}, {milliseconds(opened.query, vectors, k):.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of Blue Marble")
    parser.add_argument("--trees", type=int, nargs="+", default=[10, 25, 50])
    options = parser.parse_args()
    trees = tuple(options.trees)
    for level in (5, 6, 7):
        measure(f"Blue Marble, August, level {level}", blue_marble(options.data, level), trees)
    measure("Synthetic", synthetic(100_000, 64), trees)


if __name__ == "__main__":
    main()
