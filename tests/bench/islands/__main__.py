"""Every island on Earth: how many labels it takes, by several ways to choose them. docs/benchmarks/islands.md

    python -m tests.bench.islands --data ../shared/data [--targets islands lakes ice-edge] [--seeds 10]

What has run is kept in --work and not run again. Tables come as Markdown, the plot as docs/images/islands.webp.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import encoders
from ml.active import ShardArchive, Source
from ml.shards import Shard
from tests.bench.islands import drawing, earth, strategies
from tests.bench.islands.strategies import OURS, UNSURE, Campaign

MOST = 2000  # labels a campaign of rounds gets; the area under the curve is the mean recall over them
FEATURES = "structure-layers"
LIBRARY = "library: "
Curve = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the folder of shared/data")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "lookalike-islands")
    parser.add_argument("--targets", nargs="+", choices=list(earth.TARGETS), default=list(earth.TARGETS))
    parser.add_argument("--strategies", nargs="+", default=["ours", "unsure", LIBRARY + "falcun", "similar", "random"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--most", type=int, default=MOST, help="labels a campaign gets")
    parser.add_argument("--plot", type=Path, default=Path("docs/images/islands.webp"))
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for target in options.targets:
        bench = Bench(options.data, options.work, target, options.most)
        curves: dict[str, Sequence[Curve]] = {
            name: [bench.curve(name, seed) for seed in range(options.seeds)] for name in options.strategies
        }
        print(
            f"\n{target}: {bench.positives} of {len(bench.truth):,} tiles\n\n{table(curves, options.most)}", flush=True
        )
        if target == "islands":
            drawing.draw(curves, options.most, options.plot, f"Finding {bench.positives} islands")


class Bench:
    def __init__(self, data: Path, work: Path, target: str, most: int) -> None:
        self._work, self._target, self._most = work, target, most
        self.truth = earth.TARGETS[target](data)
        self.positives = int(self.truth.sum())
        self._shards = {name: earth.shard(data, work, name) for name in (FEATURES, encoders.DEFAULT)}

    def curve(self, name: str, seed: int) -> Curve:
        """Share of all that is found after each label."""
        path = self._work / f"{self._target}-{name.replace(': ', '-')}-{seed}-{self._most}.npy"
        if not path.is_file():
            np.save(path, self._asked(name, seed))
            print(f"# {path.name}", flush=True)
        return np.cumsum(self.truth[np.load(path) - 1]) / self.positives

    def _asked(self, name: str, seed: int) -> NDArray[np.int64]:
        features, search = described(self._shards), ShardArchive([self._shards[encoders.DEFAULT]])
        plain = name.removesuffix(", default encoder")
        archive = search if plain != name else features
        campaign = Campaign(archive, search, self.truth, self._most, seed)
        if plain.startswith(LIBRARY):
            return campaign.library(LIBRARIES[plain.removeprefix(LIBRARY)])
        return WAYS[plain](campaign)


def described(shards: dict[str, Shard]) -> ShardArchive:
    """Tiles by the default encoder, whose index finds neighbours, and what FEATURES says of them beside it."""
    beside = Source([shards[FEATURES]], lambda keys: keys, {"encoder": FEATURES})
    return ShardArchive([shards[encoders.DEFAULT]], [beside])


def _library(name: str, **more: Any) -> Callable[[int], Any]:
    def make(seed: int) -> Any:
        from skactiveml import pool

        return getattr(pool, name)(random_state=seed, **more)

    return make


LIBRARIES = {
    "margin": _library("UncertaintySampling", method="margin_sampling"),
    "expected average precision": _library("UncertaintySampling", method="expected_average_precision"),
    "badge": _library("Badge"),
    "falcun": _library("Falcun"),
    "core-set": _library("CoreSet"),
    "typiclust": _library("TypiClust"),
}
WAYS: dict[str, Callable[[Campaign], NDArray[np.int64]]] = {
    "ours": lambda campaign: campaign.rounds(OURS),
    "ours, logistic head": lambda campaign: campaign.rounds(replace(OURS, head=replace(OURS.head, head="logistic"))),
    "ours, as campaigns begin": lambda campaign: campaign.rounds(replace(OURS, mix=dict(strategies.MIX))),
    "unsure": lambda campaign: campaign.rounds(UNSURE),
    "similar": Campaign.similar,
    "random": Campaign.random,
}


def needed(curve: Curve, share: float) -> int | None:
    """Labels until this share is found; None when it never was."""
    return int(np.argmax(curve >= share)) + 1 if curve[-1] >= share else None


def area(curve: Curve, most: int) -> float:
    return float(curve[:most].mean())


def table(curves: dict[str, Sequence[Curve]], most: int) -> str:
    rows = [f"| | labels for 50 % | for 90 % | area under the curve to {most:,} |", "| --- | ---: | ---: | ---: |"]
    for name, some in curves.items():
        cells = [_range([needed(curve, share) for curve in some], most) for share in (0.5, 0.9)]
        areas = [area(curve, most) for curve in some]
        cells.append(f"{np.median(areas):.3f} ({min(areas):.3f} to {max(areas):.3f})")
        rows.append(f"| {name} | {' | '.join(cells)} |")
    first, *others = curves.values()
    for name, some in zip(list(curves)[1:], others, strict=True):
        better = sum(area(a, most) > area(b, most) for a, b in zip(first, some, strict=True))
        rows.append(f"\n{next(iter(curves))} has the larger area than {name} at {better} of {len(first)} seeds.")
    return "\n".join(rows)


def _range(found: list[int | None], most: int) -> str:
    known = [value if value is not None else 10**9 for value in found]
    words = [
        f"{value:,.0f}" if value < 10**8 else f"> {most:,}" for value in (np.median(known), min(known), max(known))
    ]
    return f"{words[0]} ({words[1]} to {words[2]})"


if __name__ == "__main__":
    main()
