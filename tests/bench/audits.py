"""Is the recall estimate honest? Whole campaigns with a simulated labeller, each audited, beside the truth.

    python -m tests.bench.audits SHARD --truth POSITIVES.npy [--labels 600] [--audit 200] [--campaigns 20]

POSITIVES.npy holds the keys of all positives of the shard. Each campaign begins with one of them, asks as live rounds
do (ml.active), scores the whole shard, draws an audit of what has no label (ml.audit), and estimates. The interval
should hold the truth in 95 of 100. Prints a line for each campaign, and how many intervals held.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml import audit
from ml.active import Settings, ShardArchive, simulate
from ml.active.pool import choose_pool
from ml.active.simulating import Until
from ml.classify import fit
from ml.shards import Shard

Keys = NDArray[np.int64]
THRESHOLD = 0.5


class Campaign(NamedTuple):
    """What a campaign found, what its audit says, and what is true (value, precision, recall, missing)."""

    labels: int
    found: int
    said: audit.Estimate
    true: audit.Estimate

    @property
    def held(self) -> dict[str, bool]:
        names = ("total", "precision", "recall", "missing")
        pairs = {name: (getattr(self.said, name), getattr(self.true, name)[0]) for name in names}
        return {name: low - 1e-9 <= truth <= high + 1e-9 for name, ((_, low, high), truth) in pairs.items()}


def run(shard: Shard, positives: Keys, *, labels: int, tiles: int, seed: int, settings: Settings) -> Campaign:
    """One campaign of so many labels, and an audit of so many tiles."""
    random = np.random.default_rng(seed)
    archive, truth = ShardArchive([shard]), np.isin(shard.keys, positives)
    pool = choose_pool(archive.shards, rng=random)
    example = int(random.choice(positives))
    rows = simulate(
        archive, pool, lambda keys: np.isin(keys, positives), [example], settings,
        positives=len(positives), rng=random, until=Until(labels=labels),
    )  # fmt: skip
    known = np.isin(shard.keys, np.concatenate([[example], *(row.keys for row in rows)]))
    learnt = np.flatnonzero(known)
    background = archive.features(pool[:: max(1, len(pool) // settings.background)])
    classifier = fit(archive.features(shard.keys[learnt]), truth[learnt].astype(np.float32),
                     np.ones(len(learnt), np.float32), background=background, config=settings.head)  # fmt: skip
    scores = classifier.predict(shard.vectors)
    return Campaign(len(learnt), int(truth[learnt].sum()), *judged(scores, truth, known, tiles, random))


def judged(
    scores: NDArray[np.float32],
    truth: NDArray[np.bool_],
    known: NDArray[np.bool_],
    tiles: int,
    random: np.random.Generator,
) -> tuple[audit.Estimate, audit.Estimate]:
    """What an audit of the unlabelled tiles says, and the truth in the same shape."""
    edges = audit.bands([scores[~known]], cuts=[THRESHOLD])
    band = audit.band_of(scores, edges)
    sizes = np.bincount(band[~known], minlength=len(edges) - 1)
    expected = np.bincount(band[~known], scores[~known], len(sizes)) / np.maximum(sizes, 1)
    take = audit.allocate(sizes.tolist(), expected.tolist(), tiles)
    rows = audit.draw([np.where(known, -1, band)], take, random)
    above = (scores >= THRESHOLD) & ~known
    strata = audit.stratify(
        edges, sizes.tolist(), scores[rows], truth[rows], threshold=THRESHOLD, above=int(above.sum()),
        expected=expected.tolist(),
    )  # fmt: skip
    said = audit.estimate(strata, threshold=THRESHOLD, known=int(truth[known].sum()))
    taken = above.copy()
    taken[known], taken[rows] = truth[known], truth[rows]
    total, found = int(truth.sum()), int((truth & taken).sum())
    exact = (total, found / max(1, int(taken.sum())), found / total, total - found)
    return said, audit.Estimate(*((value, value, value) for value in exact), THRESHOLD)


def told(number: int, one: Campaign) -> str:
    def text(name: str, form: str) -> str:
        said, true = getattr(one.said, name), getattr(one.true, name)[0]
        mark = "" if one.held[name] else " ✗"
        return f"{format(true, form)}: {' '.join(format(value, form) for value in said)}{mark}"

    columns = [text(name, form) for name, form in (("recall", ".2f"), ("precision", ".2f"), ("total", ".0f"))]
    return f"| {number} | {one.labels} | {one.found} | {' | '.join(columns)} |"


def campaigns(options: argparse.Namespace) -> Iterator[Campaign]:
    shard, positives = Shard.open(options.shard), np.load(options.truth)
    settings = Settings(batch=options.batch)
    for seed in range(options.campaigns):
        yield run(shard, positives, labels=options.labels, tiles=options.audit, seed=seed, settings=settings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shard", type=Path)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--labels", type=int, default=600)
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--audit", type=int, default=200)
    parser.add_argument("--campaigns", type=int, default=20)
    options = parser.parse_args()
    print(
        "| campaign | labels | found | recall, true: said, low, high | precision | total |\n|---|---|---|---|---|---|"
    )
    held: list[dict[str, bool]] = []
    for number, one in enumerate(campaigns(options)):
        held.append(one.held)
        print(told(number, one), flush=True)
    for name in held[0]:
        print(f"\n{name}: held in {sum(one[name] for one in held)} of {len(held)}", end="")
    print()


if __name__ == "__main__":
    main()
