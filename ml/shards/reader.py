"""Reading and searching a shard."""

from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ml import index as indexes
from ml.errors import BadVectors, DamagedShard, MLError, ShardMismatch
from ml.index import VectorIndex, Vectors
from ml.shards.files import INDEX, TILES, VECTORS, check_files, read_manifest

_SPARE = 10  # proposals beyond k, for what Annoy's rounding puts in the wrong order


class Shard:
    """A finished shard, open for reading by any number of threads. Use `Shard.open`.

    meta: shard.json; keys: (count,) int64, ascending; vectors: (count, dim) float16, memory-mapped.
    """

    def __init__(self, folder: Path, meta: dict[str, Any], vectors: Vectors, index: VectorIndex | None) -> None:
        self.folder, self.meta = folder, meta
        self.count, self.dim = int(meta["count"]), int(meta["dim"])
        self._vectors: Vectors | None = vectors
        self._index = index
        self._columns: dict[str, NDArray[Any]] = {}
        self.keys: NDArray[np.int64] = self.column("key")

    @classmethod
    def open(cls, folder: Path, *, verify: bool | Literal["sizes"] = True) -> Self:
        """Check the folder against its shard.json (verify="sizes": sizes only; False: trust it), then map it.

        Raises DamagedShard for whatever is missing, changed or unreadable.
        """
        folder = Path(folder)
        meta = read_manifest(folder)
        if verify:
            check_files(folder, meta, sums=verify != "sizes")
        shard = cls(folder, meta, _open_vectors(folder, meta), _open_index(folder, meta))
        if len(shard.keys) != shard.count or not (np.diff(shard.keys) > 0).all():
            raise DamagedShard(folder, TILES, f"its keys are not {shard.count} ascending numbers")
        return shard

    def column(self, name: str) -> NDArray[Any]:
        """A column of tiles.parquet as (count,) array, kept once read; raises KeyError for a name it does not have."""
        if name not in self._columns:
            self._columns[name] = _read_column(self.folder, name)
        return self._columns[name]

    @property
    def columns(self) -> list[str]:
        """The names that `column` knows."""
        with _parquet(self.folder) as file:
            return list(file.schema_arrow.names)

    @property
    def vectors(self) -> Vectors:
        if self._vectors is None:
            raise ShardMismatch(f"The shard {self.folder} has been closed: open it again.")
        return self._vectors

    def row_of(self, key: int) -> int | None:
        """The row of a tile, None when the shard does not have it."""
        row = int(np.searchsorted(self.keys, key))
        return row if row < self.count and self.keys[row] == key else None

    def vector(self, row: int) -> NDArray[np.float32]:
        """(dim,) float32, unit length."""
        return indexes.unit(self.vectors[row])

    def search(
        self, query: NDArray[np.floating], k: int, *, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The k rows most like query (dim,), best first, with their cosine likeness: (m,) int64, (m,) float32.

        allowed: (count,) bool; only these rows.  m is k, or all there are if fewer.  Annoy proposes, float32 products
        with the float16 vectors decide; where a scan costs less, or Annoy brings too few, all of them are ranked.
        """
        vectors, index = self.vectors, self._index  # own references: close() in another thread cannot unmap them
        query = self._checked(query)
        if allowed is not None and allowed.shape != (self.count,):
            raise ShardMismatch(f"The filter has shape {allowed.shape}, the shard has {self.count} tiles.")
        available = self.count if allowed is None else int(allowed.sum())
        k = min(k, available)
        if k <= 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        rows = _candidates(index, query, k, self.count, allowed)
        scores = indexes.scan(vectors, query, rows)
        top = indexes.best(scores, k)
        return (top if rows is None else rows[top]), np.clip(scores[top], -1, 1)

    def _checked(self, query: NDArray[np.floating]) -> NDArray[np.float32]:
        if query.shape != (self.dim,):
            raise BadVectors(f"The query has shape {query.shape}, this shard's encoder makes ({self.dim},).")
        return indexes.unit(query)

    def close(self) -> None:
        """Unmap the files, once searches that still run in other threads have ended."""
        self._vectors = self._index = None


def _candidates(
    index: VectorIndex | None, query: NDArray[np.float32], k: int, count: int, allowed: NDArray[np.bool_] | None
) -> NDArray[np.int64] | None:
    """Rows to rank exactly, None for all: what the index proposes, unless a scan costs less or it brings too few."""
    available = count if allowed is None else int(allowed.sum())
    fetch = k + _SPARE if allowed is None else int(1.5 * (k + _SPARE) * count / available)
    if index is not None and index.cost(fetch) < available:
        rows = np.sort(index.query(query, fetch))
        rows = rows if allowed is None else rows[allowed[rows]]
        if len(rows) >= k:
            return rows
    return None if allowed is None else np.flatnonzero(allowed)


def _open_vectors(folder: Path, meta: dict[str, Any]) -> Vectors:
    try:
        vectors: Vectors = np.load(folder / VECTORS, mmap_mode="r" if meta["count"] else None, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DamagedShard(folder, VECTORS, str(error)) from error
    if vectors.dtype != np.float16 or vectors.shape != (meta["count"], meta["dim"]):
        raise DamagedShard(folder, VECTORS, f"it holds {vectors.dtype} {vectors.shape}, not what shard.json says")
    return vectors


def _open_index(folder: Path, meta: dict[str, Any]) -> VectorIndex | None:
    """None for an empty shard."""
    built = meta["index"]
    if built is None:
        return None
    if built["engine"] not in indexes.ENGINES:
        raise ShardMismatch(f"{folder} needs the engine {built['engine']!r}, which is not installed.")
    chosen = indexes.IndexParameters(built["trees"], built["effort"], built["floor"])
    try:
        return indexes.ENGINES[built["engine"]].open(folder / INDEX, meta["count"], meta["dim"], chosen)
    except (MLError, OSError) as error:
        raise DamagedShard(folder, INDEX, str(error)) from error


def _parquet(folder: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(folder / TILES)
    except (OSError, pa.ArrowException) as error:
        raise DamagedShard(folder, TILES, str(error)) from error


def _read_column(folder: Path, name: str) -> NDArray[Any]:
    with _parquet(folder) as file:
        if name not in file.schema_arrow.names:
            raise KeyError(f"{folder / TILES} has no column {name!r}, only {', '.join(file.schema_arrow.names)}")
        try:
            column: NDArray[Any] = file.read([name]).column(0).to_numpy()
        except (OSError, pa.ArrowException) as error:
            raise DamagedShard(folder, TILES, str(error)) from error
    return column
