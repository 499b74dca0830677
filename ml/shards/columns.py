"""Other columns for a finished shard: measured tile by tile, then written beside it. Its vectors stay as they are."""

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from ml.errors import ShardMismatch
from ml.shards.files import TILES, exclusive, fresh_sibling, publish, write_manifest
from ml.shards.parts import Parts, plan_of
from ml.shards.reader import Shard


class Measured:
    """Collects columns of tiles in the folder `work`, which survives kill -9 and a full disk, as ShardWriter does.

    keys: (n,) int64 of the tiles that will be measured, in that order; more than the shard has may be among them.
    about: whatever must be the same for an earlier beginning to be continued.  Raises ShardBusy.
    """

    def __init__(self, work: Path, *, keys: ArrayLike, columns: Sequence[str], about: str) -> None:
        self._keys, self._columns, self._work = np.asarray(keys, np.int64), list(columns), work
        work.mkdir(parents=True, exist_ok=True)
        self._lock = ExitStack()
        self._lock.enter_context(exclusive(work / "lock"))
        nowhere = np.empty((0, 4))
        plan = plan_of(keys=self._keys, bounds=nowhere, names=None, dim=0, fp=about, columns=self._columns)
        self._parts = Parts(work, plan, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.close()

    @property
    def total(self) -> int:
        return len(self._keys)

    @property
    def done(self) -> int:
        """Tiles already safe on disk."""
        return self._parts.done

    def append(self, metrics: Mapping[str, NDArray[np.floating]]) -> None:
        """Add the next m tiles, (m,) each of the columns, and wait until they are on disk."""
        if sorted(metrics) != sorted(self._columns):
            raise ShardMismatch(f"The columns {', '.join(metrics)} are not {', '.join(self._columns)}.")
        table = np.column_stack([metrics[name] for name in self._columns]).astype(np.float32)
        if self.done + len(table) > self.total:
            raise ShardMismatch(f"{len(table)} more tiles do not fit {self.done} of {self.total} already done.")
        self._parts.append(np.empty((len(table), 0), np.float16), table, self._columns)

    def finish(self, shard: Shard, folder: Path, *, meta: Mapping[str, Any]) -> dict[str, Any]:
        """Write `shard` whole into `folder`, which must not exist, with these columns; returns its shard.json.

        The caller removes what is left: the old folder, and the work folder once it is left.  meta: changed in
        shard.json.  Columns that were not measured stay.  Raises ShardMismatch when a tile of the shard was not among
        those measured; whatever is raised (OSError on a full disk) leaves nothing in `folder`.
        """
        if self.done != self.total:
            raise ShardMismatch(f"{self.done} of {self.total} tiles are measured: append the rest before finishing.")
        table = self._joined(shard)
        with fresh_sibling(folder) as fresh:
            for name in shard.meta["files"]:
                if name != TILES:
                    os.link(shard.folder / name, fresh / name)
            pq.write_table(table, fresh / TILES, compression="zstd")
            kept = {name: value for name, value in shard.meta.items() if name not in ("files", "sha256", "format")}
            kept["index"] = kept["index"] if shard.meta["format"] > 1 else None  # format 1's is not used any more
            manifest = write_manifest(fresh, {**kept, **meta})
            publish(fresh, folder)
        return manifest

    def _joined(self, shard: Shard) -> pa.Table:
        """The shard's table with the measured columns in the place of older ones, in its order of rows."""
        order = np.argsort(self._keys)
        at = np.minimum(np.searchsorted(self._keys, shard.keys, sorter=order), max(self.total - 1, 0))
        rows = order[at] if self.total else at
        if shard.count and (not self.total or not (self._keys[rows] == shard.keys).all()):
            raise ShardMismatch(f"{shard.folder} has tiles that its imagery does not have: build it again.")
        measured = self._parts.metrics() if self.total else np.empty((0, len(self._columns)), np.float32)
        table = pq.read_table(shard.folder / TILES)
        for number, name in enumerate(self._columns):
            column = pa.array(measured[rows, number], from_pandas=True)
            at_column = table.schema.get_field_index(name)
            table = table.append_column(name, column) if at_column < 0 else table.set_column(at_column, name, column)
        return table
