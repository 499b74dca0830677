"""A dataset deleted: its rows at once, its files moved out of the way at once and removed in the background.

Files that were read in place are never touched, nor downloaded tiles that another dataset shows too.
"""

import logging
import shutil
import uuid
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction

from search import tasks, uploads
from search.models import Animation, Dataset, Evaluation, Import, Layout, Scene, Selection, Shard, Training
from search.models.shards import shards_folder

log = logging.getLogger(__name__)
NOTICED = 180  # seconds after which every worker has noticed that its row is gone


def trash() -> Path:
    return Path(settings.DATA_DIR) / "trash"


def delete(dataset: Dataset) -> None:
    """Stop its work, remove its rows, have its folders removed. Its number is never given away again."""
    for jobs in (Import, Animation, Training, Selection, Layout, Evaluation):
        jobs.objects.filter(dataset=dataset).cancel()
    Shard.objects.filter(scene__product__dataset=dataset).cancel()
    doomed = folders(dataset)
    with transaction.atomic():
        dataset.delete()
        transaction.on_commit(partial(throw_away, dataset.slug, doomed))
    log.info("dataset deleted: %s, %d folders", dataset.slug, len(doomed))


def folders(dataset: Dataset) -> list[Path]:
    """What belongs to it alone below the data folder."""
    data = Path(settings.DATA_DIR)
    films = [data / film for film in dataset.animations.exclude(file="").values_list("file", flat=True)]
    own = [shards_folder() / dataset.slug, *(data / part / dataset.slug for part in ("scenes", "imagery"))]
    made = ("imports", "trainings", "collections", "tables", "selections", "layouts", "evaluations")
    jobs = [row.folder for name in made for row in getattr(dataset, name).all()]
    sent = [upload.folder for upload in uploads.of(dataset)]
    return [path for path in [*own, *jobs, *sent, *films, *downloads(dataset)] if path.exists()]


def downloads(dataset: Dataset) -> list[Path]:
    """Folders of downloaded tiles that no other dataset's scene shows."""
    mine = Scene.objects.filter(product__dataset=dataset).exclude(folder="").values_list("folder", flat=True)
    others = Scene.objects.exclude(product__dataset=dataset).values_list("folder", flat=True)
    return [inside(folder) for folder in sorted(set(mine) - set(others))]


def inside(folder: str) -> Path:
    """ValueError for a path that leads out of the data folder."""
    data = Path(settings.DATA_DIR).resolve()
    path = (data / folder).resolve()
    if data == path or not path.is_relative_to(data):
        raise ValueError(f"{folder} does not lie below the data folder.")
    return path


def throw_away(slug: str, doomed: list[Path]) -> None:
    """Out of sight by renaming, whatever their size; a worker removes them."""
    bin_ = trash() / uuid.uuid4().hex
    bin_.mkdir(parents=True)
    for number, path in enumerate(doomed):
        try:
            path.rename(bin_ / f"{number}-{path.name}")
        except FileNotFoundError:
            log.info("%s was gone already", path)
    tasks.enqueue_emptying(slug)
    tasks.enqueue_emptying(slug, seconds=NOTICED)


def empty_trash(slug: str) -> None:
    """Remove what was thrown away, and what a worker still wrote for the dataset before it noticed."""
    shutil.rmtree(trash(), ignore_errors=True)
    if slug and not Dataset.objects.filter(slug=slug).exists():
        shutil.rmtree(shards_folder() / slug, ignore_errors=True)
