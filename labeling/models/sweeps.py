"""Sweeps: every tile of the archive scored by one classifier; and audits, which tell how many it still misses.

A sweep is as far as its parts, each one shard and its own job record. Scores lie in files, one row a tile; the database
has a row for each shard, and for each tile that an audit drew.
"""

from pathlib import Path
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone

from labeling.models.campaigns import Campaign
from labeling.models.cards import Card
from labeling.models.rounds import Round
from search import keys
from search.errors import Cancelled
from search.models import Buildable, Shard, Status
from search.models.buildable import BuildableQuerySet

UNFINISHED = ("waiting", "running")


class Sweep(models.Model):
    """classifier: its folder, below the data folder.  scope: what of the dataset it looks at, as its learner had it.

    histogram: tiles in each of equally wide bands of the score from 0 to 1.  threshold: the score that is suggested as
    the limit between yes and no.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        READY = "ready", "ready"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="sweeps")
    number = models.PositiveIntegerField()
    round = models.ForeignKey(Round, null=True, blank=True, on_delete=models.SET_NULL, related_name="sweeps")
    classifier = models.CharField(max_length=200)
    scope = models.JSONField(default=dict, blank=True)
    status = models.CharField(max_length=12, choices=State, default=State.WAITING, db_index=True)
    histogram = models.JSONField(default=list, blank=True)
    threshold = models.FloatField(null=True, blank=True)
    error = models.TextField(blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["campaign", "number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="sweep_number_once"),
            models.UniqueConstraint(
                fields=["campaign"], name="one_sweep_at_a_time", condition=Q(status__in=UNFINISHED)
            ),
        ]

    def __str__(self) -> str:
        return f"Sweep {self.number} of campaign {self.campaign_id}"

    @property
    def folder(self) -> Path:
        """Where its scores lie."""
        return Path(settings.DATA_DIR) / "campaigns" / str(self.campaign_id) / "sweeps" / str(self.number)

    @property
    def classifier_path(self) -> Path:
        return Path(settings.DATA_DIR) / self.classifier

    @property
    def version(self) -> str:
        """The classifier's name and version, as its folder says them: campaign-1/3."""
        return "/".join(Path(self.classifier).parts[-2:])

    def goes_on(self) -> bool:
        """As it is stored now."""
        return Sweep.objects.filter(pk=self.pk, status__in=UNFINISHED).exists()

    def progress(self) -> tuple[int, int]:
        """Tiles scored, and tiles in all."""
        sums = self.parts.aggregate(done=Sum("done"), total=Sum("total"))
        return sums["done"] or 0, sums["total"] or 0


class SweepPartQuerySet(BuildableQuerySet):
    def wanted(self) -> Self:
        """Those of sweeps that go on."""
        return self.filter(sweep__status__in=UNFINISHED)

    def ready(self) -> Self:
        return self.filter(status=Status.READY)


class SweepPart(Buildable):
    """One shard of a sweep.

    folder: the shard's, whose vectors were scored; another one means that the shard was built anew since.
    tiles: those that the sweep's area holds, counted once all are scored.
    """

    sweep = models.ForeignKey(Sweep, on_delete=models.CASCADE, related_name="parts")
    shard = models.ForeignKey(Shard, null=True, on_delete=models.SET_NULL, related_name="+")
    product = models.CharField(max_length=80)
    day = models.PositiveIntegerField()
    level = models.PositiveSmallIntegerField()
    folder = models.CharField(max_length=500, blank=True)
    tiles = models.PositiveBigIntegerField(default=0)
    histogram = models.JSONField(default=list, blank=True)

    objects = SweepPartQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering = ["sweep", "product", "day", "level"]
        constraints = [
            models.UniqueConstraint(fields=["sweep", "product", "day", "level"], name="part_of_a_sweep_once")
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.written_day} level {self.level} of {self.sweep}"

    def begin_anew(self, folder: str) -> None:
        """Of this build of its shard nothing has been scored yet; Cancelled when the row is no longer ours."""
        if not self._mine().update(folder=folder, done=0):
            raise Cancelled(f"{self} was cancelled, or taken over by another worker.")
        self.folder, self.done = folder, 0

    @property
    def written_day(self) -> str:
        return keys.written(self.day)

    @property
    def name(self) -> str:
        """What its files begin with, in the sweep's folder."""
        return f"{self.product}-{self.written_day}-L{self.level:02d}"

    @property
    def path(self) -> Path:
        """(n,) scores in the order of the shard's rows."""
        return self.sweep.folder / f"{self.name}.npy"


class Audit(models.Model):
    """Tiles drawn at random from a sweep, by score, to be labelled blind.

    strata: [{"low", "high", "seen", "tiles", "drawn"}] of the tiles that had no label then; seen: whether labelled
    tiles show the same places.  The labels that there were then lie in `known_path`.
    """

    class Who(models.TextChoices):
        HOST = "host", "the host"
        PHONES = "phones", "the phones"

    sweep = models.OneToOneField(Sweep, on_delete=models.CASCADE, related_name="audit")
    who = models.CharField(max_length=8, choices=Who)
    strata = models.JSONField(default=list)
    seed = models.BigIntegerField(help_text="of the draw")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Audit of {self.sweep}"

    @property
    def known_path(self) -> Path:
        """key, score and whether positive, of the sweep's tiles that had a label when the audit was drawn."""
        return self.sweep.folder / "audit.npz"


class AuditTile(models.Model):
    """Nobody who labels is shown its score.  position: the order in which it is asked, which is random."""

    audit = models.ForeignKey(Audit, on_delete=models.CASCADE, related_name="tiles")
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="audit_tiles")
    key = models.BigIntegerField()
    score = models.FloatField()
    stratum = models.PositiveSmallIntegerField()
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["audit", "position"]
        constraints = [models.UniqueConstraint(fields=["audit", "key"], name="audited_once")]

    def __str__(self) -> str:
        return f"{self.key} of {self.audit}"
