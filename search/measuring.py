"""Metrics of a shard's tiles: while it is built, and later, when there are new ones, without embedding it again.

Beyond the pixels (ml/metrics.py): the size of a tile's file where it is one, and the product's own cloud mask where it
has one. A shard's row says which metrics its columns hold (`Shard.measured`).
"""

import logging
import shutil
import uuid
from collections.abc import Sequence
from functools import partial

import numpy as np
from django.db import transaction
from django.db.models import F

from ml import metrics
from ml.embedding import Columns, Pixels
from ml.shards import Shard as Opened
from ml.shards.columns import Measured
from search import building, encoders, imagery, library, progress, tasks
from search.imagery import masks
from search.imagery.plan import Plan
from search.models import Dataset, Scene, Shard, Status
from search.models.shards import ShardQuerySet, shards_folder

log = logging.getLogger(__name__)
NAMES = [metric.name for metric in metrics.METRICS]
BATCH = 80  # tiles read and measured together: what a killed worker loses
WORK = "measuring"


class Meter:
    """Reads tiles of a scene's plan with what is known of them besides their pixels."""

    def __init__(self, scene: Scene, reader: imagery.Reader, plan: Plan, level: int, size: int) -> None:
        self.scene, self._reader, self._plan, self._level, self._size = scene, reader, plan, level, size
        mask = masks.scene_for(scene)
        self._mask = masks.Mask(mask) if mask else None
        self._bytes = reader.sizes(plan, level)
        self.version = wanted(mask.version if mask else "")

    def read(self, start: int, end: int) -> Pixels:
        """The tiles plan[start:end]."""
        pixels = self._reader.read(self._plan, start, end, self._level, self._size)
        known: dict[str, np.ndarray] = {"file_bytes": self._bytes[start:end]}
        if self._mask is not None:
            known["cloud_share"] = self._mask.shares(self._plan.keys[start:end], pixels.valid)
        return Pixels(pixels.tiles, pixels.valid, known)

    def measured(self, pixels: Pixels) -> Columns:
        """(n,) each of NAMES; nodata_share is 1, which leaves the tile out, where too little of it is data."""
        found = {**metrics.compute(pixels.tiles, pixels.valid), **(pixels.columns or {})}
        dataset, missing = self.scene.product.dataset, found["nodata_share"]
        if dataset.kind == Dataset.Kind.GALLERY:
            missing[:] = 0  # the margins around a picture are not missing data
        missing[1 - missing < dataset.least_valid] = 1
        return {name: found[name] for name in NAMES}


def wanted(mask: str) -> str:
    """What `Shard.measured` says of columns of today.  mask: the version of the cloud mask's scene, or ""."""
    return f"{metrics.VERSION}-{mask}" if mask else str(metrics.VERSION)


def is_behind(shard: Shard) -> bool:
    """Whether a finished shard of the imagery that there is lacks only metrics: its vectors need not be made again."""
    current = bool(shard.folder) and shard.scene_version == shard.scene.version
    return current and shard.encoder.folder not in encoders.MODELLESS and shard.measured != wanted_of(shard.scene)


def wanted_of(scene: Scene) -> str:
    mask = masks.scene_for(scene)
    return wanted(mask.version if mask else "")


AT_REST = [Status.READY, Status.FAILED, Status.CANCELLED]


def behind(dataset: Dataset, among: Sequence[str] = AT_REST) -> list[int]:
    """Numbers of the finished shards whose columns lack metrics; not of those at work, nor of vectors brought along."""
    masked = masks.versions(dataset)
    rows = candidates(dataset).filter(status__in=among, scene_version=F("scene__version"))
    if not masked:
        return list(rows.exclude(measured=wanted("")).values_list("pk", flat=True))
    told = rows.values_list("pk", "measured", "scene__product__name", "scene__day")
    return [pk for pk, has, product, day in told if has != wanted(masked.get((product, day), ""))]


def at_work(dataset: Dataset) -> int:
    """Finished shards that are being measured, or wait for it."""
    rows = candidates(dataset).filter(status__in=[Status.WAITING, Status.RUNNING], scene_version=F("scene__version"))
    return rows.count()


def candidates(dataset: Dataset) -> ShardQuerySet:
    return Shard.objects.of(dataset).searchable().exclude(encoder__folder__in=encoders.MODELLESS).order_by("pk")


def request(dataset: Dataset, *, background: bool = True) -> list[int]:
    """Queue what is behind; searches go on with what there is. Returns the shards' numbers.

    background: hand them to the workers now; else they wait for `building.build_here`, with those that waited already
    and those whose process died here.
    """
    if not background:
        candidates(dataset).release_dead()
    numbers = behind(dataset, AT_REST if background else [*AT_REST, Status.WAITING])
    Shard.objects.filter(pk__in=numbers).retry()
    for number in numbers[: tasks.WINDOW] if background else []:
        transaction.on_commit(partial(tasks.enqueue, number))
    return numbers


def measure(shard: Shard, on_progress: building.Progress | None = None) -> None:
    """Measure a finished shard's tiles again and let its row point at the new columns. The caller has claimed it.

    One that turns out damaged is set aside, to be built anew.
    """
    scene, work = shard.scene, building.home(shard) / WORK
    opened = library.opened(shard)
    if opened is None:
        return
    with imagery.opened(scene) as reader:
        plan = reader.plan(shard.level)
        meter = Meter(scene, reader, plan, shard.level, shard.encoder.size)
        about = f"{meter.version} {scene.version} {shard.encoder.size}"
        with Measured(work, keys=plan.keys, columns=NAMES, about=about) as writer:
            shard.report(writer.done, writer.total)
            for start, end in reader.batches(plan, BATCH):
                if start >= writer.done:
                    writer.append(meter.measured(meter.read(start, end)))
                    tell(shard, writer, on_progress)
            publish(shard, opened, writer, meter.version)
    shutil.rmtree(work, ignore_errors=True)


def tell(shard: Shard, writer: Measured, on_progress: building.Progress | None) -> None:
    shard.report(writer.done, writer.total)
    progress.announce(shard.scene.product.dataset)
    if on_progress:
        on_progress(writer.done, writer.total)


def publish(shard: Shard, opened: Opened, writer: Measured, version: str) -> None:
    """Write the new folder beside the old one, let the row point at it, remove the old one."""
    old = shard.folder
    folder = f"{shard.place()}/{uuid.uuid4().hex[:12]}"
    manifest = writer.finish(opened, shards_folder() / folder, meta={"measured": version})
    shard.finish(
        folder=folder, measured=version, bytes=sum(file["bytes"] for file in manifest["files"].values()),
        done=writer.total, total=writer.total,
    )  # fmt: skip
    progress.announce(shard.scene.product.dataset, at_once=True)
    log.info("shard measured: %s, %d tiles", shard, shard.tiles)
    shutil.rmtree(shards_folder() / old, ignore_errors=True)
