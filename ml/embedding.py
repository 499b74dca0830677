"""The one way from pixels to a shard's vectors, for python -m ml.embed and for the site.

Three things happen at once: `readers` decode the next batches, `lanes` run the encoder, and a writer puts the batch
before on disk. What waits between them is bounded, so memory stays flat however long the archive is; what is written,
and in which order, does not depend on the number of threads.
"""

import hashlib
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.encoders.base import Encoder
from ml.encoders.runtime import find_device
from ml.errors import OutOfMemory
from ml.shards import ShardWriter

log = logging.getLogger(__name__)
Images = NDArray[np.uint8]
Vectors = NDArray[np.float32]
Columns = Mapping[str, NDArray[np.floating]]
Span = tuple[int, int]
_REMEMBERED = 256  # vectors kept between batches
_MOST_LANES = 8  # calls of an encoder at once: each needs memory of its own
_MEMORY = ("out of memory", "not enough memory", "failed to allocate", "bad allocation", "bad_alloc")


@dataclass(frozen=True)
class Pixels:
    """tiles: (n, size, size, bands) uint8.  valid: (n, size, size) bool, False where there is no data.

    columns: what was measured of the tiles, (n,) each, where their reader did so.
    """

    tiles: Images
    valid: NDArray[np.bool_]
    columns: Columns | None = None


class Pace(NamedTuple):
    """readers: threads that decode.  lanes: calls of the encoder at once.  batch: tiles encoded and stored together."""

    readers: int = 2
    lanes: int = 1
    batch: int = 64


def pace_of(cores: int, device: str | None = None) -> Pace:
    """For so many cores: on the CPU a lane a core, which beats one call on all of them; a GPU is kept fed by two."""
    if (device or find_device()) == "cuda":
        return Pace(readers=cores, lanes=2, batch=512)
    return Pace(readers=cores, lanes=min(cores, _MOST_LANES), batch=64)


def embed(
    writer: ShardWriter,
    encoder: Encoder,
    spans: Iterable[Span],
    read: Callable[[int, int], Pixels],
    measure: Callable[[Pixels], Columns],
    *,
    pace: Pace,
    on_batch: Callable[[], None] | None = None,
) -> None:
    """Append to the writer what it lacks of the tiles in `spans`, [start, end) in order.

    read(start, end) is called in threads, measure(pixels) in one other, on_batch() in the caller's after every batch
    that is on disk; it may raise to stop, which loses the few batches that are on their way.
    """
    left = (span for span in spans if span[0] >= writer.done)
    with _threads(1) as writing, closing(encoded(encoder, left, read, pace)) as batches:
        storing: Future[None] | None = None
        for pixels, vectors in batches:
            _stored(storing, on_batch)
            storing = writing.submit(_store, writer, vectors, pixels, measure)
        _stored(storing, on_batch)


