"""All tiles of a dataset as one table: the rows of its finished shards, one shard after the other.

A row of a frame is known by its position, from 0. The fingerprint says which shards it is made of: whoever holds
positions (a browser, a file of points) shows it, and gets StaleFrame once a shard was built anew.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ml.shards import Shard as Columns
from search import library
from search.errors import NotIndexed, StaleFrame
from search.models import Dataset, Shard

BLOCK = 1 << 16  # rows


@dataclass(frozen=True)
class Part:
    """One shard of a frame, whose rows are start to start + columns.count of it."""

    shard: Shard
    columns: Columns
    start: int

    @property
    def rows(self) -> slice:
        return slice(self.start, self.start + self.columns.count)


class Frame:
    """keys: (n,) int64, in the frame's order.  dim: of the vectors."""

    def __init__(self, dataset: Dataset, opened: Sequence[tuple[Shard, Columns]]) -> None:
        self.dataset = dataset
        starts = np.cumsum([0, *(columns.count for _, columns in opened)]).tolist()
        self.parts = [Part(shard, columns, start) for (shard, columns), start in zip(opened, starts, strict=False)]
        self.count: int = starts[-1]
        self.dim = opened[0][1].dim if opened else 0
        told = "\n".join(shard.folder for shard, _ in opened)
        self.fingerprint = hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def keys(self) -> np.ndarray:
        return np.concatenate([part.columns.keys for part in self.parts]) if self.parts else np.empty(0, np.int64)

    def column(self, name: str) -> np.ndarray:
        """(n,) float32 of the shards' own columns; NaN where a shard does not have it."""
        found = np.full(self.count, np.nan, np.float32)
        for part in self.parts:
            if name in part.columns.columns:
                found[part.rows] = part.columns.column(name)
        return found

    def vectors(self, rows: np.ndarray | None = None) -> np.ndarray:
        """(m, dim) float16 of these rows, which ascend; of all for None. In memory: ask for blocks of a large frame."""
        if rows is None:
            return np.concatenate([part.columns.vectors[:] for part in self.parts])
        found = np.empty((len(rows), self.dim), np.float16)
        for part in self.parts:
            first, end = np.searchsorted(rows, (part.start, part.start + part.columns.count))
            found[first:end] = part.columns.vectors[rows[first:end] - part.start]
        return found

    def blocks(self, rows: np.ndarray | None = None, most: int = BLOCK) -> Iterator[tuple[slice, np.ndarray]]:
        """The vectors of `vectors(rows)` piece by piece: where each lies among them, and (m, dim) float16."""
        count = self.count if rows is None else len(rows)
        for start in range(0, count, most):
            end = min(start + most, count)
            yield slice(start, end), self.vectors(np.arange(start, end) if rows is None else rows[start:end])

    def rows_of(self, wanted: np.ndarray) -> np.ndarray:
        """Positions of some keys, ascending; keys that the frame does not have are left out."""
        parts = [np.empty(0, np.int64)]
        for part in self.parts:
            if part.columns.count and len(wanted):
                at = np.minimum(np.searchsorted(part.columns.keys, wanted), part.columns.count - 1)
                parts.append(np.unique(at[part.columns.keys[at] == wanted]) + part.start)
        return np.concatenate(parts)

    def check(self, fingerprint: str) -> None:
        """StaleFrame when the positions somebody holds are those of another frame."""
        if fingerprint != self.fingerprint:
            raise StaleFrame("The tiles of this dataset have been indexed anew. Reload the page and choose again.")


def opened(dataset: Dataset) -> Frame:
    """All finished shards of the dataset's encoder, in the order of their keys; damaged ones are left out.

    NotIndexed when there is none.
    """
    rows = Shard.objects.of(dataset).searchable().order_by("scene__product__number", "scene__day", "level", "pk")
    shards = list(rows)
    pairs = list(zip(shards, library.opened_all(shards), strict=True))
    readable = [(shard, columns) for shard, columns in pairs if columns is not None and columns.count]
    if not readable:
        raise NotIndexed(f"{dataset.name} has no finished shard yet: wait until it is indexed, then come again.")
    return Frame(dataset, readable)


def packed(mask: np.ndarray) -> bytes:
    """(n,) bool -> one bit a row, the lowest first."""
    return np.packbits(mask, bitorder="little").tobytes()


def unpacked(bits: bytes, count: int) -> np.ndarray:
    """The reverse: (count,) bool; bits that are missing are 0."""
    found = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")[:count].astype(bool)
    return np.pad(found, (0, count - len(found)))
