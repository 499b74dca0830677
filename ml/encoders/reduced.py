"""Another encoder with shorter vectors: its principal axes on somebody's own images (python -m ml.embed --pca)."""

import numpy as np
from numpy.typing import NDArray

from ml.encoders import projecting
from ml.encoders.base import Encoder, direction
from ml.encoders.entry import Entry
from ml.errors import BadEncoder


class Reduced(Encoder):
    """unit((vector - mean) @ matrix) of what the encoder named by "of" says.

    Words are turned by the matrix alone: the mean is one of images, and taking it away from all of them alike leaves
    their order as it is. Axes that were whitened, or learnt from labels, no longer tell how words and images relate:
    there encoder.json says "words": false.
    """

    def __init__(self, entry: Entry, whole: Encoder) -> None:
        super().__init__(entry)
        self._whole, found = whole, projecting.read(entry)
        if found is None or found.width != whole.dim:
            width = "none" if found is None else f"one of {found.width} numbers"
            raise BadEncoder(f"{entry.folder} has {width} as its projection, {whole.name} makes {whole.dim}.")
        self._projection = found
        self.bands, self.stretch = whole.bands, getattr(whole, "stretch", None)
        self.has_text = whole.has_text and entry.config.get("words", True) is True

    @property
    def dim(self) -> int:
        return self._projection.dim

    @property
    def size(self) -> int:
        return self._whole.size

    def _features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._projection(self._whole.encode_images(images))

    def encode_text(self, texts: list[str]) -> NDArray[np.float32]:
        if not self.has_text:
            return super().encode_text(texts)
        return direction(self._whole.encode_text(texts) @ self._projection.matrix)
