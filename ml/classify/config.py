"""The knobs of a classifier."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Config:
    """How a classifier is trained.

    head: "logistic"; "mlp", a network with one hidden layer; "trees", the sum of the logistic head's log-odds and those
    of random trees, which see what features only mean together.  hidden: its units.  epochs: its steps over all labels.
    strength: of the L2 penalty on the weights, beside a loss that is summed over labels.  The defaults of strength and
    shrinkage rank held-out islands best among 0.1 to 300 and 0.03 to 2, with 60 to 2,500 labels and two encoders.
    balanced: positives and negatives weigh the same altogether.
    calibrated: cross-validate, so that probabilities are calibrated and metrics are known; without it, one fit only.
    folds: of that cross-validation.
    whiten: features in the principal axes of the background; without it each is only scaled to variance 1, or, alike,
    all by one factor to a mean variance of 1, which keeps what an encoder's scales say.
    shrinkage: share of the mean variance that is added to every axis, so that faint ones are not blown up.
    components: axes kept at most.
    adapt: move the probabilities to the background's share of positives (calibration.adapt says when that is right).
    """

    head: Literal["logistic", "mlp", "trees"] = "logistic"
    hidden: int = 32
    epochs: int = 100
    strength: float = 100.0
    balanced: bool = True
    calibrated: bool = True
    folds: int = 5
    whiten: bool = True
    alike: bool = False
    shrinkage: float = 1.0
    components: int = 512
    adapt: bool = False
    seed: int = 0
