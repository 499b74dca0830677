"""Trainings: encoders that learn from a dataset's own tiles. The row says what was asked, how far it is, what came."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from search.errors import Cancelled
from search.models.buildable import Buildable, Status
from search.models.datasets import Dataset
from search.models.encoders import Encoder

POINTS = 240  # of the curve that are kept: beyond that every second one goes


class Training(Buildable):
    """`done` and `total` count tiles while they are gathered, then steps of learning.

    options: as search.training.options.Options has them.  curve: [epochs so far, loss, kNN, effective rank], oldest
    first.  state: the last of ml.train's updates.  summary: what the report card says in short.
    """

    class Phase(models.TextChoices):
        TILES = "tiles", "gathering tiles"
        LEARNING = "learning", "learning"
        STORING = "storing", "writing the report card"

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="trainings")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    name = models.CharField(max_length=64, help_text="of the encoder in the model store")
    options = models.JSONField(default=dict, blank=True)
    phase = models.CharField(max_length=8, choices=Phase, default=Phase.TILES)
    state = models.JSONField(default=dict, blank=True)
    curve = models.JSONField(default=list, blank=True)
    summary = models.JSONField(default=dict, blank=True)
    encoder = models.ForeignKey(
        Encoder, null=True, blank=True, on_delete=models.SET_NULL, related_name="trainings", help_text="what came of it"
    )
    version = models.CharField(max_length=9, blank=True, help_text="of that name in the model store")
    created_at = models.DateTimeField(auto_now_add=True)
    began_at = models.DateTimeField(null=True, blank=True, help_text="of this phase, in this attempt")
    began_done = models.PositiveBigIntegerField(default=0, help_text="what was done before this attempt")

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"Training {self.pk} of {self.name} on {self.dataset.slug}"

    @property
    def folder(self) -> Path:
        """Its tiles and checkpoints; gone once the encoder is in the store."""
        return Path(settings.DATA_DIR) / "trainings" / str(self.pk)

    def begin(self, done: int) -> None:
        """Of a phase, in a new attempt that goes on from `done`: what its pace is measured from."""
        self._store(began_at=timezone.now(), began_done=done)

    def enter(self, phase: str) -> None:
        """Count in another unit from nothing; where an earlier attempt was in it already its count goes on."""
        if self.phase == phase:
            return
        counts = {} if phase == self.Phase.STORING else {"done": 0, "total": 0}
        self._store(phase=phase, **counts)

    def show(self, state: dict[str, Any], point: list[float | None]) -> None:
        """What the last step was like. A run that goes on at a checkpoint takes back what it had drawn beyond it."""
        curve = [*(old for old in self.curve if old[0] < (point[0] or 0)), point]
        self._store(state=state, curve=curve[(len(curve) + 1) % 2 :: 2] if len(curve) > POINTS else curve)

    def beat(self) -> None:
        """Nothing new, still here. Raises Cancelled when it was stopped."""
        self._store(heartbeat_at=timezone.now())

    def _store(self, **fields: Any) -> None:
        if not self._mine().update(**fields):
            raise Cancelled(f"{self} was cancelled, or taken over by another worker.")
        for name, value in fields.items():
            setattr(self, name, value)

    @property
    def seconds_left(self) -> float | None:
        """Of this phase, by its pace so far; None while nobody can say."""
        fresh = self.done - self.began_done
        if self.status != Status.RUNNING or not self.began_at or fresh <= 0:
            return None
        return max(0, self.total - self.done) * (timezone.now() - self.began_at).total_seconds() / fresh
