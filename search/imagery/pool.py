"""Rasters that stay open between tiles: opening one costs more than reading a tile from it."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import rasterio
from rasterio import DatasetReader
from rio_tiler.io import Reader

from search import grid

# Only the file itself is looked at; and 256 MB of blocks are kept, where GDAL would take 5 % of the machine's memory.
NEVER_GUESS = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO", "CPL_LOG": "/dev/null",
               "GDAL_CACHEMAX": 256}  # fmt: skip
Identity = tuple[int, int, int, int]  # device, inode, size, nanoseconds of the last change


class Pool:
    """A raster is lent to one thread at a time, as GDAL demands; beyond the bound the longest idle is closed."""

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._idle: OrderedDict[int, tuple[str, Identity, DatasetReader]] = OrderedDict()  # by id, oldest first
        self._guard = threading.Lock()
        self.hits = self.misses = 0

    @contextmanager
    def lent(self, path: str) -> Iterator[Reader]:
        """A reader of the file as it is now; RasterioError when it can't be opened. One that failed isn't kept."""
        with rasterio.Env(**NEVER_GUESS):
            now = identity(path)
            dataset = self._take(path, now) or rasterio.open(path)  # no context: another thread may close it
            try:
                yield Reader(None, dataset=dataset, tms=grid.GEOGRAPHIC.tile_matrix_set())
            except BaseException:
                dataset.close()
                raise
            self._keep(path, now, dataset)

    def _take(self, path: str, now: Identity | None) -> DatasetReader | None:
        """An idle one of this very file; those of what lay there before are closed."""
        with self._guard:
            same = [number for number, (held, _, _) in self._idle.items() if held == path]
            fit = [number for number in same if self._idle[number][1] == now]
            stale = [self._idle.pop(number)[2] for number in same if number not in fit]
            taken = self._idle.pop(fit[-1])[2] if fit else None
            self.hits += taken is not None
            self.misses += taken is None
        for dataset in stale:
            dataset.close()
        return taken

    def _keep(self, path: str, now: Identity | None, dataset: DatasetReader) -> None:
        """What is no file here has no identity: it is not kept."""
        over = [] if now is not None else [dataset]
        with self._guard:
            if now is not None:
                self._idle[id(dataset)] = path, now, dataset
            while len(self._idle) > self._most():
                over.append(self._idle.popitem(last=False)[1][2])
        for closing in over:
            closing.close()

    def clear(self) -> None:
        with self._guard:
            idle = [dataset for _, _, dataset in self._idle.values()]
            self._idle.clear()
        for dataset in idle:
            dataset.close()

    def __len__(self) -> int:
        return len(self._idle)


def identity(path: str) -> Identity | None:
    """None for what is no file here: a URL, or a file that is gone."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
