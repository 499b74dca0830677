"""The packed cache: every tile decoded once, uint8, in one memory-mapped file that training draws rows of.

A folder with pixels.npy (n, size, size, bands), places.npy (n,) int64, cells.npy (n, 3) int32 and cache.json. It is
written beside its final place and renamed, so that a folder of this name is whole.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadTraining

MANIFEST = "cache.json"
Pixels = NDArray[np.uint8]
Stretch = list[list[float]]


@dataclass(frozen=True)
class Cache:
    """places: tiles of one number show one place on several dates; -1 unknown.

    cells: level, row and column on a grid, -1 unknown: tiles that touch are neighbours.  digest: of the pixels.
    stretch: of each band the raw values that became 0 and 255; None where they were 8 bits already.  refused: file ->
    why it is not here.  names: of each tile, where its source tells.  labels: class numbers, -1 none; may be None.
    """

    folder: Path
    pixels: Pixels
    places: NDArray[np.int64]
    cells: NDArray[np.int32]
    digest: str
    source: str = ""
    stretch: Stretch | None = None
    refused: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def size(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def bands(self) -> int:
        return int(self.pixels.shape[3])

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Raises BadTraining when the folder is no whole cache."""
        try:
            facts = json.loads((folder / MANIFEST).read_bytes())
            pixels = np.load(folder / "pixels.npy", mmap_mode="r")
            places, cells = np.load(folder / "places.npy"), np.load(folder / "cells.npy")
            if not pixels.shape[0] == len(places) == len(cells) == facts["count"]:
                raise ValueError("its files do not fit each other")
            return cls(
                folder, pixels, places, cells, facts["digest"], facts["source"], facts["stretch"], facts["refused"],
                facts["names"],
            )  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadTraining(f"{folder} is not a whole cache of images ({error}): delete it and pack anew.") from error


class CacheWriter:
    """Fill a cache of at most `total` tiles, then `finish`; left before that, nothing remains."""

    def __init__(self, folder: Path, *, size: int, bands: int, total: int) -> None:
        self.folder, self.total, self.count = folder, total, 0
        self._work = folder.with_name(f".{folder.name}.work")
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir(parents=True)
        shape = (max(total, 1), size, size, bands)
        self._pixels = np.lib.format.open_memmap(self._work / "pixels.npy", "w+", np.uint8, shape)
        self._places, self._cells = np.full(total, -1, np.int64), np.full((total, 3), -1, np.int32)
        self._names: list[str] = []
        self._refused: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        shutil.rmtree(self._work, ignore_errors=True)

    def append(
        self,
        images: Pixels,
        places: NDArray[np.integer] | None = None,
        cells: NDArray[np.integer] | None = None,
        names: list[str] | None = None,
    ) -> None:
        """images: (m, size, size, bands); places: (m,); cells: (m, 3)."""
        rows = slice(self.count, self.count + len(images))
        self._pixels[rows] = images
        if places is not None:
            self._places[rows] = places
        if cells is not None:
            self._cells[rows] = cells
        self._names += names or []
        self.count += len(images)

    def refuse(self, name: str, reason: str) -> None:
        self._refused[name] = reason

    def finish(self, *, source: str = "", stretch: Stretch | None = None) -> Cache:
        self._pixels.flush()
        if self.count < self.total:
            self._shorten()
        np.save(self._work / "places.npy", self._places[: self.count])
        np.save(self._work / "cells.npy", self._cells[: self.count])
        facts: dict[str, Any] = {
            "count": self.count, "digest": self._digest(), "source": source, "stretch": stretch,
            "refused": self._refused, "names": self._names,
        }  # fmt: skip
        (self._work / MANIFEST).write_text(json.dumps(facts), encoding="utf-8")
        shutil.rmtree(self.folder, ignore_errors=True)
        self._work.replace(self.folder)
        return Cache.open(self.folder)

    def _shorten(self) -> None:
        """Write the file anew with the tiles that came."""
        some, shape = self._work / "some.npy", (self.count, *self._pixels.shape[1:])
        kept = np.lib.format.open_memmap(some, "w+", np.uint8, (max(self.count, 1), *shape[1:]))
        for start in range(0, self.count, 1024):
            kept[start : start + 1024] = self._pixels[start : min(start + 1024, self.count)]
        kept.flush()
        if not self.count:
            np.save(some, np.empty(shape, np.uint8))
        some.replace(self._work / "pixels.npy")
        self._pixels = np.load(self._work / "pixels.npy", mmap_mode="r")

    def _digest(self) -> str:
        digest = hashlib.sha256(json.dumps(self._pixels.shape[1:]).encode())
        for start in range(0, self.count, 256):
            digest.update(self._pixels[start : min(start + 256, self.count)].tobytes())
        return digest.hexdigest()[:16]
