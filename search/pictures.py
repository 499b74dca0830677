"""Uploaded pictures as queries: decoded with limits, embedded, and kept for a while under an unguessable name."""

import secrets

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from ml import images
from search import encoders, tiles
from search.errors import TooLarge
from search.imagery.gallery import boxed
from search.models import Dataset, QueryPicture

THUMBNAIL = 256


def keep(dataset: Dataset, upload: UploadedFile, limit: int) -> QueryPicture:
    """Raises TooLarge, or ml.errors.BadImage for what is not a picture we are willing to decode."""
    if (upload.size or 0) > limit:
        raise TooLarge(f"The picture has {(upload.size or 0) / 2**20:.0f} MB; the limit is {limit / 2**20:.0f} MB.")
    image = images.decode(upload.read(), max_bytes=limit)
    square, _ = boxed(image, dataset.encoder.size)
    vector = encoders.encode_one(dataset.encoder, square)
    return QueryPicture.objects.create(
        token=secrets.token_hex(16), encoder=dataset.encoder, vector=vector.astype("<f4").tobytes(),
        thumbnail=tiles.encode(*boxed(image, THUMBNAIL), "webp"),
    )  # fmt: skip


def use(tokens: tuple[str, ...]) -> None:
    """Keep what is searched with from expiring."""
    if tokens:
        QueryPicture.objects.filter(token__in=tokens).update(used_at=timezone.now())
