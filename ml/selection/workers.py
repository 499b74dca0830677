"""The same work on several pieces at once. What comes out does not depend on how many threads there are: pieces are
cut the same way, and linear algebra has one thread in each (with several, products differ in their last bits)."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Piece = TypeVar("Piece")
Made = TypeVar("Made")
_MOST = 8


def threads() -> int:
    """As many as this process has cores, 8 at most; OMP_NUM_THREADS where it says fewer."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, _MOST, int(told) if told.isdigit() else _MOST))


def side_by_side(work: Callable[[Piece], Made], pieces: Sequence[Piece]) -> Iterator[Made]:
    """What work makes of each piece, in their order, as it gets done. Who stops listening stops the rest."""
    several = min(threads(), len(pieces))
    if several < 2:
        yield from map(work, pieces)
        return
    with ThreadPoolExecutor(several) as pool:
        waiting = [pool.submit(work, piece) for piece in pieces]
        try:
            for one in waiting:
                yield one.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Linear algebra in this process has one thread a call: our own threads share the cores."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1, user_api="blas"):
        yield


def rows_beside(columns: int) -> int:
    """How many rows a block of so many columns may have, to take no more than 64 MB as float32."""
    return max(16, min(4096, (16 << 20) // max(1, columns)))


def pieces(count: int, most: int) -> list[slice]:
    return [slice(start, min(start + most, count)) for start in range(0, count, most)]
