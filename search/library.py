"""Shards on disk, opened once and shared by all threads; the least recently used are closed beyond a bound."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from ml.errors import DamagedShard
from ml.shards import Shard as Columns
from ml.shards.files import check_files
from search import building, keys
from search.models import Dataset, Shard

log = logging.getLogger(__name__)


class Library:
    """An LRU of open shards by folder. Two threads asking for the same one open (and verify) it once."""

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._open: OrderedDict[Path, Columns] = OrderedDict()
        self._opening: dict[Path, threading.Lock] = {}
        self._guard = threading.Lock()
        self.hits = self.misses = self.evicted = self.damaged = 0  # for /metrics; misses are verified openings

    def get(self, folder: Path) -> Columns:
        """Raises DamagedShard when the checksums, verified at opening, are wrong.

        The sizes are looked at each time: reading a mapped file beyond a new, earlier end would kill the process. When
        they changed, by an index built again or by damage, the folder is opened and verified again.
        """
        with self._guard:
            lock = self._opening.setdefault(folder, threading.Lock())
        with lock:
            columns = self._recall(folder)
            if columns is None:
                self.misses += 1
                columns = Columns.open(folder)
                self._keep(folder, columns)
            else:
                self.hits += 1
        return columns

    def _recall(self, folder: Path) -> Columns | None:
        with self._guard:
            columns = self._open.get(folder)
            if columns is not None:
                self._open.move_to_end(folder)
        return columns if columns is not None and same_sizes(columns) else None

    def _keep(self, folder: Path, columns: Columns) -> None:
        with self._guard:
            self._open[folder] = columns
            while len(self._open) > self._most():
                _, oldest = self._open.popitem(last=False)
                oldest.close()
                self.evicted += 1

    def drop(self, folder: Path) -> None:
        with self._guard:
            columns = self._open.pop(folder, None)
            self._opening.pop(folder, None)
        if columns is not None:
            columns.close()

    def __len__(self) -> int:
        return len(self._open)


def same_sizes(columns: Columns) -> bool:
    try:
        check_files(columns.folder, columns.meta, sums=False)
    except DamagedShard:
        return False
    return True


library = Library(lambda: settings.OPEN_SHARDS)


def opened(shard: Shard) -> Columns | None:
    """The shard's columns; None when they turn out damaged, which is reported and mended by a rebuild.

    A folder that vanished because a newer build replaced it is looked up again.
    """
    for _ in range(2):
        try:
            return library.get(shard.path())
        except DamagedShard as damage:
            library.damaged += 1
            library.drop(shard.path())
            folder = shard.folder
            shard.refresh_from_db()
            if shard.folder == folder:
                building.set_aside(shard, str(damage))
                return None
            if not shard.folder:
                return None
    return None


def find(dataset: Dataset, key: int) -> tuple[Columns, int] | None:
    """A tile's columns and its row in them; None when it is not indexed (yet)."""
    address = keys.unpack(key)
    place = {"scene__product__number": address.product, "scene__day": address.day, "level": address.level}
    shard = Shard.objects.of(dataset).filter(**place).exclude(folder="").first()
    columns = opened(shard) if shard else None
    row = columns.row_of(key) if columns else None
    return (columns, row) if columns is not None and row is not None else None
