"""Shards: all tiles of one scene at one level, embedded by one encoder. The row is also the build's job record."""

from pathlib import Path
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F

from search.models.buildable import Buildable, BuildableQuerySet, Status
from search.models.datasets import Dataset, Scene
from search.models.encoders import Encoder


class ShardQuerySet(BuildableQuerySet):
    def of(self, dataset: Dataset) -> Self:
        """The dataset's shards for the encoder it uses now."""
        mine = self.filter(scene__product__dataset=dataset, encoder_id=dataset.encoder_id)
        return mine.select_related("scene__product", "encoder")

    def outdated(self) -> Self:
        """Finished, but of imagery that has changed since."""
        return self.filter(status=Status.READY).exclude(scene_version=F("scene__version"))

    def searchable(self) -> Self:
        """Those with a finished folder: also while a newer one is being built."""
        return self.exclude(folder="").exclude(status=Status.DAMAGED)


class Shard(Buildable):
    scene = models.ForeignKey(Scene, on_delete=models.CASCADE, related_name="shards")
    encoder = models.ForeignKey(Encoder, on_delete=models.PROTECT, related_name="shards")
    level = models.PositiveSmallIntegerField()
    folder = models.CharField(max_length=500, blank=True, help_text="the finished columns, below the shards folder")
    tiles = models.PositiveBigIntegerField(default=0, help_text="tiles in the finished folder")
    bytes = models.PositiveBigIntegerField(default=0)
    recall = models.FloatField(null=True, blank=True, help_text="of the index at k = 50, measured when it was built")
    engine = models.CharField(max_length=16, blank=True, help_text="of the index; scan: every tile is compared")
    scene_version = models.CharField(max_length=16, blank=True, help_text="the imagery the finished folder was made of")
    measured = models.CharField(max_length=40, blank=True, help_text="which metrics its columns hold")

    objects = ShardQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering = ["scene", "level"]
        constraints = [models.UniqueConstraint(fields=["scene", "encoder", "level"], name="shard_once")]

    def __str__(self) -> str:
        return f"{self.scene} level {self.level}"

    def place(self) -> str:
        """Where its folders lie below the shards folder: each finished build is one folder in there."""
        product = self.scene.product
        encoder = f"{self.encoder.name}-{self.encoder.fingerprint}"
        return f"{product.dataset.slug}/{encoder}/{product.name}/{self.scene.written_day}/L{self.level:02d}"

    def path(self) -> Path:
        return shards_folder() / self.folder


def shards_folder() -> Path:
    return Path(settings.DATA_DIR) / "shards"
