"""Plain pictures looked at and listed: image number -> path, label and what else is known, in a Parquet file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from ml.errors import BadImage
from search import keys
from search.digests import file_digest, version_of
from search.errors import BadImagery
from search.imagery import gallery
from search.imagery.gallery import SCHEMA, decoded, list_path, listed
from search.intake.items import Item
from search.intake.ledger import Ledger
from search.intake.stretching import Sketch, sketch
from search.models import Product, Scene

LOOKED_AT = 512  # pixels a side of the reduced picture from which a stretch is taken


@dataclass(frozen=True)
class Inspected:
    """sketch: of a picture of more than 8 bits a colour, which the gallery's stretch is taken from."""

    path: str
    name: str
    width: int
    height: int
    bytes: int
    digest: str
    label: str | None = None
    meta: str | None = None
    day: date | None = None
    sketch: Sketch | None = None
    frame_time: float | None = None
    frame_change: float | None = None

    def row(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("day", "sketch")}


def look(item: Item, ledger: Ledger | None = None) -> Inspected:
    """`inspect`, or what an earlier import found out about this very file."""
    known = ledger.find(item.path) if ledger else None
    if known is None:
        known = inspect(item.path, item.title)
        if ledger:
            ledger.add(item.path, known)
    sketched = Sketch.from_json(known["sketch"]) if known["sketch"] else None
    meta = json.dumps(item.meta, ensure_ascii=False) if item.meta else None
    given: dict[str, Any] = {"name": item.title, "label": item.label or None, "meta": meta, "day": item.day,
                             "frame_time": item.frame_time, "frame_change": item.frame_change}  # fmt: skip
    return Inspected(path=str(item.path), **given, **{**known, "sketch": sketched})


def inspect(path: Path, title: str = "") -> dict[str, Any]:
    """Decode a picture once, whole, so that a broken one is refused now and not in the middle of a build."""
    size, title = path.stat().st_size, title or path.name
    if size > settings.GALLERY_IMAGE_LIMIT:
        raise BadImagery(f"{title} has {size / 2**20:.0f} MB; a gallery's images may have "
                         f"{settings.GALLERY_IMAGE_LIMIT / 2**20:.0f} MB (GALLERY_IMAGE_LIMIT_MB).")  # fmt: skip
    try:
        height, width = decoded(path).shape[:2]
        found = sketch(gallery.values(path, most=LOOKED_AT)) if gallery.is_deep(path) else None
    except BadImage as error:
        raise BadImagery(f"{title}: {error}") from error
    if found and not found.count:
        raise BadImagery(f"{title} holds no data: every pixel is empty or not a number.")
    return {"width": width, "height": height, "bytes": size, "digest": file_digest(path),
            "sketch": found.as_json() if found else None}  # fmt: skip


def store(product: Product, day: int, found: Sequence[Inspected]) -> Scene:
    """Add pictures to the gallery's scene. A path that is already listed keeps its number."""
    scene = Scene.objects.filter(product=product, day=day).first() or Scene(product=product, day=day)
    old = listed(scene).to_pylist() if scene.version else []
    numbers = {row["path"]: row["number"] for row in old}
    rows = {row["number"]: row for row in old}
    for image in found:
        number = numbers.setdefault(image.path, len(numbers))
        keys.image_address(product.dataset.number, product.number, day, number)
        rows[number] = {"number": number, **image.row()}
    table = pa.Table.from_pylist([rows[number] for number in sorted(rows)], schema=SCHEMA)
    scene.version = version_of(describing(row) for row in table.to_pylist())
    scene.images = len(table)
    scene.save()
    path = list_path(scene)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)
    return scene


def describing(row: dict[str, Any]) -> str:
    """What a change of makes a new version of the scene."""
    said = [row[name] for name in ("path", "digest", "label", "meta") if row[name] is not None]
    return " ".join(said)
