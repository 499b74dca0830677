"""What the looks do, as a picture: a row for each of some tiles, the tile itself and then looks at it."""

import io

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from ml.images import resize
from ml.train.cache import Cache
from ml.train.config import Views
from ml.train.pictures import shown
from ml.train.views import augment

_SIDE, _GAP = 96, 6


def preview(cache: Cache, views: Views, *, tiles: int = 4, looks: int = 6, seed: int = 0) -> bytes:
    """PNG of tiles drawn at random, and so many looks at each."""
    rows = np.sort(np.random.default_rng(seed).permutation(len(cache))[:tiles])
    return drawn(np.asarray(cache.pixels[rows]), views, looks, seed)


def drawn(pixels: NDArray[np.uint8], views: Views, looks: int = 6, seed: int = 0) -> bytes:
    """PNG; pixels: (n, side, side, bands)."""
    there = torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2)
    random = torch.Generator().manual_seed(seed)
    seen = [augment(there, views, random).permute(0, 2, 3, 1).mul(255).byte().numpy() for _ in range(looks)]
    picture = np.full((len(pixels) * (_SIDE + _GAP) + _GAP, (looks + 1) * (_SIDE + _GAP) + 3 * _GAP, 3), 255, np.uint8)
    for column, images in enumerate([pixels, *seen]):
        left = _GAP + column * (_SIDE + _GAP) + (2 * _GAP if column else 0)
        for row, tile in enumerate(resize(shown(images), _SIDE)):
            top = _GAP + row * (_SIDE + _GAP)
            picture[top : top + _SIDE, left : left + _SIDE] = tile
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", optimize=True)
    return file.getvalue()
