import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ml import encoders
from ml.embedding import EncodeOnce, Pace, Pixels, Sparing, embed, encode_batches, pace_of
from ml.encoders import Encoder
from ml.errors import OutOfMemory
from ml.shards import ShardWriter
from tests.ml.making import content, make_images

N = 50
SPANS = [(start, min(start + 4, N)) for start in range(0, N, 4)]


class Counting:
    """An encoder that notes how many images it was really given."""

    def __init__(self) -> None:
        self.inner: Encoder = encoders.load(encoders.builtin()["colour"])
        self.dim, self.seen, self.name = self.inner.dim, 0, "counting"

    def encode_images(self, images: np.ndarray) -> np.ndarray:
        self.seen += len(images)
        return self.inner.encode_images(images)


class Cramped(Counting):
    """One whose memory holds `room` images."""

    def __init__(self, room: int, error: Exception) -> None:
        super().__init__()
        self.room, self.error = room, error

    def encode_images(self, images: np.ndarray) -> np.ndarray:
        if len(images) > self.room:
            raise self.error
        return super().encode_images(images)


def writer_in(folder: Path, dim: int) -> ShardWriter:
    return ShardWriter(folder, keys=np.arange(N), bounds=np.zeros((N, 4)), dim=dim, fingerprint="f")


def read(start: int, end: int) -> Pixels:
    return Pixels(IMAGES[start:end], np.ones((end - start, 32, 32), bool))


IMAGES = make_images(N)


def run(folder: Path, pace: Pace, read: Callable[[int, int], Pixels] = read) -> dict[str, bytes]:
    encoder = Counting()
    with writer_in(folder / "work", encoder.dim) as writer:
        embed(writer, encoder, SPANS, read, lambda pixels: {}, pace=pace)  # type: ignore[arg-type]
        writer.finish(folder / "shard", meta={})
    return content(folder / "shard")


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


def test_threads_change_no_byte(tmp_path: Path) -> None:
    def late(start: int, end: int) -> Pixels:
        time.sleep(np.random.default_rng(start).uniform(0, 0.01))
        return read(start, end)

    one = run(tmp_path / "one", Pace(readers=1, lanes=1, batch=8))
    assert run(tmp_path / "many", Pace(readers=4, lanes=3, batch=8), late) == one
    assert run(tmp_path / "larger", Pace(readers=4, lanes=2, batch=32), late) == one


def test_no_more_is_read_ahead_than_the_lanes_take(tmp_path: Path) -> None:
    encoder, read_so_far, furthest = Counting(), [0], [0]

    def noted(start: int, end: int) -> Pixels:
        read_so_far[0] += end - start
        return read(start, end)

    def slow() -> None:
        time.sleep(0.02)
        furthest[0] = max(furthest[0], read_so_far[0] - writer.done)

    with writer_in(tmp_path, encoder.dim) as writer:
        pace = Pace(readers=2, lanes=1, batch=4)
        embed(writer, encoder, SPANS, noted, lambda _: {}, pace=pace, on_batch=slow)  # type: ignore[arg-type]
    assert 0 < furthest[0] <= 8 * 4


def test_what_is_done_is_not_read_again(tmp_path: Path) -> None:
    encoder, starts = Counting(), list[int]()

    def noted(start: int, end: int) -> Pixels:
        starts.append(start)
        return read(start, end)

    with writer_in(tmp_path, encoder.dim) as writer:
        writer.append(encoder.encode_images(IMAGES[:8]), {})
        embed(writer, encoder, SPANS, noted, lambda _: {}, pace=Pace(1, 1, 8))  # type: ignore[arg-type]
    assert (writer.done, min(starts)) == (N, 8)


def test_a_tile_that_cannot_be_read_stops_it_and_what_came_before_is_kept(tmp_path: Path) -> None:
    def broken(start: int, end: int) -> Pixels:
        if start >= 40:
            raise OSError("gone")
        return read(start, end)

    encoder, others = Counting(), threading.active_count()  # of tests before this one
    with writer_in(tmp_path, encoder.dim) as writer:
        with pytest.raises(OSError, match="gone"):
            embed(writer, encoder, SPANS, broken, lambda _: {}, pace=Pace(2, 1, 4))  # type: ignore[arg-type]
        assert writer.done >= 24
    assert threading.active_count() <= others


def test_whoever_watches_may_stop_it(tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    encoder = Counting()
    with writer_in(tmp_path, encoder.dim) as writer:
        with pytest.raises(KeyboardInterrupt):
            embed(writer, encoder, SPANS, read, lambda _: {}, pace=Pace(2, 2, 8), on_batch=stop)  # type: ignore[arg-type]
        assert writer.done == 8


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")])
def test_too_little_memory_halves_the_batch(error: Exception) -> None:
    encoder = Cramped(5, error)
    found = Sparing(encoder)(IMAGES)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found, encoder.inner.encode_images(IMAGES))


def test_too_little_memory_for_one_image_says_what_to_do() -> None:
    with pytest.raises(OutOfMemory, match="choose a smaller encoder"):
        Sparing(Cramped(0, MemoryError()))(IMAGES[:2])  # type: ignore[arg-type]


def test_other_errors_are_not_taken_for_too_little_memory() -> None:
    with pytest.raises(RuntimeError, match="shape"):
        Sparing(Cramped(0, RuntimeError("wrong shape")))(IMAGES)  # type: ignore[arg-type]


def test_a_graphics_card_gets_larger_batches_and_two_lanes() -> None:
    assert pace_of(16, "cuda") == Pace(readers=16, lanes=2, batch=512)
    assert pace_of(64, "cpu").lanes == 8
