"""Trainings as rows: asked for by people, run by a worker or here, stopped, gone on with, tidied away."""

import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from search import jobs, progress, tasks
from search.errors import BadQuery, DiskFull, TooManyJobs
from search.models import Dataset, Status, Training
from search.models.buildable import UNFINISHED
from search.training import options, pace
from search.training.options import Options

AT_ONCE = 3  # unfinished trainings of one dataset
KEPT = 14 * 24 * 3600  # seconds that tiles and checkpoints of a training that was stopped, or failed, are kept
SPARE = 2**30  # bytes of disk that a training leaves free
Progress = Callable[[Training], None]


def start(
    dataset: Dataset, chosen: Options, owner: User | None = None, *, name: str = "", background: bool = True
) -> Training:
    """A new training, handed to the worker, or else waiting for `run_here`.

    Raises BadQuery, TooManyJobs, DiskFull.
    """
    chosen = options.checked(dataset, chosen)
    called = options.encoder_name(dataset, name)
    if dataset.trainings.filter(status__in=UNFINISHED).count() >= AT_ONCE:
        raise TooManyJobs(f"{AT_ONCE} trainings of {dataset.name} wait or run already: stop one, or wait.")
    tiles, size = pace.there(dataset, chosen)
    check_disk(pace.room(min(tiles, chosen.most or tiles), size))
    job = Training.objects.create(dataset=dataset, owner=owner, name=called, options=chosen.as_json())
    shutil.rmtree(job.folder, ignore_errors=True)  # of a database that was thrown away
    if background:
        transaction.on_commit(partial(tasks.enqueue_training, job.pk))
    progress.announce(dataset, at_once=True)
    return job


def check_disk(bytes_needed: int) -> None:
    free = shutil.disk_usage(settings.DATA_DIR).free
    if bytes_needed + SPARE > free:
        raise DiskFull(
            f"The tiles and checkpoints of this training take {bytes_needed / 2**30:.1f} GB, and {free / 2**30:.1f} GB "
            "are free on the server's disk: choose fewer tiles or a smaller size, or make room."
        )


def resume(job: Training, *, background: bool = True) -> None:
    """Go on with what failed or was stopped, at its last checkpoint."""
    if job.status == Status.READY:
        raise BadQuery("This training is finished: begin a new one, from its encoder if you like.")
    again = Training.objects.filter(pk=job.pk, status__in=[Status.FAILED, Status.CANCELLED])
    if again.retry():
        if background:
            transaction.on_commit(partial(tasks.enqueue_training, job.pk))
        progress.announce(job.dataset, at_once=True)


def stop(job: Training) -> None:
    """Its worker notices within seconds; its tiles and checkpoints stay for a while."""
    if Training.objects.filter(pk=job.pk).cancel():
        progress.announce(job.dataset, at_once=True)


def run_here(job: Training, on_progress: Progress | None = None) -> bool:
    """Run in this process; False when another one has it, or it was stopped. What goes wrong is kept and raised."""
    from search.training import running

    try:
        done = jobs.claimed(job, lambda: running.run(job, on_progress), stop)
    finally:
        progress.announce(job.dataset, at_once=True)
    if done:
        shutil.rmtree(job.folder, ignore_errors=True)
    return done


def tidy() -> list[Path]:
    """Remove the tiles and checkpoints of trainings that are finished, gone, or were left for long."""
    root, removed = Path(settings.DATA_DIR) / "trainings", []
    for folder in root.iterdir() if root.is_dir() else []:
        if folder.name.isdecimal() and is_over(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder)
    return removed


def is_over(folder: Path) -> bool:
    job = Training.objects.filter(pk=int(folder.name)).first()
    if job is None or job.status == Status.READY:
        return True
    last = job.heartbeat_at or job.created_at
    return job.status not in UNFINISHED and time.time() - last.timestamp() > KEPT
