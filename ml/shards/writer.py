"""Making a shard: tiles are appended as they are embedded, then the columns, the index and the manifest are written."""

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from ml import index as indexes
from ml.errors import BadVectors, ShardMismatch
from ml.index import tuning
from ml.shards.files import TILES, VECTORS, exclusive, fresh_sibling, publish, swap, write_manifest
from ml.shards.parts import Parts, plan_of
from ml.shards.reader import Shard

BOUNDS = ("west", "south", "east", "north")
RECALL_QUERIES, RECALL_SEED = 200, 0
_BLOCK = 8192


class ShardWriter:
    """Collects the tiles of one shard in the folder `work`, which survives kill -9 and a full disk.

    keys: (n,) int64, different from each other; bounds: (n, 4) float64 west, south, east, north, NaN where a tile has
    no place; names: file names of a gallery; columns: what the metrics that `append` brings depend on, their names for
    example.  Opening the same plan again continues at `done`; another plan, or parts that were damaged, start over.
    Raises ShardBusy while another process has the folder open.
    """

    def __init__(
        self,
        work: Path,
        *,
        keys: ArrayLike,
        bounds: ArrayLike,
        dim: int,
        fingerprint: str,
        names: Sequence[str] | None = None,
        columns: Sequence[str] = (),
    ) -> None:
        self._keys, self._bounds = np.asarray(keys, np.int64), np.asarray(bounds, np.float64)
        self._names, self._dim, self._fingerprint = None if names is None else list(names), dim, fingerprint
        self._check_plan()
        self._work = work
        work.mkdir(parents=True, exist_ok=True)
        self._lock = ExitStack()
        self._lock.enter_context(exclusive(work / "lock"))
        plan = plan_of(
            keys=self._keys, bounds=self._bounds, names=self._names, dim=dim, fp=fingerprint, columns=columns
        )
        self._parts = Parts(work, plan, dim)

    def _check_plan(self) -> None:
        n = len(self._keys)
        if self._keys.shape != (n,) or self._bounds.shape != (n, 4) or len(self._names or self._keys) != n:
            raise ShardMismatch(f"{n} keys need as many names and bounds (n, 4), not {self._bounds.shape}.")
        if len(np.unique(self._keys)) != n:
            raise ShardMismatch("Two tiles of the shard have the same key.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let another process have the work folder; what is done stays there."""
        self._lock.close()

    @property
    def total(self) -> int:
        return len(self._keys)

    @property
    def done(self) -> int:
        """Tiles already safe on disk: the next one to append is number `done`."""
        return self._parts.done

    def blank(self) -> list[int]:
        """Of the tiles already safe on disk, the positions of those that will be left out: nodata_share is 1."""
        if not self.done or "nodata_share" not in self._parts.columns:
            return []
        missing = self._parts.metrics()[:, self._parts.columns.index("nodata_share")]
        return np.flatnonzero(missing == 1).tolist()

    def append(self, vectors: NDArray[np.floating], metrics: Mapping[str, NDArray[np.floating]]) -> None:
        """Add the next m tiles and wait until they are on disk.

        vectors: (m, dim) unit length, anything where nodata_share is 1; metrics: name -> (m,).
        Raises BadVectors, ShardMismatch (wrong number, other metrics than before) and OSError when the disk is full.
        """
        columns, m = list(metrics), len(vectors)
        if self.done + m > self.total or (self.done and columns != self._parts.columns):
            raise ShardMismatch(f"{m} more tiles with {columns} do not fit {self.done} of {self.total} already done.")
        if any(np.shape(column) != (m,) for column in metrics.values()):
            raise ShardMismatch(f"Each metric must have one number for each of the {m} tiles.")
        table = np.column_stack([metrics[name] for name in columns]).astype(np.float32) if columns else np.empty((m, 0))
        self._parts.append(self._checked(vectors, metrics), table.astype(np.float32), columns)

    def _checked(self, vectors: NDArray[np.floating], metrics: Mapping[str, Any]) -> NDArray[np.float16]:
        if vectors.shape[1:] != (self._dim,):
            raise BadVectors(f"Vectors must be (m, {self._dim}), not {vectors.shape}: is this the shard's encoder?")
        blank = np.asarray(metrics.get("nodata_share", np.zeros(len(vectors)))) == 1
        result = np.where(blank[:, None], 0, vectors).astype(np.float32)
        if not (np.abs(np.linalg.norm(result[~blank], axis=1) - 1) < 1e-2).all():
            raise BadVectors("Vectors must have length 1: divide them by their length before appending.")
        return result.astype(np.float16)

    def finish(
        self,
        folder: Path,
        *,
        meta: Mapping[str, Any],
        engine: str = indexes.DEFAULT,
        on_progress: indexes.Progress | None = None,
    ) -> dict[str, Any]:
        """Write the shard whole into `folder`, which must not exist, remove the parts, return shard.json.

        Tiles with nodata_share 1 are left out.  engine: of the index, see ml.index.ENGINES.
        on_progress(stage, done, total) may raise to cancel.  Whatever is
        raised (OSError on a full disk) leaves the parts as they were and nothing in `folder`.
        """
        if self.done != self.total:
            raise ShardMismatch(f"{self.done} of {self.total} tiles are embedded: append the rest before finishing.")
        progress = on_progress or _ignore
        with fresh_sibling(folder) as fresh:
            rows = self._rows()
            self._write_tiles(fresh / TILES, rows)
            self._write_vectors(fresh / VECTORS, rows, progress)
            summary = {**meta, "fingerprint": self._fingerprint, "dim": self._dim, "count": len(rows)}
            manifest = _complete(fresh, summary, engine, progress)
            publish(fresh, folder)
        self.close()
        shutil.rmtree(self._work)
        return manifest

    def _rows(self) -> NDArray[np.int64]:
        """Positions of the tiles to keep, in order of key."""
        order = np.argsort(self._keys)
        if "nodata_share" not in self._parts.columns:
            return order
        missing = self._parts.metrics()[:, self._parts.columns.index("nodata_share")]
        return order[missing[order] < 1]

    def _write_tiles(self, path: Path, rows: NDArray[np.int64]) -> None:
        columns: dict[str, Any] = {"key": self._keys[rows]}
        columns |= {name: pa.array(self._bounds[rows, i], from_pandas=True) for i, name in enumerate(BOUNDS)}
        if self._names is not None:
            columns["name"] = pa.array([self._names[row] for row in rows], pa.string())
        table = self._parts.metrics()
        columns |= {name: pa.array(table[rows, i], from_pandas=True) for i, name in enumerate(self._parts.columns)}
        pq.write_table(pa.table(columns), path, compression="zstd")

    def _write_vectors(self, path: Path, rows: NDArray[np.int64], progress: indexes.Progress) -> None:
        """Written, not mapped: a full disk must raise OSError, not end the process by a signal."""
        vectors = self._parts.vectors()
        header = {"descr": "<f2", "fortran_order": False, "shape": (len(rows), self._dim)}
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, len(rows), _BLOCK):
                file.write(vectors[rows[start : start + _BLOCK]].tobytes())
                progress("vectors", min(start + _BLOCK, len(rows)), len(rows))


