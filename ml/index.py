"""Indexes that propose the rows nearest to a vector; the exact ranking is the shard's business (shards/reader.py).

`python -m ml.index SHARD` builds a shard's index again and measures it, or asks it for the lookalikes of an image.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol, Self

import numpy as np
from annoy import AnnoyIndex as _Annoy
from numpy.typing import NDArray

from ml.errors import BadVectors, MLError

Progress = Callable[[str, int, int], None]  # stage, done, total
Vectors = NDArray[np.float16]  # (n, dim), unit length
SEED = 20040801
_NODES_PER_ROW = 5  # Annoy looks at as many in the time that a scan takes for a row (docs/benchmarks/annoy.md)
_BLOCK = 512  # rows turned into float32 at once


class IndexParameters(NamedTuple):
    """trees: how many to build; a query looks at `effort` nodes per result asked for, at least at `floor`."""

    trees: int
    effort: int
    floor: int

    def search_k(self, k: int) -> int:
        return max(self.floor, self.effort * k)


class VectorIndex(Protocol):
    """An approximate index in one file. Rows are positions in vectors.npy."""

    engine: str

    @classmethod
    def build(cls, path: Path, vectors: Vectors, parameters: IndexParameters, progress: Progress) -> None:
        """Write the index of vectors (n, dim), unit length, to path; the same input gives the same bytes."""

    @classmethod
    def open(cls, path: Path, count: int, dim: int, parameters: IndexParameters) -> Self:
        """Raises MLError when the file is not such an index of count vectors."""

    def cost(self, k: int) -> int:
        """How many rows could be scanned in the time that a query for k takes."""

    def query(self, vector: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """Up to k rows, probably the nearest to vector (dim,), in no promised order. Safe from many threads."""


class AnnoyIndex:
    """Spotify's Annoy, angular distance, one thread and a fixed seed so that a build can be repeated."""

    engine = "annoy"

    def __init__(self, annoy: _Annoy, parameters: IndexParameters) -> None:
        self._annoy, self._parameters = annoy, parameters

    @classmethod
    def build(cls, path: Path, vectors: Vectors, parameters: IndexParameters, progress: Progress) -> None:
        annoy = _Annoy(vectors.shape[1], "angular")
        annoy.set_seed(SEED)
        for start in range(0, len(vectors), _BLOCK):
            for row, vector in enumerate(vectors[start : start + _BLOCK].astype(np.float32), start):
                annoy.add_item(row, vector)
            progress("index", min(start + _BLOCK, len(vectors)), len(vectors))
        annoy.build(parameters.trees, n_jobs=1)
        annoy.save(str(path))

    @classmethod
    def open(cls, path: Path, count: int, dim: int, parameters: IndexParameters) -> Self:
        annoy = _Annoy(dim, "angular")
        try:
            annoy.load(str(path))
        except OSError as error:
            raise MLError(f"{path} is not an Annoy index of {dim} dimensions: {error}") from error
        if annoy.get_n_items() != count:
            raise MLError(f"{path} indexes {annoy.get_n_items()} vectors instead of {count}")
        return cls(annoy, parameters)

    def cost(self, k: int) -> int:
        return self._parameters.search_k(k) // _NODES_PER_ROW

    def query(self, vector: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        return np.array(self._annoy.get_nns_by_vector(vector, k, self._parameters.search_k(k)), np.int64)


ENGINES: dict[str, type[VectorIndex]] = {AnnoyIndex.engine: AnnoyIndex}


def parameters(n: int, dim: int, *, trees: int | None = None) -> IndexParameters:
    """What reaches a recall of 0.98 at k = 50 and 0.95 at k = 1,000; measured in docs/benchmarks/annoy.md."""
    return IndexParameters(trees=trees or 25, effort=80, floor=8000)


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """(…, dim) -> the same at length 1; raises BadVectors for one that is zero, infinite or NaN."""
    wide: NDArray[np.float32] = np.asarray(vectors, np.float32)
    length = np.linalg.norm(wide, axis=-1, keepdims=True)
    if not np.isfinite(length).all() or not (length > 0).all():
        raise BadVectors("A vector is zero, infinite or not a number, so it points nowhere: check the input image.")
    return np.asarray(wide / length)


def scan(vectors: Vectors, query: NDArray[np.float32], rows: NDArray[np.int64] | None) -> NDArray[np.float32]:
    """Cosine of query (dim,), unit length, with all vectors (n, dim) or with these rows of them, in float32.

    Small blocks stay in the processor's cache; einsum, because BLAS would start threads and wait for busy cores.
    """
    total = len(vectors) if rows is None else len(rows)
    scores = np.empty(total, np.float32)
    for start in range(0, total, _BLOCK):
        block = slice(start, start + _BLOCK)
        chosen = widened(vectors[block] if rows is None else vectors[rows[block]])
        length = np.sqrt(np.einsum("nd,nd->n", chosen, chosen))  # float16 is only nearly unit
        scores[block] = np.einsum("nd,d->n", chosen, query) / length
    return scores


def widened(halves: NDArray[np.float16]) -> NDArray[np.float32]:
    """Finite float16 -> float32, exactly, six times faster than astype.

    Both keep sign, exponent and fraction in this order; what differs is their places and the exponent's bias (112).
    """
    bits = halves.view(np.int16).astype(np.int32) << 13
    bits &= np.int32(-0x70002000)  # the sign, and the 15 other bits of the half in their new place
    return bits.view(np.float32) * np.float32(2.0**112)


def best(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Positions of the k highest scores, best first; equal scores in order of position."""
    if k < len(scores):
        cut = np.partition(scores, len(scores) - k)[len(scores) - k]
        candidates = np.flatnonzero(scores >= cut)
    else:
        candidates = np.arange(len(scores))
    return candidates[np.lexsort((candidates, -scores[candidates]))][:k]


def recall(index: VectorIndex, vectors: Vectors, *, queries: int = 200, k: int = 50, seed: int = 0) -> float:
    """Share of the index's k proposals that are as good as the true k nearest, over rows drawn at random as queries.

    By score, not by row: where hundreds of tiles are identical (ocean), any of them is right.
    """
    k = min(k, len(vectors))
    rows = np.random.default_rng(seed).choice(len(vectors), min(queries, len(vectors)), replace=False)
    hits = 0
    for row in np.sort(rows):
        query = unit(vectors[row])
        scores = scan(vectors, query, None)
        cut = np.partition(scores, len(scores) - k)[len(scores) - k]
        hits += int((scores[index.query(query, k)] >= cut - 2e-6).sum())  # float32 adds up in another order there
    return hits / (len(rows) * k)


if __name__ == "__main__":
    from ml import command, index_command

    command.run(index_command.main)
