"""How a training tells of itself: into its row, to the pages that watch, and that it is still alive."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from django.db import close_old_connections, connection

from ml.train.config import Update
from search import progress
from search.errors import Cancelled
from search.models import Training

PAUSE = 1.0  # seconds between two stored reports
BEAT = 20.0  # seconds between heartbeats while a step, or the report card, takes long


@dataclass
class Reporter:
    """Throttled: what is told between two reports is averaged into the next."""

    job: Training
    on_progress: Callable[[Training], None] | None = None
    _last: float = field(default=0.0, repr=False)
    _began: str = field(default="", repr=False)
    _losses: list[float] = field(default_factory=list, repr=False)
    _measured: tuple[float | None, float | None] = field(default=(None, None), repr=False)

    def tiles(self, done: int, total: int) -> None:
        """Raises Cancelled when the training was stopped."""
        self._begin(Training.Phase.TILES, done)
        if self._due(done >= total):
            self._report(done, total)
            self._tell()

    def learnt(self, update: Update) -> None:
        """Raises Cancelled, which ends ml.train.train: what is checkpointed stays."""
        done, total = update.step, update.steps
        self._begin(Training.Phase.LEARNING, done)
        self._losses.append(update.loss)
        if update.knn is not None or update.rank is not None:
            self._measured = (update.knn, update.rank)
        if self._due(done >= total or update.knn is not None or update.rank is not None):
            self._report(done, total)
            at, loss = update.epochs * done / max(1, total), sum(self._losses) / len(self._losses)
            point = [round(at, 4), loss, *self._measured]
            self.job.show(update._asdict(), point)
            self._losses, self._measured = [], (None, None)
            self._tell()
        if done >= total:
            self.storing()

    def storing(self) -> None:
        self.job.enter(Training.Phase.STORING)
        self._tell()

    def _begin(self, phase: str, done: int) -> None:
        """At the first call of a phase in this attempt."""
        if self._began != phase:
            self._began = phase
            self.job.enter(phase)
            self.job.begin(max(done, self.job.done))

    def _report(self, done: int, total: int) -> None:
        """Never less than an earlier attempt has reached: only what goes beyond it lets a training try again."""
        self.job.report(max(done, self.job.done), total)

    def _due(self, whatever: bool) -> bool:
        now = time.monotonic()
        if now - self._last < PAUSE and not whatever:
            return False
        self._last = now
        return True

    def _tell(self) -> None:
        progress.announce(self.job.dataset)
        if self.on_progress:
            self.on_progress(self.job)


class Heart:
    """Beats beside the work, so that a long step is not taken for a dead worker. A context manager."""

    def __init__(self, job: Training) -> None:
        self._job, self._over = job, threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"training-{job.pk}", daemon=True)

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            close_old_connections()
            try:
                Training.objects.get(pk=self._job.pk).beat()
            except (Cancelled, Training.DoesNotExist):
                return  # the work notices at its own next report
            finally:
                connection.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
