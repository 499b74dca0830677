"""The knobs of a fine-tuning. Importing this needs no torch."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from ml.errors import BadTraining
from ml.train.config import Views

MODES = {
    "frozen": "the network stays; a projection of its vectors is learnt. Works with every encoder, in a minute",
    "partial": "the end of the network learns: the usual choice",
    "full": "the whole network learns: for thousands of labels",
}


@dataclass(frozen=True)
class Tuning:
    """share: of the network's parameters, from its end, that are trained (partial).  dim: of the projection (frozen).

    rate, head_rate: AdamW's, falling to 0 along a cosine; 0: the mode's own.  pull: of the penalty on the distance from
    the weights as they were (L2-SP, Li et al. 2018, arXiv:1802.01483, eq. 2).  patience: epochs without a smaller
    held-out loss after which it ends, 0 for never.  held_out: share of the labels, split by place or folder, that is
    only judged by.
    """

    mode: str = "partial"
    share: float = 0.3
    dim: int = 128
    epochs: int = 20
    batch: int = 32
    rate: float = 0.0
    head_rate: float = 1e-2
    pull: float = 0.01
    patience: int = 5
    held_out: float = 0.2
    seed: int = 0
    views: Views = field(default_factory=Views)

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise BadTraining(f"mode must be one of {', '.join(MODES)}, not {self.mode!r}.")
        limits = {
            "share": (0, 1), "dim": (2, 65_536), "epochs": (1, 100_000), "batch": (1, 65_536), "rate": (0, 1e4),
            "head_rate": (0, 10), "pull": (0, 1e4), "patience": (0, 100_000), "held_out": (0.01, 0.9),
            "seed": (0, 2**32 - 1),
        }  # fmt: skip
        for name, (least, most) in limits.items():
            if not least <= getattr(self, name) <= most:
                raise BadTraining(f"{name} must lie between {least} and {most}, not {getattr(self, name)}.")

    @property
    def learning_rate(self) -> float:
        return self.rate or {"frozen": 1e-3, "partial": 1e-4, "full": 3e-5}[self.mode]

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)
