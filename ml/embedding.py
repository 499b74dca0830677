"""Encoding many images, each different one once."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from ml.encoders.base import Encoder

_REMEMBERED = 256  # vectors kept between batches


class EncodeOnce:
    """Callable: (n, h, w, 3) uint8 -> (n, dim) float32; remembers the images it met last. For one thread.

    The ocean of Blue Marble is one tile, thousands of times over.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        digests = [_digest(image) for image in images]
        fresh = {digest: i for i, digest in enumerate(digests) if digest not in self._known}
        found = self._encoder.encode_images(images[list(fresh.values())])
        self._known |= zip(fresh, found, strict=True)
        vectors = [self._known[digest] for digest in digests]
        self._forget(digests)
        return np.array(vectors, np.float32).reshape(len(images), self._encoder.dim)

    def _forget(self, recent: list[bytes]) -> None:
        for digest in dict.fromkeys(recent):
            self._known.move_to_end(digest)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def encode_batches(encoder: Encoder, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
    """For each batch of images (m, h, w, 3) uint8 its vectors (m, dim) float32; identical images are encoded once."""
    return map(EncodeOnce(encoder), batches)


def _digest(image: NDArray[np.uint8]) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=16).digest()
