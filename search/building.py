"""Shards: what is to be built, and the building of one (tiles -> metrics -> vectors -> index), resumable."""

import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction

from ml.embedding import Pace, embed, pace_of
from ml.encoders.runtime import find_device
from ml.errors import ShardBusy
from ml.shards import ShardWriter
from search import imagery, progress, switching, tasks, tilesets
from search.errors import BadQuery, Cancelled
from search.imagery import masks
from search.models import Scene, Shard, Status
from search.models.shards import shards_folder

log = logging.getLogger(__name__)
BATCH = 80  # tiles read, embedded and put on disk together: what a killed worker loses
READERS = min(4, os.cpu_count() or 1)  # threads that read tiles while others are encoded
BUILDING = "building"
LOOK = 7 * 24 * 3600  # seconds that a damaged folder is kept
Progress = Callable[[int, int], None]


def request(scene: Scene, levels: Iterable[int], *, background: bool = True) -> None:
    """Have the scene's shards built, in this order of levels; those already built of the same imagery stay.

    While the dataset goes over to another encoder they are built with both.
    background: hand them to the workers now; else they wait for `build_here`.
    """
    dataset = scene.product.dataset
    if masks.is_mask(scene.product):
        return  # it is read beside what it masks, and nobody looks for the like of it
    for level in levels:
        dataset.grid.check_level(level)
        for encoder in filter(None, (dataset.encoder_id, dataset.next_encoder_id)):
            Shard.objects.get_or_create(
                scene=scene, level=level, encoder_id=encoder, defaults={"total": expected(scene, level)}
            )
    used = scene.shards.filter(switching.in_use())
    changed = used.exclude(scene_version=scene.version).exclude(status=Status.RUNNING)
    wanted = list(changed.order_by("queued_at", "pk").values_list("pk", flat=True))
    Shard.objects.filter(pk__in=wanted).retry()
    for shard_id in wanted if background else []:
        transaction.on_commit(partial(tasks.enqueue, shard_id))


def expected(scene: Scene, level: int) -> int:
    """About how many tiles the shard will have: files that overlap count twice."""
    dataset = scene.product.dataset
    if scene.folder:
        count = len(tilesets.listing(scene).at(level))
    else:
        boxes = scene.files.values_list("west", "south", "east", "north")
        count = scene.images or sum(dataset.grid.covering(box, level).count for box in boxes)
    return 2 * count if dataset.offset_grid else count


def build_here(shard: Shard, on_progress: Progress | None = None) -> bool:
    """Build in this process; False when another one has it. What goes wrong is kept in the row and raised."""
    if not shard.claim():
        return False
    try:
        build(shard, on_progress)
    except Cancelled as stop:
        log.info("%s", stop)
        return False
    except ShardBusy as busy:  # a worker that lost the row has not noticed yet
        log.info("%s", busy)
        shard.release()
        return False
    except BaseException as error:  # Ctrl-C too: the row must not stay claimed
        shard.fail(error)
        raise
    return True


def build(shard: Shard, on_progress: Progress | None = None) -> None:
    """Build the columns whole beside the old ones, then let the row point at them. The caller has claimed it.

    Where the vectors are those of the imagery that there is, and only metrics are missing, these alone are made.
    """
    from search import measuring

    if measuring.is_behind(shard):
        measuring.measure(shard, on_progress)
        return
    encoder, scene = shard.encoder.load(), shard.scene
    with imagery.opened(scene) as reader:
        plan = reader.plan(shard.level)
        if not len(plan):
            raise BadQuery(f"{shard} has no tiles: the imagery lies outside the grid.")
        meter = measuring.Meter(scene, reader, plan, shard.level, encoder.size)
        with ShardWriter(
            home(shard) / BUILDING, keys=plan.keys, bounds=plan.bounds, dim=encoder.dim, names=plan.names,
            fingerprint=f"{encoder.fingerprint}-{scene.version}{scene.product.dataset.tiling}",
            columns=[*measuring.NAMES, meter.version],
        ) as writer:  # fmt: skip
            shard.report(writer.done, writer.total)
            embed(
                writer, encoder, reader.batches(plan, BATCH), meter.read, meter.measured,
                pace=pace(), on_batch=lambda: report(shard, writer, on_progress),
            )  # fmt: skip
            publish(shard, writer, meter.version)


