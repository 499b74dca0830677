"""Whether the audit is honest: simulated campaigns, each stopped somewhere, and the recall that an audit tells.

    python -m tests.bench.islands.recall --data ../shared/data

The collection is what was labelled a positive and what scores 0.5 or more. 200 tiles of the unlabelled rest are audited
(ml.audit), and the 95 % interval of the recall is compared with the truth.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml import audit, encoders
from ml.active import ShardArchive
from ml.classify import fit
from tests.bench.islands import earth, strategies
from tests.bench.islands.__main__ import FEATURES, described
from tests.bench.islands.strategies import Campaign

CAMPAIGNS, AUDITED, THRESHOLD = 20, 200, 0.5
LABELS = (300, 1500)  # a campaign stops between these
HEAD = replace(strategies.HEAD, calibrated=True)
Told = tuple[float, float, float]


class Audited(NamedTuple):
    labels: int
    known: int
    recall: float
    told: Told
    total: Told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the folder of shared/data")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "lookalike-islands")
    options = parser.parse_args()
    archive = described({name: earth.shard(options.data, options.work, name) for name in (FEATURES, encoders.DEFAULT)})
    truths = [find(options.data) for find in earth.TARGETS.values()]
    print("| campaign | labels | positives among them | recall | said | 95 % interval | total said, interval | held |")
    print("| --- | ---: | ---: | ---: | ---: | --- | --- | --- |")
    held = [show(seed, audited(archive, truths[seed % len(truths)], seed)) for seed in range(CAMPAIGNS)]
    print(f"\nThe interval holds the true recall in {sum(held)} of {len(held)} campaigns.")


def show(seed: int, one: Audited) -> bool:
    held = one.told[1] <= one.recall <= one.told[2]
    total = f"{one.total[0]:.0f}, {one.total[1]:.0f} to {one.total[2]:.0f}"
    name = f"{list(earth.TARGETS)[seed % len(earth.TARGETS)]} {seed}"
    print(
        f"| {name} | {one.labels} | {one.known} | {one.recall:.3f} | {one.told[0]:.3f} "
        f"| {one.told[1]:.3f} to {one.told[2]:.3f} | {total} | {'yes' if held else 'no'} |", flush=True,
    )  # fmt: skip
    return held


def audited(archive: ShardArchive, truth: NDArray[np.bool_], seed: int) -> Audited:
    random = np.random.default_rng([seed, 1])
    most = int(random.integers(*LABELS))
    campaign = Campaign(archive, archive, truth, most, seed)
    labelled = campaign.rounds(strategies.OURS)
    p = _scores(archive, campaign.keys, labelled, truth)
    rest = ~np.isin(campaign.keys, labelled)
    scores, positive = p[rest], truth[rest]
    edges = audit.bands([scores], cuts=[THRESHOLD])
    band = audit.band_of(scores, edges)
    sizes = np.bincount(band, minlength=len(edges) - 1).tolist()
    expected = [float(scores[band == h].mean()) if size else 0.0 for h, size in enumerate(sizes)]
    rows = audit.draw([band], audit.allocate(sizes, expected, AUDITED), random)
    strata = audit.stratify(
        edges, sizes, scores[rows], positive[rows], threshold=THRESHOLD, above=int((scores >= THRESHOLD).sum()),
        expected=expected,
    )  # fmt: skip
    known = int(truth[labelled - 1].sum())
    found = audit.estimate(strata, threshold=THRESHOLD, known=known)
    kept = scores >= THRESHOLD
    kept[rows] = True  # what the audit has found is found
    return Audited(
        len(labelled), known, (known + int(positive[kept].sum())) / int(truth.sum()), found.recall, found.total
    )


def _scores(
    archive: ShardArchive, keys: NDArray[np.int64], labelled: NDArray[np.int64], truth: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """(tiles,) calibrated probabilities of a classifier that learnt from the labelled ones."""
    targets, weights = truth[labelled - 1].astype(np.float32), np.ones(len(labelled), np.float32)
    places = earth.places(labelled)
    taught = fit(archive.features(labelled), targets, weights, config=HEAD, groups=places)
    return taught.predict(archive.features(keys))


if __name__ == "__main__":
    main()
