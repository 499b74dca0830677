"""Greedy k-center: ours, the same with NumPy written plainly, and libraries that offer it. docs/benchmarks/selection.md

    python -m tests.bench.selection.kcenter [--tiles 100000] [--chosen 1000] [--only ours numpy …]

Each in a process of its own, one after the other, all from the same float16 file and with the same first tile: seconds
from the mapped file to the rows, the seconds that cores were busy with it (which other work on the machine hardly
changes), the most memory of its own that the process had beyond what it had before, and the radius: the largest
distance of a tile from the nearest one chosen.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.selection import Recipe, select
from ml.synthetic import Clusters
from tests.bench.selection.taking import in_a_process, taken_by

Rows = NDArray[np.int64]
_ROWS = 4096


def ours(vectors: NDArray[np.float16], n: int) -> Rows:
    objectives = [{"kind": "diversity", "method": "k-center"}]
    return np.append(
        0, select(vectors, Recipe.read({"n": n - 1, "objectives": objectives}), before=np.zeros(1, int)).rows
    )


def numpy_matrix(vectors: NDArray[np.float16], n: int) -> Rows:
    """One product of the matrix with the last one chosen, each time."""
    x = vectors.astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    left, chosen = np.full(len(x), np.inf, np.float32), [0]
    while len(chosen) < n:
        left = np.minimum(left, 2 - 2 * (x @ x[chosen[-1]]))
        chosen.append(int(left.argmax()))
    return np.array(chosen)


def numpy_plain(vectors: NDArray[np.float16], n: int) -> Rows:
    """As one writes it first: the differences, squared and summed."""
    x = vectors.astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    left, chosen = np.full(len(x), np.inf, np.float32), [0]
    while len(chosen) < n:
        left = np.minimum(left, ((x - x[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int(left.argmax()))
    return np.array(chosen)


def scikit_activeml(vectors: NDArray[np.float16], n: int) -> Rows:
    """What its CoreSet calls."""
    from skactiveml.pool import k_greedy_center

    x = vectors.astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    labels = np.where(np.arange(len(x)) == 0, 0, np.nan)
    chosen, _ = k_greedy_center(x, labels, batch_size=n - 1, random_state=0)
    return np.append(0, chosen)


WAYS = {"ours": ours, "NumPy, a product each time": numpy_matrix, "NumPy, plainly": numpy_plain,
        "scikit-activeml": scikit_activeml}  # fmt: skip


def radius(vectors: NDArray[np.float16], chosen: Rows) -> float:
    x = vectors[chosen].astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    far = 0.0
    for start in range(0, len(vectors), _ROWS):
        some = vectors[start : start + _ROWS].astype(np.float32)
        some /= np.linalg.norm(some, axis=1, keepdims=True)
        far = max(far, float((2 - 2 * (some @ x.T).max(axis=1)).max()))
    return far**0.5


def one(path: Path, name: str, n: int) -> dict[str, Any]:
    chosen, taken = taken_by(WAYS[name], path, n)
    return taken._asdict() | {
        "radius": radius(np.load(path, mmap_mode="r"), chosen),
        "distinct": len(np.unique(chosen)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiles", type=int, default=100_000)
    parser.add_argument("--chosen", type=int, default=1000)
    parser.add_argument("--vectors", type=Path, help="a .npy of float16 vectors instead of clusters in 256 dimensions")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "lookalike-selection")
    parser.add_argument("--only", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    path = options.vectors or options.work / f"clusters-{options.tiles}.npy"
    if options.one:
        print(json.dumps(one(path, options.one, options.chosen)))
        return
    if not path.is_file():
        options.work.mkdir(parents=True, exist_ok=True)
        np.save(path, Clusters(dim=256).rows(0, options.tiles))
    print("| | seconds | of all cores | own memory, MB | radius |\n| --- | ---: | ---: | ---: | ---: |")
    for name in options.only:
        told = in_a_process("tests.bench.selection.kcenter", name, path, options.chosen)
        assert told["distinct"] == options.chosen
        numbers = f"{told['seconds']:.1f} | {told['busy']:.1f} | {told['mb']:.0f} | {told['radius']:.4f}"
        print(f"| {name} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
