"""What every encoder offers."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from ml.encoders.entry import Entry
from ml.errors import NoTextTower
from ml.images import resize


class Encoder(ABC):
    """A model version that turns tiles into vectors of length 1. Safe to use from many threads.

    name, version, licence: of the model store entry.  fingerprint: 16 hex digits; equal ones make comparable vectors.
    bands: of the images that it looks at; 3 are red, green and blue.
    """

    has_text = False

    def __init__(self, entry: Entry) -> None:
        self.name: str = entry.config["name"]
        self.version: str = entry.config["version"]
        self.licence: str = entry.config["licence"]
        self.fingerprint = entry.fingerprint
        self._entry = entry
        self.bands = entry.bands

    @property
    @abstractmethod
    def dim(self) -> int:
        """Length of a vector."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Side in pixels of the square it looks at; other sizes are resized to it."""

    @abstractmethod
    def _features(self, images: NDArray[np.uint8]) -> NDArray[np.floating]:
        """(n, size, size, bands) uint8 -> (n, dim), of any length; n is at least 1."""

    def encode_images(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, h, w, bands) uint8, RGB where there are 3 -> (n, dim) float32, unit length."""
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != self.bands:
            raise ValueError(f"Images must be uint8 (n, h, w, {self.bands}), not {images.dtype} {images.shape}.")
        if not len(images):
            return np.empty((0, self.dim), np.float32)
        return direction(self._features(resize(images, self.size)))

    def blocks(self, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """What joined encoders may take: under "" what encode_images says, a network's layers under their names.

        (n, h, w, bands) uint8, n at least 1 -> (n, width) float32 each, unit length.
        """
        return {"": self.encode_images(images)}

    @property
    def widths(self) -> dict[str, int]:
        """The width of each of blocks()."""
        return {"": self.dim}

    def encode_text(self, texts: list[str]) -> NDArray[np.float32]:
        """n texts -> (n, dim) float32, unit length; raises NoTextTower when the model only understands images."""
        raise NoTextTower(
            f"The encoder {self.name} understands images only. Search by image, or embed the dataset with a CLIP model."
        )


def direction(features: NDArray[np.floating]) -> NDArray[np.float32]:
    """(n, d) -> (n, d) float32 at length 1; zeros become the first axis, so as to point somewhere."""
    wide = features.astype(np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    wide[length[:, 0] == 0, 0] = 1
    return (wide / np.where(length == 0, 1, length)).astype(np.float32)
