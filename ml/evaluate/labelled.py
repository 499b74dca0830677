"""A labelled set of images, whatever it was read from."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadLabels

Images = NDArray[np.uint8]
Read = Callable[[int], Images]


@dataclass(frozen=True)
class Labelled:
    """n images with a class each.

    read: number -> (h, w, 3) uint8 RGB, square; may raise BadImage.  labels: (n,) positions in classes.
    places: (n, 2) x and y of the middle, NaN where unknown; None when no place is known.  apart: tiles whose middles
    are at most this far from each other, both ways, are neighbours on the map.  around: after how much x begins again
    (360 for degrees), None if never.  widths: (n,) sides of the tiles; given them, apart counts in the mean side of the
    two tiles, so that 1 is tiles that touch or overlap, of whatever size.  groups: (n,) numbers of what shows the same
    thing, such as the frames of one video, -1 for alone; images of one group are neighbours too.
    """

    name: str
    classes: list[str]
    labels: NDArray[np.int64]
    read: Read
    places: NDArray[np.float64] | None = None
    apart: float = 0.0
    around: float | None = None
    widths: NDArray[np.float64] | None = None
    groups: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def distances(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """The larger of the distances in x and in y: (rows, columns); NaN where a place is unknown."""
        if self.places is None:
            return np.full((len(rows), len(columns)), np.nan)
        steps = np.abs(self.places[rows][:, None] - self.places[columns][None])  # (rows, columns, 2)
        if self.around:
            steps[..., 0] = np.minimum(steps[..., 0], self.around - steps[..., 0])
        return steps.max(axis=2)

    def neighbours(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """(rows, n): the tile itself, and what lies beside it or over it."""
        everyone = np.arange(len(self))
        near = self.distances(rows, everyone) <= self.reach(rows) * (1 + 1e-9)
        if self.groups is not None:
            near |= (self.groups[rows][:, None] == self.groups) & (self.groups >= 0)
        return near | (rows[:, None] == everyone)

    def reach(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """How far from each of the rows a middle may lie to be a neighbour's: (rows, n), or one number for all."""
        if self.widths is None:
            return np.full((1, 1), self.apart)
        return self.apart * (self.widths[rows][:, None] + self.widths) / 2

    def take(self, rows: NDArray[np.intp]) -> Self:
        kept = rows.copy()
        return replace(
            self, labels=self.labels[kept], read=lambda i: self.read(int(kept[i])),
            places=None if self.places is None else self.places[kept],
            widths=None if self.widths is None else self.widths[kept],
            groups=None if self.groups is None else self.groups[kept],
        )  # fmt: skip


def from_names(name: str, labels: list[str], read: Read) -> Labelled:
    """Classes in order of name; raises BadLabels unless there are two classes or more, with two images or more each."""
    classes, positions, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(classes) < 2:
        raise BadLabels(f"{name} has {len(classes)} class; comparing needs at least two.")
    if counts.min() < 2:
        lonely = ", ".join(map(str, classes[counts < 2]))
        raise BadLabels(f"{name} has a single image of {lonely}: give each class at least two, or leave it out.")
    return Labelled(name, [str(one) for one in classes], positions.astype(np.int64), read)


def balanced(labels: NDArray[np.int64], most: int, seed: int = 0) -> NDArray[np.intp]:
    """At most so many of each class, drawn at random: their positions, rising."""
    random = np.random.default_rng(seed)
    drawn = [random.permutation(np.flatnonzero(labels == c))[:most] for c in np.unique(labels)]
    return np.sort(np.concatenate(drawn))
