"""The sweep over one file of vectors: every row scored, block by block, at about the speed of reading it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ml.classify.classifier import Classifier, Floats
from ml.errors import BadVectors
from ml.index.arithmetic import widened
from ml.shards.files import sync

BLOCK = 65_536  # rows between two calls of on_block: what an interrupted sweep loses at most
_STRIDE = 4096  # rows that a network looks at together: its units stay in the processor's cache
_LOWEST = -3e38
_HEADER = 128  # bytes of a .npy file's header, for arrays of one dimension


class Rows(Protocol):
    """Vectors that can be sliced: a memory-mapped .npy, or anything that joins several when asked."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> NDArray[Any]: ...


def score(
    classifier: Classifier,
    vectors: Rows,
    out: Path,
    *,
    start: int | None = None,
    on_block: Callable[[int], None] | None = None,
) -> int:
    """Write the probability of each of vectors (n, d) to out, a .npy of n float32; returns how many rows were scored.

    Rows are written to a file beside out, which gets its name when whole. A call that was interrupted, by a signal or
    by what on_block(rows done) raises, goes on at the end of its last block when it is repeated with an equal
    classifier; start: keep only so many rows of it, 0 for none.  Raises BadVectors.
    """
    part = out.with_name(f".{out.name}.{classifier.version}.part")
    count = len(vectors)
    with _opened(part, count) as file:
        first = done = min(_written(file, count), count if start is None else start)
        file.seek(_HEADER + 4 * done)
        file.truncate()
        for scores in sweep(classifier, vectors, done):
            file.write(scores.tobytes())
            file.flush()
            done += len(scores)
            if on_block:
                on_block(done)
    sync(part)
    part.replace(out)
    sync(out.parent)
    return count - first


def sweep(classifier: Classifier, vectors: Rows, start: int = 0) -> Iterator[Floats]:
    """The probabilities of the rows from start on, a BLOCK at a time; raises BadVectors for what is not finite."""
    logits = _Dot(classifier) if classifier.is_linear else _network
    for first in range(start, len(vectors), BLOCK):
        block = vectors[first : first + BLOCK]
        if block.shape[1] != classifier.dim:
            raise BadVectors(f"The vectors have {block.shape[1]} numbers, this classifier looks at {classifier.dim}.")
        found = logits(classifier, block)
        if not np.isfinite(found).all():
            raise BadVectors(f"A vector from row {first} on is infinite or not a number: build its shard again.")
        yield classifier.probabilities(found)


def histogram(scores: NDArray[np.floating], bins: int = 200) -> NDArray[np.int64]:
    """How many of the scores (n,) lie in each of equal bins over 0 to 1: (bins,). The last one holds its upper end."""
    counts = np.zeros(bins, np.int64)
    for first in range(0, len(scores), BLOCK):
        some = np.clip((scores[first : first + BLOCK] * np.float32(bins)).astype(np.int64), 0, bins - 1)
        counts += np.bincount(some, minlength=bins)
    return counts


def _opened(part: Path, count: int) -> Any:
    """The file of an interrupted sweep over as many rows, or a new one with its header."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count},), }}".ljust(_HEADER - 11) + "\n"
    begin = b"\x93NUMPY\x01\x00" + (_HEADER - 10).to_bytes(2, "little") + header.encode()
    if not part.exists():
        part.write_bytes(begin)
    file = part.open("r+b")
    if file.read(_HEADER) != begin:
        file.seek(0)
        file.truncate()
        file.write(begin)
        file.flush()
    return file


def _written(file: Any, count: int) -> int:
    """Rows in whole blocks; all of them when the last, shorter one is whole too.

    After a power cut a file may have its length before its content, which then is zeros; no probability is 0.
    """
    rows = int((os.fstat(file.fileno()).st_size - _HEADER) // 4)
    rows = count if rows >= count else rows // BLOCK * BLOCK
    file.seek(_HEADER)
    empty = np.flatnonzero(np.fromfile(file, "<f4", rows) == 0)
    return int(empty[0]) // BLOCK * BLOCK if len(empty) else rows


def _network(classifier: Classifier, block: NDArray[Any]) -> Floats:
    parts = (block[first : first + _STRIDE] for first in range(0, len(block), _STRIDE))
    return np.concatenate([classifier.raw(_wide(part)) for part in parts])


def _wide(block: NDArray[Any]) -> Floats:
    """(m, d) float32.  What is not finite in float16 becomes large instead, which `widened` cannot help."""
    if block.dtype != np.float16:
        return np.asarray(block, np.float32)
    wide = widened(np.ascontiguousarray(block))
    return np.where(np.abs(wide) > 65504, np.float32("nan"), wide) if np.abs(wide).max() > 65504 else wide


class _Dot:
    """The linear head. faiss widens float16 in registers, so that the product costs little more than reading does."""

    def __init__(self, classifier: Classifier) -> None:
        import faiss

        self._faiss: Any = faiss
        self._weight = np.ascontiguousarray(classifier.weights["weight"])
        self._quantizer = self._faiss.ScalarQuantizer(classifier.dim, faiss.ScalarQuantizer.QT_fp16)
        self._flat = faiss.IndexFlatIP(classifier.dim)  # asked for, though nothing is quantized coarsely
        self._scanner = self._quantizer.select_InvertedListScanner(
            faiss.METRIC_INNER_PRODUCT, self._flat, True, None, False
        )
        self._scanner.set_query(faiss.swig_ptr(self._weight))
        self._scanner.set_list(0, 0.0)

    def __call__(self, classifier: Classifier, block: NDArray[Any]) -> Floats:
        """(m,) logits of block (m, d); NaN where the vector is not finite."""
        if block.dtype != np.float16 or not len(block):
            return classifier.raw(np.asarray(block, np.float32))
        codes, found = np.ascontiguousarray(block), self._faiss.RangeSearchResult(1)
        partial = self._faiss.RangeSearchPartialResult(found)
        bytes_of = self._faiss.swig_ptr(codes.reshape(-1).view(np.uint8))
        self._scanner.scan_codes_range(len(codes), bytes_of, None, _LOWEST, partial.new_result(0))
        partial.finalize()
        rows = int(self._faiss.rev_swig_ptr(found.lims, 2)[1])
        if rows != len(codes):  # NaN is not above the lowest number
            return np.full(len(codes), np.nan, np.float32)
        products: Floats = self._faiss.rev_swig_ptr(found.distances, rows)
        return np.asarray(products + classifier.weights["bias"])
