"""The 64-bit tile key: dataset, product, day, level, row and column in one signed integer.

From the top: sign 0 | dataset 9 | product 6 | day 16 | offset grid 1 | level 4 | row 13 | column 14.
Sorting keys sorts tiles by dataset, product, day, level, row, column, so a shard is one range of keys.
The day counts from 1 = 1900-01-01; 0 means undated ("static"). A gallery image is (level 0, number): the
number's upper bits are the row, its lower 14 the column. docs/decisions/005-tile-key.md says why these widths.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from search.errors import BadKey

WIDTHS = {"dataset": 9, "product": 6, "day": 16, "offset": 1, "level": 4, "row": 13, "col": 14}
SHIFTS = {name: sum(list(WIDTHS.values())[i + 1 :]) for i, name in enumerate(WIDTHS)}
LIMITS = {name: 1 << width for name, width in WIDTHS.items()}
EPOCH = date(1900, 1, 1)
STATIC = "static"
IMAGES = LIMITS["row"] * LIMITS["col"]  # images one gallery product holds: 134 million


@dataclass(frozen=True, order=True, slots=True)
class TileAddress:
    dataset: int
    product: int
    day: int
    level: int
    row: int
    col: int
    offset: int = 0

    def pack(self) -> int:
        """The key; BadKey when a part does not fit its bits."""
        key = 0
        for name, limit in LIMITS.items():
            value = getattr(self, name)
            if not 0 <= value < limit:
                raise BadKey(f"A tile's {name} is {value}; it must be from 0 to {limit - 1}.")
            key |= value << SHIFTS[name]
        return key

    @property
    def number(self) -> int:
        """The image's number, when this is a gallery's tile."""
        return image_number(self.row, self.col)


def unpack(key: int) -> TileAddress:
    if not 0 < key < 1 << 63:
        raise BadKey(f"{key} is not a tile key: keys are whole numbers from 1 to 2^63 - 1.")
    return TileAddress(**{name: key >> SHIFTS[name] & (LIMITS[name] - 1) for name in WIDTHS})


def parse(text: str) -> TileAddress:
    """The address behind a key as it travels in JSON and addresses: a decimal string."""
    if not (isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= 19):
        raise BadKey(f"{str(text)[:40]!r} is not a tile key: a key is a decimal number written as a string.")
    return unpack(int(text))


def pack_many(first: TileAddress, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """Keys of the tiles (rows[i], cols[i]) that share everything else with `first`.

    rows, cols: (n,) integers, already known to exist.  Returns (n,) int64.
    """
    base = TileAddress(first.dataset, first.product, first.day, first.level, 0, 0, first.offset).pack()
    return base | rows.astype(np.int64) << SHIFTS["row"] | cols.astype(np.int64)


def part_of_many(packed: np.ndarray, name: str) -> np.ndarray:
    """(n,) int64 keys -> (n,) one part of each: "row", "col", "level" …"""
    part: np.ndarray = packed >> SHIFTS[name] & (LIMITS[name] - 1)
    return part


def ancestor(key: int, level: int) -> int:
    """The tile of the same scene at a coarser level whose square holds this tile's; itself at its own."""
    return int(ancestors_of_many(np.array([key]), level)[0])


def ancestors_of_many(packed: np.ndarray, level: int) -> np.ndarray:
    """(n,) keys -> (n,) keys of the tiles of a level that hold them (or are them); 0 for larger tiles.

    Tiles of the half-tile offset grid lie in no other tile of theirs: 0.
    """
    own, row, col, offset = (part_of_many(packed, name) for name in ("level", "row", "col", "offset"))
    steps = np.maximum(own - level, 0)
    scene = packed >> SHIFTS["offset"] << SHIFTS["offset"]
    place = level << SHIFTS["level"] | row >> steps << SHIFTS["row"] | col >> steps
    found: np.ndarray = np.where((own == level) | (own > level) & (offset == 0), scene | place, 0)
    return found


def image_number(row: int, col: int) -> int:
    return row << WIDTHS["col"] | col


def image_address(dataset: int, product: int, day: int, number: int) -> TileAddress:
    if not 0 <= number < IMAGES:
        raise BadKey(f"Image number {number} is out of range: a gallery product holds {IMAGES} images.")
    return TileAddress(dataset, product, day, 0, number >> WIDTHS["col"], number & LIMITS["col"] - 1)


def day_of(when: date | None) -> int:
    """Days since 1900-01-01 plus 1; 0 for undated."""
    if when is None:
        return 0
    day = (when - EPOCH).days + 1
    if not 0 < day < LIMITS["day"]:
        raise BadKey(f"The date {when} is out of range: from {EPOCH} to {date_of(LIMITS['day'] - 1)}.")
    return day


def date_of(day: int) -> date | None:
    return EPOCH + timedelta(days=day - 1) if day else None


@lru_cache(maxsize=4096)
def written(day: int) -> str:
    """The day as addresses write it: ISO date, or "static"."""
    when = date_of(day)
    return when.isoformat() if when else STATIC


def read_day(text: str) -> int:
    if text == STATIC:
        return 0
    try:
        return day_of(date.fromisoformat(text))
    except ValueError as error:
        raise BadKey(f"{text[:40]!r} is not a date: write YYYY-MM-DD, or {STATIC}.") from error
