"""Pictures people search with: kept for a while so that such a search has an address."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.utils import timezone

from search.models.encoders import Encoder

KEPT = timedelta(days=30)


class QueryPictureQuerySet(models.QuerySet):
    def expired(self) -> Self:
        return self.filter(used_at__lt=timezone.now() - KEPT)


class QueryPicture(models.Model):
    """An uploaded picture as its embedding (float32, little-endian) and a small WebP; the original is not kept."""

    token = models.CharField(max_length=40, unique=True)
    encoder = models.ForeignKey(Encoder, on_delete=models.CASCADE)
    vector = models.BinaryField()
    thumbnail = models.BinaryField()
    used_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = QueryPictureQuerySet.as_manager()

    def __str__(self) -> str:
        return self.token
