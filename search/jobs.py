"""What selections, maps of embeddings and evaluations share: worked on here, told of, stopped, removed."""

import logging
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction

from ml.errors import MLError
from search import tasks
from search.errors import Cancelled, NoSuchJob, NotAllowed, SearchError, TooManyJobs
from search.heart import Heart
from search.models import Dataset, Evaluation, Layout, Selection
from search.models.buildable import UNFINISHED, Buildable, BuildableQuerySet
from search.models.curation import DatasetJob

log = logging.getLogger(__name__)
PAUSE = 0.5  # seconds between two stored reports
ORPHANED = 24 * 3600  # seconds after which a folder without a row goes
AT_ONCE = 3  # unfinished jobs of one kind and dataset
Progress = Callable[[str, int, int], None]
Job = TypeVar("Job", Selection, Layout, Evaluation)
AnyJob = TypeVar("AnyJob", bound=Buildable)


class Reporter:
    """Called with what the work is at, and how far: stored now and then. Raises Cancelled when it was stopped."""

    def __init__(self, job: DatasetJob, on_progress: Progress | None = None) -> None:
        self._job, self._on_progress = job, on_progress
        self._stage, self._last = "", 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage == self._stage and done < total and now - self._last < PAUSE:
            return
        self._stage, self._last = stage, now
        self._job.tell(stage, done, total)
        if self._on_progress:
            self._on_progress(stage, done, total)


def work_on(job: DatasetJob, work: Callable[[Reporter], None], on_progress: Progress | None = None) -> bool:
    """Run in this process, as `claimed`."""

    def reported() -> None:
        with Heart(job):
            work(Reporter(job, on_progress))

    return claimed(job, reported, cancel)


def claimed(job: AnyJob, work: Callable[[], None], stop: Callable[[AnyJob], None]) -> bool:
    """Run in this process; False when another one has it, or it was stopped. What goes wrong is kept and raised."""
    if not job.claim():
        return False
    try:
        work()
    except Cancelled as stopped:
        log.info("%s", stopped)
        return False
    except BaseException as error:  # Ctrl-C too: the row must not stay claimed
        if isinstance(error, KeyboardInterrupt):
            stop(job)
        else:
            job.fail(error, final=isinstance(error, SearchError | MLError))
        raise
    return True


def begin(job: Job, *, background: bool = True) -> Job:
    """Save a new row and hand it to the workers, or leave it waiting for whoever called. Raises TooManyJobs."""
    kind = type(job)
    if kind._default_manager.filter(dataset=job.dataset, status__in=UNFINISHED).count() >= AT_ONCE:
        raise TooManyJobs(
            f"{AT_ONCE} {kind._meta.verbose_name_plural} of {job.dataset.name} wait or run already: wait until one is "
            "finished, or stop one."
        )
    job.save()
    shutil.rmtree(job.folder, ignore_errors=True)  # of a database that was thrown away
    if background:
        transaction.on_commit(partial(tasks.enqueue_curation, job))
    return job


def cancel(job: DatasetJob) -> None:
    """A running worker notices at its next report."""
    rows: BuildableQuerySet = type(job)._default_manager.filter(pk=job.pk)
    rows.cancel()


def remove(job: Job) -> None:
    """Stop it if it runs, and forget it with its files."""
    folder = job.folder
    job.delete()  # its worker notices at its next report
    shutil.rmtree(folder, ignore_errors=True)


def found(kind: type[Job], dataset: Dataset, number: int) -> Job:
    """NoSuchJob for one that is not there, or is another dataset's."""
    job = kind._default_manager.filter(dataset=dataset, pk=number).select_related("dataset", "owner").first()
    if job is None:
        raise NoSuchJob(f"{dataset.name} has no {kind._meta.verbose_name} {number} (any more): look at the list.")
    return job


def may_change(job: Job, user: User | AnonymousUser) -> bool:
    """Stop or remove it: whose it is, and who manages the dataset."""
    mine = user.is_authenticated and job.owner_id == user.pk
    return bool(mine or job.dataset.may_manage(user))


def check_may_change(job: Job, user: User | AnonymousUser) -> None:
    if not may_change(job, user):
        raise NotAllowed(f"Only who asked for this {type(job)._meta.verbose_name}, or who manages the dataset, may "
                         "stop or remove it.")  # fmt: skip


def tidy() -> list[Path]:
    """Remove folders of rows that are no more, of a worker that wrote while its row was deleted."""
    removed = []
    for kind in (Selection, Layout, Evaluation):
        root = kind(pk=0).folder.parent
        folders = [path for path in root.iterdir() if path.name.isdecimal()] if root.is_dir() else []
        known = set(kind._default_manager.values_list("pk", flat=True))
        for folder in folders:
            if int(folder.name) not in known and time.time() - folder.stat().st_mtime > ORPHANED:
                shutil.rmtree(folder, ignore_errors=True)
                removed.append(folder)
    return removed
