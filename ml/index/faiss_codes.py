"""Engine "faiss": product quantisation with 4 bits for each projected number, compared in registers (fast scan).

H. Jegou et al., "Product quantization for nearest neighbor search", 2011; F. Andre et al., "Quicker ADC", 2019;
https://github.com/facebookresearch/faiss/wiki/Fast-accumulation-of-PQ-and-AQ-codes-(FastScan). A million vectors of 64
projected numbers are 32 MB and take 2 ms. Larger shards are split into cells, of which a query looks at some.
"""

import math
from pathlib import Path
from typing import ClassVar, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from ml.errors import MLError
from ml.index.arithmetic import widened
from ml.index.interface import BLOCK, Progress, Query, Vectors
from ml.index.projection import Projection

FILE = "index.faiss"
CELLS_FROM = 300_000  # vectors; below, a scan of all codes is as quick as one of some cells and misses nothing
_BITS = 4
_TRAINING = 100_000
_PER_NUMBER = 3.5e-5  # microseconds for each projected number of a vector whose codes are scanned
_PER_CENTRE = 1e-3  # and for each number of a cell's centre
_PER_RESULT = 0.7  # and for each row that is handed over and looked at again
_CALL = 30.0


class FaissCodes:
    """effort: cells that a query looks at; 0 where there are none and all codes are scanned."""

    engine: ClassVar[str] = "faiss"
    least: ClassVar[int] = 5_000

    def __init__(self, projection: Projection, index: "faiss.Index") -> None:
        self._projection, self._index = projection, index
        self._cells = index.nlist if isinstance(index, faiss.IndexIVF) else 0

    @property
    def efforts(self) -> tuple[int, ...]:
        steps = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
        return tuple(step for step in steps if step <= self._cells) if self._cells else (0,)

    @classmethod
    def build(cls, folder: Path, vectors: Vectors, progress: Progress) -> dict[str, object]:
        projection = Projection.fit(vectors)
        projection.save(folder)
        cells = 2 ** round(math.log2(math.sqrt(len(vectors)))) if len(vectors) >= CELLS_FROM else 0
        index = _empty(projection.width, cells)
        index.train(_projected(projection, vectors[:: max(1, len(vectors) // _TRAINING)]))
        for start in range(0, len(vectors), BLOCK):
            index.add(_projected(projection, vectors[start : start + BLOCK]))
            progress("index", min(start + BLOCK, len(vectors)), len(vectors))
        with (folder / FILE).open("wb") as file:  # by Python, so that a full disk is an OSError
            file.write(faiss.serialize_index(index).data)
        return {"cells": cells, "width": projection.width, "kept": round(projection.kept, 4)}

    @classmethod
    def open(cls, folder: Path, count: int, dim: int) -> Self:
        projection, path = Projection.open(folder, dim), folder / FILE
        try:
            index = faiss.read_index(str(path))
        except RuntimeError as error:
            raise MLError(f"{path} is not a faiss index: {error}") from error
        if index.ntotal != count or index.d != projection.width:
            raise MLError(
                f"{path} indexes {index.ntotal} vectors of {index.d} instead of {count} of {projection.width}"
            )
        return cls(projection, index)

    def cost(self, n: int, effort: int) -> float:
        share = effort / self._cells if self._cells else 1.0
        scanned = self._index.ntotal * share * self._projection.width * _PER_NUMBER
        return _CALL + scanned + self._cells * self._projection.width * _PER_CENTRE + n * _PER_RESULT

    def propose(self, query: Query, n: int, effort: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        faiss.omp_set_num_threads(1)  # of this thread
        chosen = faiss.SearchParametersIVF(nprobe=effort) if self._cells else None  # type: ignore[call-arg]
        scores, rows = self._index.search(self._projection(query)[None], n, params=chosen)
        found = rows[0] >= 0
        return rows[0][found], scores[0][found]


def _empty(width: int, cells: int) -> "faiss.Index":
    codes = f"PQ{width}x{_BITS}fs"
    return faiss.index_factory(width, f"IVF{cells},{codes}" if cells else codes, faiss.METRIC_INNER_PRODUCT)


def _projected(projection: Projection, vectors: Vectors) -> NDArray[np.float32]:
    return np.ascontiguousarray(projection(widened(np.ascontiguousarray(vectors))))
