"""What a dataset takes on disk, by part, and how much is free."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.conf import settings
from django.core.cache import cache
from django.db.models import Sum

from search import tilesets, uploads
from search.models import Dataset, Scene, SceneFile, Shard

KEPT = 30 * 24 * 3600  # seconds that a scene's size is remembered; its name changes with its content
PATIENCE = 1.0  # seconds of reading lists for one page
LOW = 0.05  # share of the disk, or
LITTLE = 5 * 2**30  # bytes, below which people are warned


@dataclass(frozen=True)
class Use:
    """Bytes.  copies: uploads, and what was unpacked, fetched or converted.  in_place: of files read where they are."""

    index: int
    downloads: int
    copies: int
    in_place: int
    free: int
    total: int
    exact: bool  # False: not all lists of downloads were read yet

    @property
    def ours(self) -> int:
        return self.index + self.downloads + self.copies

    @property
    def is_low(self) -> bool:
        return self.free < min(LITTLE, self.total * LOW) or self.free < uploads.SPARE


def use(dataset: Dataset) -> Use:
    """A few queries; lists of downloads and folders of copies are read for a second at most."""
    end = time.monotonic() + PATIENCE
    shards = Shard.objects.filter(scene__product__dataset=dataset).exclude(folder="")
    downloaded, counted = downloads(dataset, end)
    copied, walked = copies(dataset, end)
    data = Path(settings.DATA_DIR)
    files = SceneFile.objects.filter(scene__product__dataset=dataset).exclude(path__startswith=f"{data}/")
    room = shutil.disk_usage(data)
    return Use(
        index=total(shards, "bytes"), downloads=downloaded, copies=copied, in_place=total(files, "size"),
        free=room.free, total=room.total, exact=counted and walked,
    )  # fmt: skip


def copies(dataset: Dataset, end: float) -> tuple[int, bool]:
    """Bytes of uploads and of the dataset's own files, each file once; whether all were counted before `end`."""
    folders = [upload.folder for upload in uploads.of(dataset)]
    folders.append(Path(settings.DATA_DIR) / "imagery" / dataset.slug)
    seen: dict[int, int] = {}
    for folder in folders:
        for root, _, names in os.walk(folder):
            if time.monotonic() > end:
                return sum(seen.values()), False
            seen |= dict(sizes(Path(root), names))
    return sum(seen.values()), True


def sizes(folder: Path, names: list[str]) -> Iterator[tuple[int, int]]:
    """(inode, bytes): a file with two names takes its room once."""
    for name in names:
        with suppress(FileNotFoundError):  # tidied away meanwhile
            found = (folder / name).lstat()
            yield found.st_ino, found.st_size


def total(rows: object, field: str) -> int:
    return int(rows.aggregate(sum=Sum(field))["sum"] or 0)  # type: ignore[attr-defined]


def downloads(dataset: Dataset, end: float) -> tuple[int, bool]:
    """Bytes of downloaded tiles, and whether all scenes were counted."""
    scenes = list(Scene.objects.filter(product__dataset=dataset).exclude(folder="").select_related("product__dataset"))
    names = {f"scene-bytes-{scene.pk}-{scene.version}": scene for scene in scenes}
    known: dict[str, int] = cache.get_many(names)
    fresh = {}
    for name, scene in names.items():
        if name not in known and time.monotonic() < end:
            fresh[name] = bytes_of(scene)
    cache.set_many(fresh, KEPT)
    known |= fresh
    return sum(known.values()), len(known) == len(names)


def bytes_of(scene: Scene) -> int:
    """As its list says; 0 where the list is gone, which searching it will say."""
    path = tilesets.list_path(scene)
    if not path.is_file():
        return 0
    return int(pc.sum(pq.read_table(path, columns=["bytes"])["bytes"]).as_py() or 0)


def as_json(found: Use) -> dict[str, object]:
    return {
        "index": found.index, "downloads": found.downloads, "copies": found.copies, "in_place": found.in_place,
        "free": found.free, "total": found.total, "low": found.is_low, "exact": found.exact,
    }  # fmt: skip
