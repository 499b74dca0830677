"""Reading and searching a shard."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ml.errors import BadVectors, DamagedShard, MLError, ShardMismatch
from ml.index import ENGINES, SCAN, Proposals, Ranking, Settings, VectorIndex, Vectors
from ml.index.arithmetic import likeness, unit
from ml.shards import cut_short
from ml.shards.files import TILES, VECTORS, Signature, check_files, read_manifest, signature


class Shard:
    """A finished shard, open for reading by any number of threads. Use `Shard.open`.

    meta: shard.json; keys: (count,) int64, ascending; vectors: (count, dim) float16, memory-mapped.
    """

    def __init__(self, folder: Path, meta: dict[str, Any], ranking: Ranking) -> None:
        self.folder, self.meta = folder, meta
        self.count, self.dim = int(meta["count"]), int(meta["dim"])
        self._ranking: Ranking | None = ranking
        self._signature: Signature = {}
        self._columns: dict[str, NDArray[Any]] = {}
        self.keys: NDArray[np.int64] = self.column("key")

    @classmethod
    def open(cls, folder: Path, *, verify: bool | Literal["sizes"] = True) -> Self:
        """Check the folder against its shard.json (verify="sizes": sizes only; False: trust it), then map it.

        Raises DamagedShard for whatever is missing, changed or unreadable.
        """
        cut_short.survive()
        folder = Path(folder)
        meta = read_manifest(folder)
        before = signature(folder, meta)
        if verify:
            check_files(folder, meta, sums=verify != "sizes")
        shard = cls(folder, meta, Ranking(_open_vectors(folder, meta), *_open_index(folder, meta)))
        if len(shard.keys) != shard.count or not (np.diff(shard.keys) > 0).all():
            raise DamagedShard(folder, TILES, f"its keys are not {shard.count} ascending numbers")
        shard._signature = before
        return shard

    def untouched(self) -> bool:
        """Whether the files are still those that were opened: else a search's answer may be made of damaged ones."""
        return signature(self.folder, self.meta) == self._signature

    def column(self, name: str) -> NDArray[Any]:
        """A column of tiles.parquet as (count,) array, kept once read; raises KeyError for a name it does not have."""
        if name not in self._columns:
            self._columns |= _read_columns(self.folder, [name])
        return self._columns[name]

    def read(self, names: Iterable[str]) -> None:
        """Several columns at once, for `column`: the file is opened only once. KeyError as there."""
        missing = [name for name in dict.fromkeys(names) if name not in self._columns]
        if missing:
            self._columns |= _read_columns(self.folder, missing)

    @cached_property
    def columns(self) -> list[str]:
        """The names that `column` knows."""
        with _parquet(self.folder) as file:
            return list(file.schema_arrow.names)

    @property
    def vectors(self) -> Vectors:
        return self._open_ranking().vectors

    @property
    def engine(self) -> str:
        """ "annoy", "faiss", or "scan" where every vector is compared."""
        return index_of(self.meta)["engine"]

    @property
    def depth(self) -> float:
        """Proposals for each result asked for that an exact second look is taken at."""
        return float(index_of(self.meta).get("depth", 1))

    @property
    def recall(self) -> float:
        """Of the 50 nearest, the share that the index finds, as measured when it was built; 1 for a scan."""
        return float(index_of(self.meta)["recall"])

    def row_of(self, key: int) -> int | None:
        """The row of a tile, None when the shard does not have it."""
        row = int(np.searchsorted(self.keys, key))
        return row if row < self.count and self.keys[row] == key else None

    def vector(self, row: int) -> NDArray[np.float32]:
        """(dim,) float32, unit length."""
        return unit(self.vectors[row])

    def search(
        self,
        query: NDArray[np.floating],
        k: int,
        *,
        allowed: NDArray[np.bool_] | None = None,
        exact: bool = False,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The k rows most like query (dim,), best first, with their cosine likeness: (m,) int64, (m,) float32.

        allowed: (count,) bool; only these rows.  exact: compare every vector.  m is k, or all there are if fewer.
        """
        return self._open_ranking().search(self._checked(query), k, self._mask(allowed), exact=exact)

    def propose(
        self,
        query: NDArray[np.floating],
        k: int,
        *,
        allowed: NDArray[np.bool_] | None = None,
        exact: bool = False,
    ) -> Proposals:
        """As `search`, before the exact second look: for merging several shards first (ml.index.Ranking.propose)."""
        return self._open_ranking().propose(self._checked(query), k, self._mask(allowed), exact=exact)

    def likeness(self, query: NDArray[np.floating], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Cosine of query (dim,) with these rows: (m,)."""
        return np.clip(likeness(self.vectors, self._checked(query), rows), -1, 1)

    def _open_ranking(self) -> Ranking:
        """An own reference: close() in another thread cannot unmap its files."""
        if self._ranking is None:
            raise ShardMismatch(f"The shard {self.folder} has been closed: open it again.")
        return self._ranking

    def _mask(self, allowed: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
        if allowed is not None and allowed.shape != (self.count,):
            raise ShardMismatch(f"The filter has shape {allowed.shape}, the shard has {self.count} tiles.")
        return allowed

    def _checked(self, query: NDArray[np.floating]) -> NDArray[np.float32]:
        if query.shape != (self.dim,):
            raise BadVectors(f"The query has shape {query.shape}, this shard's encoder makes ({self.dim},).")
        return unit(query)

    def close(self) -> None:
        """Unmap the files, once searches that still run in other threads have ended."""
        self._ranking = None


def _open_vectors(folder: Path, meta: dict[str, Any]) -> Vectors:
    try:
        vectors: Vectors = np.load(folder / VECTORS, mmap_mode="r" if meta["count"] else None, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DamagedShard(folder, VECTORS, str(error)) from error
    if vectors.dtype != np.float16 or vectors.shape != (meta["count"], meta["dim"]):
        raise DamagedShard(folder, VECTORS, f"it holds {vectors.dtype} {vectors.shape}, not what shard.json says")
    return vectors


def index_of(meta: dict[str, Any]) -> dict[str, Any]:
    """What shard.json says about the index; a scan for shards without a usable one."""
    built: dict[str, Any] | None = meta["index"] if meta["format"] > 1 else None
    return built or {"engine": SCAN, "recall": 1.0}


def _open_index(folder: Path, meta: dict[str, Any]) -> tuple[VectorIndex | None, Settings | None]:
    built = index_of(meta)
    if built["engine"] == SCAN:
        return None, None
    if built["engine"] not in ENGINES:
        raise ShardMismatch(f"{folder} needs the engine {built['engine']!r}, which is not installed.")
    try:
        index = ENGINES[built["engine"]].open(folder, meta["count"], meta["dim"])
    except (MLError, OSError) as error:
        raise DamagedShard(folder, "its index", str(error)) from error
    return index, Settings(built["effort"], built["depth"])


def _parquet(folder: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(folder / TILES)
    except (OSError, pa.ArrowException) as error:
        raise DamagedShard(folder, TILES, str(error)) from error


def _read_columns(folder: Path, names: list[str]) -> dict[str, NDArray[Any]]:
    with _parquet(folder) as file:
        wrong = [name for name in names if name not in file.schema_arrow.names]
        if wrong:
            raise KeyError(f"{folder / TILES} has no column {wrong[0]!r}, only {', '.join(file.schema_arrow.names)}")
        try:
            table = file.read(names)
            return {name: table[name].to_numpy() for name in names}
        except (OSError, pa.ArrowException) as error:
            raise DamagedShard(folder, TILES, str(error)) from error
