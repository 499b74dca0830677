"""What every engine offers."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Progress = Callable[[str, int, int], None]  # stage, done, total
Vectors = NDArray[np.float16]  # (n, dim), unit length
Query = NDArray[np.float32]  # (dim,), unit length
BLOCK = 8192  # rows handled at once while building


class VectorIndex(Protocol):
    """An approximate index in a shard's folder. Rows are positions in vectors.npy. Safe from many threads.

    engine: its name in shard.json.  least: shards of fewer vectors are compared one by one instead, which is as quick.
    efforts: how hard a query may look, from the least to the most; what the numbers mean is the engine's business.
    """

    engine: ClassVar[str]
    least: ClassVar[int]

    @property
    def efforts(self) -> tuple[int, ...]: ...

    @classmethod
    def build(cls, folder: Path, vectors: Vectors, progress: Progress) -> dict[str, object]:
        """Write the index's files into folder; returns what shard.json should say about it.

        The same vectors give the same bytes.
        """

    @classmethod
    def open(cls, folder: Path, count: int, dim: int) -> Self:
        """Raises MLError when the files are not such an index of count vectors."""

    def cost(self, n: int, effort: int) -> float:
        """About how many microseconds a query takes on one core (docs/performance.md)."""

    def propose(self, query: Query, n: int, effort: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Up to n rows, probably the nearest, in no promised order, with about their likeness: (m,), (m,)."""
