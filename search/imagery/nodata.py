"""Which pixels of a downloaded tile are no data: see-through ones, and in pictures without transparency black blocks.

JPEG smears the rim of a black swath gap by a few grey levels within its blocks of 8×8 pixels (ITU-T T.81, A.3.3), and
a single black pixel may be a shadow. So a block is no data when every pixel of it is nearly black.
"""

import numpy as np

BLOCK = 8  # pixels a side
DARK = 6  # grey levels that JPEG adds to pure black


def missing(image: np.ndarray) -> np.ndarray:
    """(h, w, 3) or (h, w, 4) uint8 -> (h, w) bool."""
    if image.shape[2] == 4:
        gone: np.ndarray = image[..., 3] == 0
        return gone
    height, width = image.shape[:2]
    padded = np.pad(image.max(axis=2), ((0, -height % BLOCK), (0, -width % BLOCK)))
    blocks = padded.reshape(padded.shape[0] // BLOCK, BLOCK, -1, BLOCK).max(axis=(1, 3)) <= DARK
    return blocks.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)[:height, :width]
