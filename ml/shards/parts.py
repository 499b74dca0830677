"""The unfinished shard: what has been embedded so far, kept so that a killed worker loses one batch at most.

Two files grow batch by batch, `vectors.part` (float16 rows) and `metrics.part` (float32 rows). After each batch has
reached the disk, `progress.json` says how many rows count and their CRC-32. What lies beyond is cut off on resume.
"""

import hashlib
import json
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.shards.files import write_json

_CHUNK = 1 << 22


class Parts:
    """The part files of one plan: keys, bounds, names, dim and fingerprint, columns. Another plan starts over."""

    def __init__(self, work: Path, plan: str, dim: int) -> None:
        self._vectors, self._metrics, self._progress = (
            work / "vectors.part",
            work / "metrics.part",
            work / "progress.json",
        )
        self._plan, self._dim = plan, dim
        self.done, self.columns, self._sums = self._resume() or (0, [], [0, 0])
        self._truncate()

    def append(self, vectors: NDArray[np.float16], metrics: NDArray[np.float32], columns: list[str]) -> None:
        """Add rows (m, dim) and (m, len(columns)); they count only once progress.json says so."""
        done, blocks = (
            self.done + len(vectors),
            [np.ascontiguousarray(vectors).tobytes(), np.ascontiguousarray(metrics).tobytes()],
        )
        try:
            for path, block in zip((self._vectors, self._metrics), blocks, strict=True):
                _write(path, block)
            sums = [zlib.crc32(block, old) for block, old in zip(blocks, self._sums, strict=True)]
            state = {"plan": self._plan, "done": done, "columns": columns, "crc32": sums}
            write_json(self._progress, state)
        except OSError:
            self._truncate()  # a full disk: forget the half batch, keep the rest
            raise
        self.done, self.columns, self._sums = done, columns, sums

    def vectors(self) -> NDArray[np.float16]:
        """(done, dim) float16, memory-mapped."""
        return self._map(self._vectors, np.float16, self._dim)

    def metrics(self) -> NDArray[np.float32]:
        """(done, len(columns)) float32, memory-mapped."""
        return self._map(self._metrics, np.float32, len(self.columns))

    def _map(self, path: Path, dtype: type[np.generic], width: int) -> NDArray[Any]:
        if not self.done * width:
            return np.empty((self.done, width), dtype)
        return np.memmap(path, dtype, "r", shape=(self.done, width))

    def _sizes(self) -> tuple[int, int]:
        return self.done * self._dim * 2, self.done * len(self.columns) * 4

    def _resume(self) -> tuple[int, list[str], list[int]] | None:
        """What progress.json promises, if the part files hold it; None starts over."""
        try:
            state = json.loads(self._progress.read_bytes())
            if state["plan"] != self._plan:
                return None
            self.done, self.columns = state["done"], state["columns"]
            sums = [_crc32(p, n) for p, n in zip((self._vectors, self._metrics), self._sizes(), strict=True)]
        except (FileNotFoundError, ValueError, KeyError, TypeError, EOFError):
            return None
        return (self.done, self.columns, sums) if sums == state["crc32"] else None

    def _truncate(self) -> None:
        for path, size in zip((self._vectors, self._metrics), self._sizes(), strict=True):
            with path.open("ab") as file:
                file.truncate(size)


def plan_of(
    *, keys: NDArray[np.int64], bounds: NDArray[np.float64], names: list[str] | None, dim: int, fp: str,
    columns: Sequence[str] = (),
) -> str:  # fmt: skip
    """A digest of everything that must be the same for parts to be continued."""
    digest = hashlib.sha256(json.dumps([dim, fp, names, *([list(columns)] if columns else [])]).encode())
    digest.update(np.ascontiguousarray(keys).tobytes())
    digest.update(np.ascontiguousarray(bounds).tobytes())
    return digest.hexdigest()


def _write(path: Path, block: bytes) -> None:
    with path.open("ab") as file:
        file.write(block)
        file.flush()
        os.fsync(file.fileno())


def _crc32(path: Path, size: int) -> int:
    """CRC-32 of the first `size` bytes; raises EOFError when there are fewer."""
    value = 0
    with path.open("rb") as file:
        while size:
            chunk = file.read(min(size, _CHUNK))
            if not chunk:
                raise EOFError(path)
            value, size = zlib.crc32(chunk, value), size - len(chunk)
    return value