def pace() -> Pace:
    """On the CPU one lane, whose cores are ENCODER_THREADS."""
    return pace_of(READERS) if find_device() == "cuda" else Pace(READERS, lanes=1, batch=BATCH)


def report(shard: Shard, writer: ShardWriter, on_progress: Progress | None) -> None:
    shard.report(writer.done, writer.total)
    progress.announce(shard.scene.product.dataset)
    if on_progress:
        on_progress(writer.done, writer.total)


def publish(shard: Shard, writer: ShardWriter, measured: str = "") -> None:
    """Write the finished folder, swap it in, remove the old one.  measured: which metrics its columns hold."""
    scene, old = shard.scene, shard.folder
    folder = f"{shard.place()}/{uuid.uuid4().hex[:12]}"
    meta = {
        "dataset": scene.product.dataset.slug, "product": scene.product.name, "date": scene.written_day,
        "level": shard.level, "encoder": shard.encoder.name, "scene_version": scene.version, "measured": measured,
    }  # fmt: skip
    manifest = writer.finish(
        shards_folder() / folder,
        meta=meta,
        engine=scene.product.dataset.engine,
        on_progress=lambda *_: shard.report(writer.total, writer.total),
    )
    shard.finish(
        folder=folder, tiles=manifest["count"], **about_index(manifest),
        bytes=sum(file["bytes"] for file in manifest["files"].values()), scene_version=scene.version,
        done=writer.total, total=writer.total, measured=measured,
    )  # fmt: skip
    progress.announce(scene.product.dataset, at_once=True)
    log.info("shard built: %s, %d tiles", shard, shard.tiles)
    switching.consider(scene.product.dataset_id)
    if old:
        shutil.rmtree(shards_folder() / old, ignore_errors=True)


def about_index(manifest: dict[str, Any]) -> dict[str, Any]:
    """What the row keeps of the index: nothing of an empty shard's."""
    index = manifest["index"] or {}
    return {"engine": index.get("engine", ""), "recall": index.get("recall")}


def home(shard: Shard) -> Path:
    return shards_folder() / shard.place()


def set_aside(shard: Shard, reason: str) -> None:
    """Report a damaged shard, keep its folder for a look, and have it rebuilt. Others go on answering."""
    folder = shard.folder
    taken = Shard.objects.filter(pk=shard.pk, folder=folder).exclude(folder="").update(
        status=Status.DAMAGED, folder="", error=reason[:2000], attempts=0, tiles=0, worker="", scene_version="",
        done=0,
    )  # fmt: skip
    if not taken:
        return  # another thread saw it first
    log.error("shard damaged, set aside and queued again: %s: %s", shard, reason)
    path = shards_folder() / folder
    aside = path.with_name(f"damaged-{path.name}")
    if path.exists():
        shutil.rmtree(aside, ignore_errors=True)
        path.rename(aside)
    tasks.enqueue(shard.pk)
    progress.announce(shard.scene.product.dataset, at_once=True)


def sweep_folders() -> list[Path]:
    """Remove finished folders that no row points at (a worker died between writing one and swapping it in).

    Damaged ones stay for a look for a while, then go too. Nothing is removed while any shard is being built.
    """
    kept = set(Shard.objects.exclude(folder="").values_list("folder", flat=True))
    root, removed = shards_folder(), []
    busy = Shard.objects.filter(status=Status.RUNNING).exists()
    for manifest in [] if busy else root.glob("*/*/*/*/L*/*/shard.json"):
        folder = manifest.parent
        looked_at = folder.name.startswith("damaged-") and time.time() - folder.stat().st_ctime < LOOK
        if str(folder.relative_to(root)) not in kept and not looked_at:
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder)
    return removed
