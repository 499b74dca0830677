"""Comparing every vector: exact, and at the speed of memory.

NumPy has no product of float16 with float32, so each block would have to be widened first: 250 ns for a vector of 512.
faiss widens in registers: 40 ns, without the GIL (docs/performance.md).
"""

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from ml.index.interface import Query, Vectors

_PER_NUMBER = 1.1e-4  # microseconds for each number of a vector
_PER_ROW = 2e-3  # microseconds for each row that is only looked up in the filter


class ExactScan:
    """vectors (n, dim) float16, in memory or mapped; they are not copied. Safe from many threads."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = np.ascontiguousarray(vectors)  # keeps the mapping alive; copies nothing that is contiguous
        self._index = faiss.IndexScalarQuantizer(
            vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        self._index.is_trained, self._index.ntotal = True, len(vectors)
        _show(self._index.codes, self._vectors)

    def cost(self, rows: int) -> float:
        """About how many microseconds comparing that many of the vectors takes on one core."""
        return rows * self._vectors.shape[1] * _PER_NUMBER + len(self._vectors) * _PER_ROW

    def nearest(self, query: Query, k: int, allowed: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """The k rows most like query (dim,) of unit length, among those allowed (n,), in no promised order."""
        faiss.omp_set_num_threads(1)  # of this thread; one query gains nothing from more
        chosen: Any = faiss.SearchParameters() if allowed is not None else None
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            chosen.sel = faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits))
        _, rows = self._index.search(query[None], k, params=chosen)
        found: NDArray[np.int64] = rows[0]
        return found[found >= 0]


def _show(codes: Any, vectors: Vectors) -> None:
    """Let faiss look at an array that is not its own, as its mapped indexes do (faiss/impl/maybe_owned_vector.h)."""
    if not vectors.size:
        return
    start = faiss.swig_ptr(vectors.reshape(-1).view(np.uint8))
    codes.is_owned = False
    codes.view_data = codes.c_ptr = start
    codes.view_size = codes.c_size = vectors.nbytes
