"""How a training tells of itself: into its row, and to the pages that watch."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ml.train.config import Update
from search import progress
from search.models import Training

PAUSE = 1.0  # seconds between two stored reports


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
