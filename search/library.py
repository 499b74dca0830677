"""Shards on disk, opened once and shared by all threads; the least recently used are closed beyond a bound."""

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from ml.errors import DamagedShard
from ml.shards import Shard as Columns
from search import building, keys
from search.models import Dataset, Shard

log = logging.getLogger(__name__)


class Library:
    """An LRU of open shards by folder. Two threads asking for the same one open (and verify) it once.

    What is let go is not closed: a search in another thread may be about to read it. Its files are unmapped when the
    last one lets go.
    """

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._open: OrderedDict[Path, Columns] = OrderedDict()
        self._opening: dict[Path, threading.Lock] = {}
        self._guard = threading.Lock()
        self.hits = self.misses = self.evicted = self.damaged = 0  # for /metrics; misses are verified openings

    def get(self, folder: Path) -> Columns:
        """Raises DamagedShard when the checksums, verified at opening, are wrong.

        Sizes and times of change are looked at each time. When they changed, by an index built again or by damage, the
        folder is opened and verified again. Who has read from it asks `untouched` afterwards, for what changed since.
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
        return columns if columns is not None and columns.untouched() else None

    def _keep(self, folder: Path, columns: Columns) -> None:
        with self._guard:
            self._open[folder] = columns
            while len(self._open) > self._most():
                self._open.popitem(last=False)
                self.evicted += 1

    def drop(self, folder: Path) -> None:
        with self._guard:
            self._open.pop(folder, None)
            self._opening.pop(folder, None)

    def holds(self, folder: Path) -> bool:
        return folder in self._open

    def __len__(self) -> int:
        return len(self._open)


library = Library(lambda: settings.OPEN_SHARDS)
THREADS = os.cpu_count() or 1
pool = ThreadPoolExecutor(THREADS, "shards")  # of this process; Annoy and faiss let go of the GIL


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


def opened_all(shards: Sequence[Shard]) -> list[Columns | None]:
    """As `opened`, for many. Those not open yet are read and verified side by side."""
    cold = [shard.path() for shard in shards if not library.holds(shard.path())]
    if len(cold) > 1:
        list(pool.map(_warm, cold))
    return [opened(shard) for shard in shards]


def _warm(folder: Path) -> None:
    """In a thread without database: damage is reported by `opened`, which meets it again."""
    with suppress(DamagedShard):
        library.get(folder)


def find(dataset: Dataset, key: int, among: Sequence[Shard] = ()) -> tuple[Columns, int] | None:
    """A tile's columns and its row in them; None when it is not indexed (yet).

    among: finished shards at hand, with their scenes and products: if it is one of them the database is not asked.
    """
    address = keys.unpack(key)
    shard = next((shard for shard in among if holds(shard, address)), None) or _look_up(dataset, address)
    columns = opened(shard) if shard else None
    row = columns.row_of(key) if columns else None
    return (columns, row) if columns is not None and row is not None else None


def holds(shard: Shard, address: keys.TileAddress) -> bool:
    scene = shard.scene
    return (scene.product.number, scene.day, shard.level) == (address.product, address.day, address.level)


def _look_up(dataset: Dataset, address: keys.TileAddress) -> Shard | None:
    place = {"scene__product__number": address.product, "scene__day": address.day, "level": address.level}
    return Shard.objects.of(dataset).filter(**place).exclude(folder="").first()