def encoded(
    encoder: Encoder, spans: Iterable[Span], read: Callable[[int, int], Pixels], pace: Pace
) -> Generator[tuple[Pixels, Vectors]]:
    """Batches of tiles, in order, with their vectors; those after it are read and encoded meanwhile.

    Until it is through, linear algebra in this process has one thread a call: several wait busily for the cores that
    the others work on (a fifth of all processor time with the default encoder).
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    one = threadpool_limits(1, user_api="blas")
    with one, _threads(pace.readers) as reading, _threads(pace.lanes) as encoding:
        encode = EncodeOnce(encoder, encoding)
        waiting: deque[tuple[Pixels, Callable[[], Vectors]]] = deque()
        for batch in _grouped(_in_order(reading, partial(_digested, read), spans, pace), pace.batch):
            waiting.append((batch.pixels, encode.begin(batch.pixels.tiles, batch.digests)))
            if len(waiting) > pace.lanes:
                pixels, vectors = waiting.popleft()
                yield pixels, vectors()
        for pixels, vectors in waiting:
            yield pixels, vectors()


def _store(writer: ShardWriter, vectors: Vectors, pixels: Pixels, measure: Callable[[Pixels], Columns]) -> None:
    writer.append(vectors, measure(pixels))


def _stored(storing: "Future[None] | None", on_batch: Callable[[], None] | None) -> None:
    """Wait until the batch is on disk; raises what went wrong with it."""
    if storing is not None:
        storing.result()
        if on_batch:
            on_batch()


class _Read(NamedTuple):
    pixels: Pixels
    digests: list[bytes]


def _digested(read: Callable[[int, int], Pixels], span: Span) -> _Read:
    pixels = read(*span)
    return _Read(pixels, [_digest(tile) for tile in pixels.tiles])


def _in_order(threads: Executor, work: Callable[[Span], _Read], spans: Iterable[Span], pace: Pace) -> Iterator[_Read]:
    """What work makes of each span, in their order; as many tiles are read ahead as all lanes take, and one more."""
    waiting: deque[tuple[int, Future[_Read]]] = deque()
    ahead, most = 0, pace.batch * (pace.lanes + 1)
    for span in spans:
        waiting.append((span[1] - span[0], threads.submit(work, span)))
        ahead += waiting[-1][0]
        while ahead > most and len(waiting) > pace.readers:
            tiles, found = waiting.popleft()
            ahead -= tiles
            yield found.result()
    while waiting:
        yield waiting.popleft()[1].result()


def _grouped(parts: Iterable[_Read], batch: int) -> Iterator[_Read]:
    """Parts side by side until the next would make more than a batch."""
    held: list[_Read] = []
    for part in parts:
        if held and sum(len(one.digests) for one in held) + len(part.digests) > batch:
            yield _together(held)
            held = []
        held.append(part)
    if held:
        yield _together(held)


def _together(parts: list[_Read]) -> _Read:
    if len(parts) == 1:
        return parts[0]
    found = [part.pixels for part in parts]
    tiles, valid = np.concatenate([one.tiles for one in found]), np.concatenate([one.valid for one in found])
    columns = [one.columns for one in found if one.columns is not None]
    merged = {name: np.concatenate([some[name] for some in columns]) for name in columns[0]} if columns else None
    return _Read(Pixels(tiles, valid, merged), [digest for part in parts for digest in part.digests])


class EncodeOnce:
    """Callable: (n, h, w, bands) uint8 -> (n, dim) float32; remembers the images it met last. For one caller's thread.

    The ocean of Blue Marble is one tile, thousands of times over.
    """

    def __init__(self, encoder: Encoder, threads: Executor | None = None) -> None:
        """threads: where the encoder is to run, else in the caller's."""
        self._dim, self._encode, self._threads = encoder.dim, Sparing(encoder), threads
        self._known: OrderedDict[bytes, _Found] = OrderedDict()

    def __call__(self, images: Images) -> Vectors:
        return self.begin(images, [_digest(image) for image in images])()

    def begin(self, images: Images, digests: list[bytes]) -> Callable[[], Vectors]:
        """Have those encoded that are new; returns what waits for the vectors of all, (n, dim)."""
        fresh = {digest: i for i, digest in enumerate(digests) if digest not in self._known}
        chosen = images if len(fresh) == len(images) else images[list(fresh.values())]
        if len(chosen):
            found = self._start(chosen)
            self._known |= {digest: _Found(found, row) for row, digest in enumerate(fresh)}
        rows = [self._known[digest] for digest in digests]
        self._forget(digests)
        return partial(self._gathered, rows)

    def _start(self, images: Images) -> "Future[Vectors]":
        if self._threads is not None:
            return self._threads.submit(self._encode, images)
        done: Future[Vectors] = Future()
        done.set_result(self._encode(images))
        return done

    def _gathered(self, rows: "list[_Found]") -> Vectors:
        return np.array([row.vector() for row in rows], np.float32).reshape(len(rows), self._dim)

    def _forget(self, recent: list[bytes]) -> None:
        for digest in dict.fromkeys(recent):
            self._known.move_to_end(digest)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


class _Found:
    """One image's vector: a row of a batch, and once that was looked at a copy, so that the batch need not stay."""

    def __init__(self, batch: "Future[Vectors]", row: int) -> None:
        self._batch: Future[Vectors] | None = batch
        self._row, self._vector = row, np.empty(0, np.float32)

    def vector(self) -> Vectors:
        if self._batch is not None:
            self._vector = self._batch.result()[self._row].copy()
            self._batch = None
        return self._vector


class Sparing:
    """Callable as EncodeOnce; where the memory does not suffice for a batch it goes on with halves, from then on."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder, self._most = encoder, 0  # 0: as many as come

    def __call__(self, images: Images) -> Vectors:
        done: list[Vectors] = []
        while (start := sum(map(len, done))) < len(images):
            some = images[start : start + (self._most or len(images))]
            try:
                done.append(self._encoder.encode_images(some))
            except (MemoryError, RuntimeError) as error:  # torch tells of memory by a kind of RuntimeError
                self._halve(len(some), error)
        return np.concatenate(done) if done else np.empty((0, self._encoder.dim), np.float32)

    def _halve(self, tried: int, error: Exception) -> None:
        if not (isinstance(error, MemoryError) or any(text in str(error).lower() for text in _MEMORY)):
            raise error
        if tried < 2:
            raise OutOfMemory(
                f"There is not enough memory to run {self._encoder.name} on even one image. Free some, for example by "
                "ending what else runs, or choose a smaller encoder."
            ) from error
        self._most = max(1, tried // 2)
        log.warning("Not enough memory for %d images at once: %d from here on.", tried, self._most)


def encode_batches(encoder: Encoder, batches: Iterable[Images]) -> Iterator[Vectors]:
    """For each batch of images (m, h, w, bands) uint8 its vectors (m, dim) float32; identical ones are encoded once."""
    return map(EncodeOnce(encoder), batches)


@contextmanager
def _threads(count: int) -> Iterator[Executor]:
    """What is still waiting when the block is left is dropped."""
    pool = ThreadPoolExecutor(count)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _digest(image: Images) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16).digest()
