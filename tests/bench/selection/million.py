"""Everything that a selection is made of, at a million tiles. docs/benchmarks/selection.md

    python -m tests.bench.selection.million [--tiles 1000000] [--chosen 10000] [--only "facility location" …]
                                            [--earth FILE] [--twice]

Each in a process of its own, one after the other, from the same mapped float16 file. Without --earth the vectors are
clusters (ml/synthetic.py). With it, a .npy of real vectors (n, dim) that sets.py has embedded, they are drawn between
these: a tile of it, and up to the whole way from there to one of its ten nearest, so that the archive is as uneven as
the Earth (two tiles of three are ocean).  --twice: half of the tiles are the other half once more, a little changed
(distances of 0.05 to 0.15), as in an archive of many days.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.selection import Recipe, compare, near_duplicates, select
from ml.synthetic import Clusters
from tests.bench.selection.taking import in_a_process, taken_by

Floats = NDArray[np.float32]
DISTANCE = 0.15
_BLOCK = 5000


def chosen_by(*objectives: dict[str, Any], **more: Any) -> Callable[[NDArray[np.float16], int], dict[str, Any]]:
    def choose(vectors: NDArray[np.float16], n: int) -> dict[str, Any]:
        found = select(vectors, Recipe.read({"n": n, "objectives": list(objectives), **more}))
        return {"chosen": len(found.rows), "removed": found.removed_duplicates, "said": found.approximations}

    return choose


def pairs(vectors: NDArray[np.float16], n: int) -> dict[str, Any]:
    found = near_duplicates(vectors, DISTANCE)
    return {"pairs": found.total}


def compared(vectors: NDArray[np.float16], n: int) -> dict[str, Any]:
    rows = np.random.default_rng(1).choice(len(vectors), n, replace=False)
    return {"said": compare(vectors, rows)["approximations"]}


CENTER = {"kind": "diversity", "method": "k-center"}
FACILITY = {"kind": "diversity", "method": "facility-location"}
TYPICAL = {"kind": "typicality", "strength": 0.25}
WAYS: dict[str, Callable[[NDArray[np.float16], int], dict[str, Any]]] = {
    "k-center": chosen_by(CENTER),
    "facility location": chosen_by(FACILITY),
    "k-center x typicality": chosen_by(CENTER, TYPICAL),
    "near-duplicates away, then k-center": chosen_by(CENTER, duplicates={"distance": DISTANCE}),
    "pairs of near-duplicates": pairs,
    "compare": compared,
}


def clusters(tiles: int, twice: bool, path: Path) -> None:
    made = Clusters(dim=256)
    if not twice:
        np.save(path, made.rows(0, tiles))
        return
    half = made.rows(0, tiles // 2)
    random = np.random.default_rng(2)
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f2", "fortran_order": False, "shape": (tiles, 256)})
        file.write(half.tobytes())
        for start in range(0, len(half), _BLOCK):
            some = half[start : start + _BLOCK].astype(np.float32)
            way = random.standard_normal(some.shape, np.float32)
            far = random.uniform(0.05, 0.15, (len(some), 1)).astype(np.float32)
            file.write((some + far * way / np.linalg.norm(way, axis=1, keepdims=True)).astype("<f2").tobytes())


def between(real: Floats, tiles: int, path: Path) -> None:
    """Points on the ways between real vectors and their neighbours (Chawla et al. 2002, "SMOTE")."""
    real = real / np.linalg.norm(real, axis=1, keepdims=True)
    near = np.concatenate(
        [np.argpartition(-(real[i : i + 1000] @ real.T), 10, axis=1)[:, :11] for i in range(0, len(real), 1000)]
    )
    random = np.random.default_rng(3)
    with path.open("wb") as file:
        shape = (tiles, real.shape[1])
        np.lib.format.write_array_header_1_0(file, {"descr": "<f2", "fortran_order": False, "shape": shape})
        for start in range(0, tiles, _BLOCK):
            first = random.integers(len(real), size=min(_BLOCK, tiles - start))
            second = near[first, random.integers(11, size=len(first))]
            part = random.random((len(first), 1), np.float32)
            file.write(((1 - part) * real[first] + part * real[second]).astype("<f2").tobytes())


def one(path: Path, name: str, n: int) -> dict[str, Any]:
    told, taken = taken_by(WAYS[name], path, n)
    return told | taken._asdict()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiles", type=int, default=1_000_000)
    parser.add_argument("--chosen", type=int, default=10_000)
    parser.add_argument("--earth", type=Path)
    parser.add_argument("--twice", action="store_true")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "lookalike-selection")
    parser.add_argument("--only", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--vectors", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.vectors, options.one, options.chosen)))
        return
    options.work.mkdir(parents=True, exist_ok=True)
    kind = "earth" if options.earth else "twice" if options.twice else "clusters"
    path = options.work / f"{kind}-{options.tiles}.npy"
    if not path.is_file():
        if options.earth:
            between(np.load(options.earth).astype(np.float32), options.tiles, path)
        else:
            clusters(options.tiles, options.twice, path)
    print("| | seconds | of all cores | own memory, MB | |\n| --- | ---: | ---: | ---: | --- |")
    for name in options.only:
        told = in_a_process("tests.bench.selection.million", name, path, options.chosen)
        seconds, busy, mb = (told.pop(key) for key in ("seconds", "busy", "mb"))
        print(f"| {name} | {seconds:.1f} | {busy:.1f} | {mb:.0f} | {told} |", flush=True)


if __name__ == "__main__":
    main()
