"""Which class each candidate is in, and what share each class should have: the target of a balance in numbers."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadSelection
from ml.selection.balance import Shares
from ml.selection.columns import Columns
from ml.selection.recipe import Balance
from ml.selection.vectors import Doubles, Flags, Rows

MOST = 1000  # classes
_INNER = (1, 99)  # percentiles between which the bins of a number lie; the first and the last are open


def shares(asked: Balance, columns: Columns, allowed: Flags, rows: Rows, before: Rows) -> Shares:
    """Of the candidates `rows`; allowed: (n,) the tiles whose shares are the target "input".

    Tiles whose class is unknown are a class of their own for "input", and are left out otherwise.
    """
    codes, names = _codes(asked, columns, allowed)
    known = len(names)
    codes = np.where(codes < 0, known, codes)  # the last class: unknown
    there = np.bincount(codes[allowed], minlength=known + 1)
    _check(asked, names, there)
    unknown = int((codes[rows] == known).sum())
    if unknown and asked.target != "input":
        columns.notes.append(f"{unknown:,} tiles have no {asked.column}: the balance leaves them out.")
    counts = np.bincount(codes[before], minlength=known + 1)
    return Shares(codes[rows], _wanted(asked, names, there), counts.astype(np.int64), asked.strength)


def edges(numbers: Doubles, bins: int) -> Doubles:
    """(bins + 1,) of equal width between the 1st and 99th percentile of what is known."""
    known = numbers[np.isfinite(numbers)]
    low, high = np.percentile(known, _INNER) if len(known) else (0.0, 0.0)
    if low == high and len(known):
        low, high = known.min(), known.max()
    return np.linspace(low, high, bins + 1)


def _codes(asked: Balance, columns: Columns, allowed: Flags) -> tuple[Rows, list[str]]:
    if columns.is_text(asked.column):
        return columns.texts(asked.column)
    numbers = columns.numbers(asked.column, "A balance")
    if isinstance(asked.target, Mapping):
        raise BadSelection(f'{asked.column} holds numbers: its target is "uniform" or "input", not a share by name.')
    cuts = edges(numbers[allowed], asked.bins)
    found = np.searchsorted(cuts[1:-1], numbers, side="right")
    names = [f"{low:g} to {high:g}" for low, high in pairwise(cuts)]
    return np.where(np.isfinite(numbers), found, -1).astype(np.int64), names


def _check(asked: Balance, names: list[str], there: NDArray[np.integer]) -> None:
    several = int((there > 0).sum())
    if several < 2:
        raise BadSelection(f"All tiles have the same {asked.column}: balancing by it changes nothing. Leave it out.")
    if several > MOST:
        raise BadSelection(
            f"{asked.column} has {several:,} different values; a balance takes {MOST:,} at most. Choose another column."
        )
    if isinstance(asked.target, Mapping):
        unknown = [name for name in asked.target if name not in names]
        if unknown:
            known = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
            raise BadSelection(f"{asked.column} has no {', '.join(unknown)}. Known are: {known}.")


def _wanted(asked: Balance, names: list[str], there: NDArray[np.integer]) -> Doubles:
    if asked.target == "input":
        return np.asarray(there / there.sum())
    if isinstance(asked.target, Mapping):
        return np.array([*(asked.target.get(name, 0.0) for name in names), 0.0])
    found = (there > 0).astype(np.float64)
    found[-1] = 0
    return found / max(1.0, found.sum())
