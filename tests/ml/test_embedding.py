import numpy as np

from ml import encoders
from ml.embedding import EncodeOnce, encode_batches
from ml.encoders import Encoder
from tests.ml.making import make_images


class Counting:
    """An encoder that notes how many images it was really given."""

    def __init__(self) -> None:
        self.inner: Encoder = encoders.load(encoders.builtin()["colour"])
        self.dim, self.seen = self.inner.dim, 0

    def encode_images(self, images: np.ndarray) -> np.ndarray:
        self.seen += len(images)
        return self.inner.encode_images(images)


def test_identical_images_are_encoded_once_across_batches() -> None:
    images, encoder = make_images(3)[[0, 1, 0, 2, 0, 1, 2]], Counting()
    found = np.concatenate(list(encode_batches(encoder, [images[:4], images[4:]])))  # type: ignore[arg-type]
    np.testing.assert_array_equal(found, encoder.inner.encode_images(images))
    assert encoder.seen == 3


def test_what_was_met_long_ago_is_forgotten_what_keeps_coming_is_not() -> None:
    encoder, ocean = Counting(), np.zeros((1, 8, 8, 3), np.uint8)
    encode = EncodeOnce(encoder)  # type: ignore[arg-type]
    for seed in range(30):
        encode(np.concatenate([ocean, make_images(20, 8, seed=seed)]))
    assert encoder.seen == 1 + 600
    encode(make_images(20, 8, seed=0))
    assert encoder.seen == 1 + 600 + 20


def test_an_empty_batch_is_empty() -> None:
    assert EncodeOnce(Counting())(np.empty((0, 8, 8, 3), np.uint8)).shape == (0, 512)  # type: ignore[arg-type]
