"""Rows that are their own job record: whatever takes long is claimed, reported on, finished, failed or cancelled."""

import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from search.errors import Cancelled

LEASE = timedelta(seconds=120)  # a worker silent for longer is taken for dead
ATTEMPTS = 3  # without any progress in between


class Status(models.TextChoices):
    WAITING = "waiting", "waiting"
    RUNNING = "running", "running"
    READY = "ready", "ready"
    FAILED = "failed", "failed"
    DAMAGED = "damaged", "damaged, to be rebuilt"
    CANCELLED = "cancelled", "cancelled"


UNFINISHED = (Status.WAITING, Status.RUNNING)


class BuildableQuerySet(models.QuerySet):
    def claimable(self) -> Self:
        """Not yet begun, damaged, or begun by a worker that has gone silent."""
        silent = Q(status=Status.RUNNING, heartbeat_at__lt=timezone.now() - LEASE)
        return self.filter(Q(status__in=[Status.WAITING, Status.DAMAGED]) | silent, attempts__lt=ATTEMPTS)

    def exhausted(self) -> Self:
        """Waiting or silent rows whose attempts are used up: nobody will take them again."""
        silent = Q(status=Status.RUNNING, heartbeat_at__lt=timezone.now() - LEASE)
        return self.filter(Q(status__in=[Status.WAITING, Status.DAMAGED]) | silent, attempts__gte=ATTEMPTS)

    def release_dead(self) -> int:
        """Put back what a worker process of this machine held when it died, without waiting for the lease."""
        host = f"{socket.gethostname()}:"
        held = self.filter(status=Status.RUNNING, worker__startswith=host)
        dead = [worker for worker in held.values_list("worker", flat=True).distinct() if not alive(worker)]
        return self.filter(status=Status.RUNNING, worker__in=dead).update(status=Status.WAITING, worker="")

    def retry(self) -> int:
        """Let failed, cancelled or finished rows be built (again)."""
        return self.exclude(status=Status.RUNNING).update(status=Status.WAITING, attempts=0, error="")

    def cancel(self) -> int:
        """Stop waiting and running rows; a running worker notices at its next report."""
        unfinished = self.filter(status__in=[Status.WAITING, Status.RUNNING, Status.DAMAGED])
        return unfinished.update(status=Status.CANCELLED, worker="")


class Buildable(models.Model):
    """claim → report … → finish, fail or cancel."""

    status = models.CharField(max_length=12, choices=Status, default=Status.WAITING, db_index=True)
    done = models.PositiveBigIntegerField(default=0, help_text="units of work safely on disk")
    total = models.PositiveBigIntegerField(default=0, help_text="units of work in all")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="claims since the last progress")
    worker = models.CharField(max_length=200, blank=True, help_text="host:pid:start of the process that holds it")
    error = models.TextField(blank=True)
    queued_at = models.DateTimeField(default=timezone.now, help_text="its place in the queue")
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = BuildableQuerySet.as_manager()

    class Meta:
        abstract = True

    def _mine(self) -> BuildableQuerySet:
        rows: BuildableQuerySet = type(self)._default_manager.all()
        return rows.filter(pk=self.pk, status=Status.RUNNING, worker=this_worker())

    def claim(self) -> bool:
        """Take the work, atomically; False when another worker already has it."""
        rows: BuildableQuerySet = type(self)._default_manager.all()
        taken = (
            rows.claimable()
            .filter(pk=self.pk)
            .update(
                status=Status.RUNNING,
                worker=this_worker(),
                heartbeat_at=timezone.now(),
                attempts=F("attempts") + 1,
                error="",
            )
        )
        if taken:
            self.refresh_from_db()
        return taken == 1

    def report(self, done: int, total: int) -> None:
        """Beat the heart and store the progress; Cancelled when the row is no longer ours."""
        forgiven = {"attempts": 1} if done > self.done else {}
        if not self._mine().update(done=done, total=total, heartbeat_at=timezone.now(), **forgiven):
            raise Cancelled(f"{self} was cancelled, or taken over by another worker.")
        self.done, self.total = done, total

    def finish(self, **fields: object) -> None:
        """Store the result; Cancelled when the row is no longer ours."""
        now = timezone.now()
        if not self._mine().update(status=Status.READY, finished_at=now, worker="", attempts=0, error="", **fields):
            raise Cancelled(f"{self} was cancelled, or taken over by another worker.")
        self.refresh_from_db()

    def release(self) -> None:
        """Give it back untried: it cannot be worked on just now."""
        self._mine().update(status=Status.WAITING, worker="", attempts=F("attempts") - 1)
        self.refresh_from_db()

    def fail(self, error: BaseException, *, final: bool = False) -> None:
        """Keep what went wrong. The row waits for another attempt until its attempts are used up.

        final: another attempt would end in the same way; the error is a sentence for people.
        """
        over = final or self.attempts >= ATTEMPTS
        self._mine().update(
            status=Status.FAILED if over else Status.WAITING,
            error=str(error)[:2000] if final else describe(error),
            worker="",
            queued_at=timezone.now(),
        )
        self.refresh_from_db()


def describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:2000]


def this_worker() -> str:
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_started(pid)}"


def alive(worker: str) -> bool:
    """Whether the process that signed itself so still runs on this machine (a reused pid does not count)."""
    _, pid, started = worker.rsplit(":", 2)
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _started(int(pid)) == started


def _started(pid: int) -> str:
    """When the process began, in clock ticks since boot (proc(5), field 22); "0" where there is no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return "0"
