"""Encoders as the database knows them: an entry of the model store that some dataset uses."""

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from ml.encoders import Encoder as LoadedEncoder


class Encoder(models.Model):
    name = models.SlugField(max_length=80)
    fingerprint = models.CharField(max_length=16, unique=True, help_text="digest of configuration and weights")
    folder = models.CharField(max_length=1000, blank=True, help_text="empty for those that come with Lookalike")
    dim = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text="pixels a side it looks at")
    has_text = models.BooleanField(default=False)
    licence = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "-created_at"]

    def __str__(self) -> str:
        return f"{self.name} {self.fingerprint[:6]}"

    def path(self) -> Path:
        """`folder` is below the data folder, so that that can move, or anywhere else."""
        from ml.encoders import builtin

        return Path(settings.DATA_DIR) / self.folder if self.folder else builtin()[self.name]

    @property
    def page(self) -> str:
        """Its report card's address; "" where it is not of the model store."""
        if not self.folder:
            return f"/datasets/models/{self.name}/"
        return f"/datasets/{self.folder}/" if self.folder.startswith("models/") else ""

    def load(self) -> "LoadedEncoder":
        """The model itself, loaded once a process."""
        from search.encoders import loaded

        return loaded(self)
