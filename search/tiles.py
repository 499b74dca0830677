"""Pictures of tiles in any size, as WebP, PNG or JPEG, with no-data transparent."""

import io
from functools import lru_cache

import numpy as np
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from PIL import Image

from search import imagery, keys
from search.errors import BadQuery, NoSuchTile
from search.models import Dataset, Scene
from search.tilecache import TileCache

cache = TileCache(lambda: settings.TILE_CACHE)
SMALLEST, LARGEST = 16, 1024  # pixels a side
FORMATS = {"webp": ("WEBP", "image/webp"), "png": ("PNG", "image/png"), "jpg": ("JPEG", "image/jpeg")}
SETTINGS: dict[str, dict[str, int]] = {"webp": {"quality": 82, "method": 2}, "png": {}, "jpg": {"quality": 88}}


def scene_at(user: User | AnonymousUser, slug: str, product: str, day: str) -> Scene:
    """The scene, its product and dataset, in one look at the database, when this person may see it.

    Raises NoSuchDataset, whether there is none or they may not; NoSuchTile.
    """
    mine = Dataset.objects.visible_to(user).filter(slug=slug)
    found = (
        Scene.objects.select_related("product__dataset")
        .order_by()
        .filter(product__dataset__in=mine, product__name=product, day=keys.read_day(day))
    )
    scene = found.first()
    if scene is None:
        raise NoSuchTile(f"{Dataset.visible(user, slug).name} has no imagery of {product} on {day}.")
    return scene


def check(scene: Scene, level: int, row: int, col: int, offset: int = 0) -> None:
    """Refuse what does not exist before anything is read."""
    if scene.product.dataset.kind == Dataset.Kind.MAP:
        scene.product.dataset.grid.check(level, row, col, offset)
    elif offset:
        raise NoSuchTile("A gallery's pictures lie in no grid.")


def check_offset(text: str) -> int:
    if text not in ("", "0", "1"):
        raise BadQuery(f"offset is {text[:20]!r}; write 1 for a tile of the half-tile offset grid.")
    return int(text or 0)


def check_size(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and SMALLEST <= int(text[:6]) <= LARGEST):
        raise BadQuery(f"size is {text[:20]!r}; write a number of pixels from {SMALLEST} to {LARGEST}.")
    return int(text)


def image(scene: Scene, level: int, row: int, col: int, size: int, form: str, offset: int = 0) -> bytes:
    """One tile as an encoded image of (size, size) pixels, from the cache where it is. Whoever asks may see it."""
    key = (scene.pk, scene.version, level, row, col, offset, size, form)
    return cache.get(
        key, lambda: render(scene, level, row, col, size, form, offset),
        worth=lambda content: not is_absent(scene, content, size, form),
    )  # fmt: skip


def is_absent(scene: Scene, content: bytes, size: int, form: str) -> bool:
    """Whether the image shows a tile that was not downloaded: it may be at any moment, without a new version."""
    return bool(scene.folder) and content == nothing(size, form)


@lru_cache(maxsize=16)
def nothing(size: int, form: str) -> bytes:
    """The image of a tile without any data."""
    return encode(np.zeros((size, size, 3), np.uint8), np.zeros((size, size), bool), form)


def render(scene: Scene, level: int, row: int, col: int, size: int, form: str, offset: int = 0) -> bytes:
    dataset = scene.product.dataset
    within = dataset.grid.bounds(level, row, col, offset) if dataset.kind == Dataset.Kind.MAP else None
    with imagery.opened(scene, within) as reader:
        rgb, valid = reader.picture(level, row, col, size, offset)
    return encode(rgb, valid, form)


def encode(rgb: np.ndarray, valid: np.ndarray, form: str) -> bytes:
    """(h, w, 3) uint8 and (h, w) bool -> file content; JPEG has no transparency and shows no-data black."""
    if form != "jpg" and not valid.all():
        rgb = np.dstack([rgb, valid * np.uint8(255)])
    elif not valid.all():
        rgb = np.where(valid[..., None], rgb, 0).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, FORMATS[form][0], **SETTINGS[form])
    return out.getvalue()
