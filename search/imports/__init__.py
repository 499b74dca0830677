"""Imports as jobs: a row with a recipe, run by the workers or here, stopped, resumed and repeated.

Each kind is a module of this package with `run(job, report) -> summary`. It makes scenes and asks for their shards; it
must be able to go on where an earlier attempt ended. What it raises: a SearchError ends the import with that sentence
for the person; anything else is tried again.
"""

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from ml.errors import MLError
from search import joblog, progress, tasks
from search.errors import BadQuery, Cancelled, SearchError
from search.models import Dataset, Import

log = logging.getLogger(__name__)
PAUSE = 0.5  # seconds between two stored reports
Progress = Callable[[int, int], None]


@dataclass
class Report:
    """How an import tells of itself: numbers into its row, sentences into its log."""

    job: Import
    on_progress: Progress | None = None
    _last: float = field(default=0.0, repr=False)
    _unit: str = field(default="", repr=False)

    def progress(self, done: int, total: int, unit: str = "files") -> None:
        """Beat the heart. The first call says where this attempt begins, and the first in another unit where that does.

        Raises Cancelled when it was stopped.
        """
        if unit != self._unit:
            self._unit = unit
            self.job.begin(done)
            self.job.count_in(unit)
        now = time.monotonic()
        if self.on_progress:
            self.on_progress(done, total)
        if now - self._last >= PAUSE or done >= total:
            self._last = now
            self.job.report(done, total)
            progress.announce(self.job.dataset)

    def beat(self) -> None:
        """Nothing new, still here. Raises Cancelled when it was stopped."""
        self.job.report(self.job.done, self.job.total)

    def say(self, text: str) -> None:
        joblog.write(self.job, text)

    def warn(self, text: str) -> None:
        joblog.write(self.job, text, "warning")


def start(
    dataset: Dataset, kind: str, recipe: dict[str, Any], owner: User | None = None, *, background: bool = True
) -> Import:
    """A new import, handed to the workers, or else waiting for `run_here`. BadQuery for an unknown kind."""
    if kind not in Import.Kind.values:
        raise BadQuery(f"There is no kind of import {kind!r}: use {', '.join(Import.Kind.values)}.")
    job = Import.objects.create(dataset=dataset, kind=kind, recipe=recipe, owner=owner)
    shutil.rmtree(job.folder, ignore_errors=True)  # of a database that was thrown away
    if background:
        transaction.on_commit(partial(tasks.enqueue_import, job.pk))
    return job


def resume(job: Import) -> None:
    """Go on with what failed or was stopped, or do a finished one again."""
    Import.objects.filter(pk=job.pk).retry()
    joblog.write(job, "Queued again.")
    transaction.on_commit(partial(tasks.enqueue_import, job.pk))
    progress.announce(job.dataset, at_once=True)


def stop(job: Import) -> None:
    """Its worker notices within a second or so; what it has done stays."""
    if Import.objects.filter(pk=job.pk).cancel():
        joblog.write(job, "Stopped.", "warning")
        progress.announce(job.dataset, at_once=True)


def run_here(job: Import, on_progress: Progress | None = None) -> bool:
    """Run in this process; False when another one has it, or it was stopped. What goes wrong is kept and raised."""
    if not job.claim():
        return False
    report = Report(job, on_progress)
    report.say(f"Started (attempt {job.attempts}).")
    try:
        summary = import_module(f"search.imports.{job.kind}").run(job, report)
        job.finish(summary=summary)
        report.say("Finished.")
    except Cancelled as stopped:
        log.info("%s", stopped)
        return False
    except BaseException as error:  # Ctrl-C too: the row must not stay claimed
        failed(job, error)
        raise
    finally:
        progress.announce(job.dataset, at_once=True)
    return True


def failed(job: Import, error: BaseException) -> None:
    """A refusal is final: the same files would be refused again. Anything else may pass."""
    refusal = isinstance(error, SearchError | MLError)
    joblog.write(job, str(error) or type(error).__name__, "error")
    job.fail(error, final=refusal)
