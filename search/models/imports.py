"""Imports: each bringing-in of imagery is a row that says what was asked, how far it is and what came of it."""

from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils import timezone

from search.models.buildable import Buildable, Status
from search.models.datasets import Dataset


class Import(Buildable):
    """The recipe is all that is needed to do it again; the summary is what came of it, its keys are the kind's own."""

    class Kind(models.TextChoices):
        GIBS = "gibs", "NASA GIBS"
        FILES = "files", "files"
        EMBEDDINGS = "embeddings", "embeddings"
        COMPOSITE = "composite", "composite"

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="imports")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    kind = models.CharField(max_length=12, choices=Kind)
    recipe = models.JSONField(default=dict, blank=True)
    summary = models.JSONField(default=dict, blank=True)
    unit = models.CharField(max_length=20, default="files", help_text="what `done` and `total` count")
    created_at = models.DateTimeField(auto_now_add=True)
    began_at = models.DateTimeField(null=True, blank=True, help_text="of this attempt")
    began_done = models.PositiveBigIntegerField(default=0, help_text="what was done before this attempt")

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"Import {self.pk} into {self.dataset.slug} ({self.get_kind_display()})"

    @property
    def folder(self) -> Path:
        """Its log, and what else it keeps for itself."""
        return Path(settings.DATA_DIR) / "imports" / str(self.pk)

    @property
    def seconds(self) -> float:
        """How long this attempt has taken, or took; 0.0 before it."""
        end = self.finished_at if self.status == Status.READY else self.heartbeat_at
        running = timezone.now() if self.status == Status.RUNNING else end
        return max(0.0, (running - self.began_at).total_seconds()) if self.began_at and running else 0.0

    @property
    def rate(self) -> float | None:
        """Units a second of this attempt; None before there is one."""
        fresh = self.done - self.began_done
        return fresh / self.seconds if fresh > 0 and self.seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """None while nobody can say."""
        if self.status != Status.RUNNING or not self.rate or not self.total:
            return None
        return max(0, self.total - self.done) / self.rate

    def begin(self, done: int = 0) -> None:
        """Of a new attempt that goes on from `done`: what its rate is measured from."""
        self.done = self.began_done = done
        self.began_at = timezone.now()
        self._mine().update(done=done, began_done=done, began_at=self.began_at)

    def count_in(self, unit: str) -> None:
        self._mine().exclude(unit=unit).update(unit=unit)
        self.unit = unit


class Animation(Buildable):
    """A film of a region over its dates; old ones are tidied away with their files."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="animations")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    recipe = models.JSONField(default=dict, blank=True)
    summary = models.JSONField(default=dict, blank=True)
    file = models.CharField(max_length=500, blank=True, help_text="the finished film, below the data folder")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"Animation {self.pk} of {self.dataset.slug}"

    def path(self) -> Path:
        return Path(settings.DATA_DIR) / self.file
