"""Which tiles show the same ground: on whatever date, of whatever product, in squares that are equal or nested.

A tile of the half-tile offset grid counts as the four squares of the plain grid that it touches. A gallery's pictures
show nothing but themselves.
"""

import numpy as np

from search import keys
from search.models import Dataset

CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))


def groups(dataset: Dataset, packed: np.ndarray) -> np.ndarray:
    """(n,) tile keys -> (n,) int64: tiles of one number may show the same ground, those of two numbers do not (but for
    the rims of offset tiles). What is learnt on one number may be measured on another."""
    if dataset.kind == Dataset.Kind.GALLERY or not len(packed):
        return packed
    level, row, col = (keys.part_of_many(packed, part) for part in ("level", "row", "col"))
    steps = level - level.min()
    return row >> steps << keys.WIDTHS["col"] | col >> steps


def touching(dataset: Dataset, packed: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(n,) bool: which of the tiles (n,) show ground that one of the others (m,) shows too."""
    if not len(packed) or not len(others):
        return np.zeros(len(packed), bool)
    if dataset.kind == Dataset.Kind.GALLERY:
        return np.isin(packed, others)
    owner, mine = squares(packed)
    _, theirs = squares(others)
    found = np.zeros(len(packed), bool)
    for level in np.unique(keys.part_of_many(theirs, "level")):  # theirs hold mine
        found[owner[np.isin(above(mine, level), theirs[keys.part_of_many(theirs, "level") == level])]] = True
    for level in np.unique(keys.part_of_many(mine, "level")):  # mine hold theirs
        found[owner[np.isin(mine, above(theirs, level))]] = True
    return found


def squares(packed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) keys -> (m,) which of them, (m,) the squares of the plain grid that it touches, as keys of no scene."""
    level, row, col, offset = (keys.part_of_many(packed, part) for part in ("level", "row", "col", "offset"))
    owners, found = [], []
    for down, right in CORNERS:
        mine = np.flatnonzero((offset == 1) | (down + right == 0))
        owners.append(mine)
        found.append(place(level[mine], row[mine] + down, col[mine] + right))
    return np.concatenate(owners), np.concatenate(found)


def place(level: np.ndarray, row: np.ndarray, col: np.ndarray) -> np.ndarray:
    found: np.ndarray = level << keys.SHIFTS["level"] | row << keys.SHIFTS["row"] | col
    return found


def above(packed: np.ndarray, level: int) -> np.ndarray:
    """The squares of a level that hold these; 0 for larger ones."""
    return keys.ancestors_of_many(packed, int(level))
