"""Structure: what lies in a tile and how large it is, computed, not learned."""

import numpy as np
from numpy.typing import NDArray

from ml.encoders import ranked
from ml.encoders.base import Encoder
from ml.encoders.entry import Entry

SIDE = 64
MEASURES = 420
_BATCH = 16  # tiles whose planes fit the processor's cache


class Structure(Encoder):
    """measures.measure of a tile, each by its rank (ranked.py).

    Small things count as much as large ones, which a mean over the tile, as networks end with, loses.
    """

    size = SIDE
    dim = MEASURES + 1

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry)
        self._knots = ranked.read(entry, MEASURES)

    def _features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        from ml.encoders import measures  # scipy.ndimage takes half a second to be imported

        several = (images[first : first + _BATCH] for first in range(0, len(images), _BATCH))
        found = np.concatenate([measures.measure(some) for some in several])
        return ranked.lifted(ranked.ranked(found, self._knots))
