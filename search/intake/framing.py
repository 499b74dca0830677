"""Which frames of a video become pictures: at a rate, after a change, or the most varied of them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from search.errors import BadImagery

if TYPE_CHECKING:  # FFmpeg takes half a second to be loaded
    from av.video.frame import VideoFrame

LOOKED_AT = 64  # px of the longer side, at which changes are measured: a camera's noise is gone there
MOST_FRAMES = 100_000  # looked at of one video


@dataclass(frozen=True)
class Framing:
    """every: seconds between frames that are looked at; 0 looks at each.

    min_change: of those, only what differs from the last one kept by at least so much (`change`).
    count, share: of what is left, the most varied so many, or that share of them; 0 keeps all.
    """

    every: float = 1.0
    min_change: float = 0.0
    count: int = 0
    share: float = 0.0

    def checked(self) -> "Framing":
        """BadImagery with what to change."""
        if not (math.isfinite(self.every) and 0 <= self.every <= 24 * 3600):
            raise BadImagery("The seconds between two frames are a number from 0 (every frame) to 86,400.")
        if not 0 <= self.min_change < 1:
            raise BadImagery("The least change of a frame is a number from 0 to 1; 0.02 leaves out what stands still.")
        if self.count < 0 or not 0 <= self.share <= 1:
            raise BadImagery("Keep a whole number of frames, or a share of them from 0 to 1.")
        if self.count and self.share:
            raise BadImagery("Say how many frames to keep, or which share of them, not both.")
        return self

    @property
    def selects(self) -> bool:
        return bool(self.count or self.share)

    def wanted(self, candidates: int) -> int:
        """How many to keep of so many."""
        return min(candidates, self.count or max(1, round(self.share * candidates)))

    def said(self) -> str:
        """What a folder of frames made so is called after."""
        return f"every {self.every:g} change {self.min_change:g} count {self.count} share {self.share:g}"


@dataclass
class Kept:
    """The running choice by rate and change.  luminance: of the last one kept."""

    framing: Framing
    due: float = 0.0
    luminance: np.ndarray | None = None

    def takes(self, at: float, frame: "VideoFrame") -> bool:
        """Whether the frame is kept, with which it is then the last one."""
        if at < self.due - 1e-6:
            return False
        every = self.framing.every
        self.due = (math.floor((at + 1e-6) / every) + 1) * every if every else 0.0
        seen = luminance_of(frame)
        if self.luminance is not None and change(self.luminance, seen) < self.framing.min_change:
            return False
        self.luminance = seen
        return True


def luminance_of(frame: "VideoFrame") -> np.ndarray:
    """(h, w) uint8, at most 64 px a side, each the mean of what it stands for."""
    scale = min(1.0, LOOKED_AT / max(frame.width, frame.height))
    size = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    grey = frame.to_ndarray(format="gray")
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))


def change(before: np.ndarray, after: np.ndarray) -> float:
    """Mean absolute difference of luminance, 0 to 1; 1 where the pictures are of different shape."""
    if before.shape != after.shape:
        return 1.0
    return float(np.abs(before.astype(np.int16) - after).mean() / 255)


def changes(luminances: list[np.ndarray]) -> Iterator[float | None]:
    """Of each kept frame to the one kept before it; None for the first."""
    yield None
    for before, after in pairwise(luminances):
        yield change(before, after)
