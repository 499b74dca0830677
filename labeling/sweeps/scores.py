"""The files of a sweep, memory-mapped.

    <product>-<date>-L<level>.npy        (n,) scores, in the order of the shard's rows
    <product>-<date>-L<level>.keys.npy   (n,) int64, the tiles' keys, ascending
    <product>-<date>-L<level>.order.npy  (m,) uint32, rows of the tiles in the sweep's area, the best first

They say all that there is to say about the part: the shard may be built anew, or be deleted, and the sweep stays.
"""

import os
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from labeling.errors import NoSuchSweep
from labeling.models import Campaign, Sweep, SweepPart
from ml.shards.files import sync


@dataclass(frozen=True)
class Scores:
    """Of one part.  keys: (n,) int64 ascending.  values: (n,) probabilities.  order: (m,) rows, the best first."""

    part: SweepPart
    keys: np.ndarray
    values: np.ndarray
    order: np.ndarray

    def between(self, least: float = 0.0, most: float = 1.0) -> np.ndarray:
        """Rows whose score is from least to most, the best first: a piece of `order`, not read yet."""
        first = bisect_left(self.order, -most, key=lambda row: -float(self.values[row]))
        end = bisect_right(self.order, -least, key=lambda row: -float(self.values[row]))
        return self.order[first:end]

    def rows_of(self, wanted: np.ndarray) -> np.ndarray:
        """Rows of those of some keys (ascending) that the part has, ascending."""
        if not len(self.keys) or not len(wanted):
            return np.empty(0, np.int64)
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        found: np.ndarray = at[self.keys[at] == wanted]
        return found


def opened(part: SweepPart) -> Scores:
    """NoSuchSweep when its files are gone."""
    return Scores(part, mapped(beside(part.path, "keys")), mapped(part.path), mapped(beside(part.path, "order")))


def ready(sweep: Sweep) -> list[SweepPart]:
    """Its finished parts, in the order of their tiles' keys."""
    parts = list(sweep.parts.ready().order_by("product", "day", "level"))
    for part in parts:
        part.sweep = sweep
    return parts


def beside(path: Path, what: str) -> Path:
    return path.with_suffix(f".{what}.npy")


def mapped(path: Path) -> np.ndarray:
    try:
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:  # nothing can be mapped of an empty array
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise NoSuchSweep(f"The scores in {path.name} are gone: start a new sweep.") from error
    return array


def store(path: Path, array: np.ndarray) -> None:
    """Whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync(path.parent)


def best_first(values: np.ndarray, allowed: np.ndarray | None) -> np.ndarray:
    """(n,) scores and (n,) bool, or None for all -> (m,) uint32 rows; equal scores in the order of the rows."""
    rows = np.arange(len(values), dtype=np.uint32) if allowed is None else np.flatnonzero(allowed).astype(np.uint32)
    ordered: np.ndarray = rows[np.argsort(-values[rows].astype(np.float32), kind="stable")]
    return ordered


def labelled_keys(campaign: Campaign, **chosen: Any) -> np.ndarray:
    """(m,) int64, ascending: tiles of the campaign that have a label.  chosen: which of its cards."""
    found = campaign.cards.filter(label__isnull=False, **chosen).order_by("key").values_list("key", flat=True)
    return np.fromiter(found, np.int64)