def rebuild_index(
    folder: Path, *, engine: str | None = None, on_progress: indexes.Progress | None = None
) -> dict[str, Any]:
    """Build the index of a finished shard again, whole beside it, then swap; returns the new shard.json.

    engine: another one than the shard has; one that a small shard has no use for may be named too.
    """
    shard = Shard.open(folder)
    summary = {key: value for key, value in shard.meta.items() if key not in ("files", "index", "sha256", "format")}
    chosen = engine or (shard.engine if shard.engine != indexes.SCAN else indexes.DEFAULT)
    with fresh_sibling(folder) as fresh:
        for name in (TILES, VECTORS):
            os.link(folder / name, fresh / name)
        manifest = _complete(fresh, summary, chosen, on_progress or _ignore)
        swap(fresh, folder)
    return manifest


def _complete(folder: Path, summary: dict[str, Any], engine: str, progress: indexes.Progress) -> dict[str, Any]:
    """Add the index, where there is use for one, and shard.json to a folder that has the other two."""
    if engine not in indexes.ENGINES:
        raise ShardMismatch(f"There is no engine {engine!r}: use {', '.join(indexes.ENGINES)}.")
    if not summary["count"]:
        return write_manifest(folder, {**summary, "index": None})
    if summary["count"] < indexes.ENGINES[engine].least:
        return write_manifest(folder, {**summary, "index": {"engine": indexes.SCAN, "recall": 1.0}})
    vectors = np.asarray(np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False))
    return write_manifest(folder, {**summary, "index": _build_index(folder, vectors, engine, progress)})


def _build_index(folder: Path, vectors: indexes.Vectors, engine: str, progress: indexes.Progress) -> dict[str, Any]:
    """Writes the index's files; returns how it was built, how it must be asked, and the recall that this gives."""
    built = indexes.ENGINES[engine].build(folder, vectors, progress)
    progress("recall", 0, 2)
    index = indexes.ENGINES[engine].open(folder, len(vectors), vectors.shape[1])
    settings = tuning.tuned(index, vectors)
    progress("recall", 1, 2)
    found = tuning.measured(indexes.Ranking(vectors, index, settings), queries=RECALL_QUERIES, seed=RECALL_SEED)
    progress("recall", 2, 2)
    measured = {"queries": RECALL_QUERIES, "k": indexes.TUNED_K, "seed": RECALL_SEED, "tiles": len(vectors)}
    return {
        "engine": engine, **built, **settings._asdict(), "target": tuning.TARGET, "recall": round(found, 4),
        "measured_on": measured,
    }  # fmt: skip


def _ignore(stage: str, done: int, total: int) -> None:
    """Progress that nobody asked for."""
