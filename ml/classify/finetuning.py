"""The optional last step: an encoder that has looked at what a campaign labelled. Makes a new version of its entry.

Only the end of the network is trained, with a linear head that is thrown away afterwards: the encoder stays one for
similarity search, and its vectors must be made again for every tile. The training itself is ml/finetune's, which
imports torch when used.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml.classify import folds
from ml.classify.labels import check
from ml.encoders.runtime import find_device
from ml.errors import BadLabels, TooFewLabels
from ml.finetune import config
from ml.train.config import Views

if TYPE_CHECKING:
    from ml.finetune.loop import Images

Progress = Callable[[str, int, int], None]  # stage, done, total
MIRRORED = Views(rotation=0, flips=True, crop=(1, 1), brightness=0, contrast=0, colour=0, blur=0, noise=0)


@dataclass(frozen=True)
class Tuning:
    """share: of the network's parameters, from its end, that are trained.  rate, head_rate: AdamW's, falling to 0.

    pull: of the penalty on the distance from the weights as they were (L2-SP, Li et al. 2018, arXiv:1802.01483, eq. 2).
    """

    share: float = 0.1
    epochs: int = 5
    batch: int = 32
    rate: float = 1e-4
    head_rate: float = 1e-2
    pull: float = 0.01
    seed: int = 0


def finetune(
    folder: Path,
    images: "Images",
    targets: NDArray[np.floating],
    weights: NDArray[np.floating],
    out: Path,
    *,
    version: str,
    tuning: Tuning = Tuning(),
    groups: NDArray[np.integer] | None = None,
    device: str | None = None,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Train the entry's network on labelled tiles, and write a new entry `out` that ml.encoders.load opens.

    images: of the encoder's size; targets, weights: (n,) as for ml.classify.fit.  A fifth of the labels, split by place
    (groups), is put aside.  Returns {"loss": […], the held-out cross-entropy before training and after each epoch,
    "epochs": how many were kept, "held_out": tiles}: the epoch with the least loss is written, which may be 0.
    Raises BadEncoder for an entry that is no network, BadLabels, TooFewLabels, FileExistsError, TrainingDiverged.
    """
    check(targets, weights)
    if len(images) != len(targets):
        raise BadLabels(f"There are {len(images)} images for {len(targets)} labels.")
    fold = folds.split(targets > 0.5, groups, 5, np.random.default_rng(tuning.seed))
    if fold is None:
        raise TooFewLabels("Too few labels, or places, to put some aside: label more tiles before tuning an encoder.")
    from ml.finetune import networks
    from ml.finetune.loop import Job

    opened = networks.open_network(folder)
    both, parts = np.stack([1 - targets, targets], axis=1), (np.flatnonzero(fold != 0), np.flatnonzero(fold == 0))
    job = Job(opened, images, both, weights, parts, _settings(tuning), device or find_device())
    course, best = job.run(lambda done, total: on_progress("epochs", done, total) if on_progress else None)
    told = {"loss": [round(loss, 4) for loss in course.loss], "epochs": course.best, "held_out": len(parts[1])}
    tuned = {"from": opened.entry.fingerprint, **told}
    networks.write(opened, best, out, version=version, tuned=tuned)
    return told


def _settings(tuning: Tuning) -> config.Tuning:
    return config.Tuning(
        mode="partial", share=tuning.share, epochs=tuning.epochs, batch=tuning.batch, rate=tuning.rate,
        head_rate=tuning.head_rate, pull=tuning.pull, seed=tuning.seed, patience=0, views=MIRRORED,
    )  # fmt: skip
