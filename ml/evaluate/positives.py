"""Pairs that should be alike: an image, and the same seen a little differently."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CROP = 0.8  # of the side
GAIN = 0.1  # how much brighter or darker at most


def altered(image: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Turned by a quarter, half or not, perhaps mirrored, four fifths of it enlarged, up to 10 % brighter or darker."""
    side = image.shape[0]
    cut = max(1, round(CROP * side))
    top, left = random.integers(0, side - cut + 1, 2)
    part = np.rot90(image[top : top + cut, left : left + cut], int(random.integers(4)))
    if random.integers(2):
        part = part[:, ::-1]
    whole = Image.fromarray(np.ascontiguousarray(part)).resize((side, side), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(whole) * random.uniform(1 - GAIN, 1 + GAIN), 0, 255).astype(np.uint8)
