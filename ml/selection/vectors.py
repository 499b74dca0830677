"""Vectors wherever they lie: an array, a memory map, or a class of the caller's around several files."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadSelection

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]
Progress = Callable[[str, int, int], None]  # stage, done, total; may raise, to stop
BLOCK = 4096  # rows that are read at once


class Vectors(Protocol):
    """(n, dim) numbers of any length but 0. [rows] is asked with slices and with int64 rows that ascend."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> Any: ...

    def __getitem__(self, rows: Any, /) -> Any: ...


def silent(stage: str, done: int, total: int) -> None:
    """For whom progress does not matter."""


def unit(vectors: Vectors, rows: Rows) -> Floats:
    """(m, dim) of length 1, in the order of rows. The rows must be usable."""
    order = np.argsort(rows, kind="stable")
    found = np.empty((len(rows), vectors.shape[1]), np.float32)
    for start in range(0, len(rows), BLOCK):
        here = order[start : start + BLOCK]
        some = np.asarray(vectors[rows[here]], np.float32)
        found[here] = some / np.sqrt(np.einsum("ij,ij->i", some, some))[:, None]
    return found


def blocks(vectors: Vectors, rows: Rows, most: int = BLOCK) -> Iterator[tuple[slice, Floats]]:
    """`unit` piece by piece: where each lies among rows, and (m, dim)."""
    for start in range(0, len(rows), most):
        here = slice(start, min(start + most, len(rows)))
        yield here, unit(vectors, rows[here])


def usable(vectors: Vectors, allowed: Flags | None = None, on_progress: Progress = silent) -> Flags:
    """Which of the allowed rows have a direction: finite and not all 0. (n,) bool.

    BadSelection when there are none, or when these are no vectors.
    """
    if len(vectors.shape) != 2 or 0 in vectors.shape:
        raise BadSelection("There are no vectors to choose from: embed the tiles first.")
    n = vectors.shape[0]
    if allowed is not None and allowed.shape != (n,):
        raise BadSelection(f"{n:,} vectors need {n:,} flags of what is allowed, not {allowed.shape}.")
    found = np.ones(n, bool) if allowed is None else allowed.copy()
    for start in range(0, n, BLOCK):
        here = slice(start, min(start + BLOCK, n))
        if found[here].any():
            found[here] &= _directed(vectors[here])
            on_progress("reading", here.stop, n)
    return found


def directed(vectors: Vectors, rows: Rows) -> Flags:
    """Which of some rows, which ascend, have a direction: (m,)."""
    return _directed(vectors[rows]) if len(rows) else np.zeros(0, bool)


def _directed(some: Any) -> Flags:
    wide = np.asarray(some, np.float32)
    length = np.einsum("ij,ij->i", wide, wide)
    return np.asarray(np.isfinite(length) & (length > 0))
