"""Folders of plain pictures looked at and listed: image number -> path, in a Parquet file beside the database."""

from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.conf import settings

from ml.errors import BadImage
from search import keys
from search.digests import file_digest, version_of
from search.errors import BadImagery
from search.imagery.gallery import SCHEMA, decoded, list_path, listed
from search.models import Product, Scene


@dataclass(frozen=True)
class Inspected:
    path: str
    name: str
    width: int
    height: int
    bytes: int
    digest: str


def inspect(path: Path) -> Inspected:
    """Decode a picture once, whole, so that a broken one is refused now and not in the middle of a build."""
    size = path.stat().st_size
    if size > settings.GALLERY_IMAGE_LIMIT:
        raise BadImagery(f"{path.name} has {size / 2**20:.0f} MB; a gallery's images may have "
                         f"{settings.GALLERY_IMAGE_LIMIT / 2**20:.0f} MB (GALLERY_IMAGE_LIMIT_MB).")  # fmt: skip
    try:
        height, width = decoded(path).shape[:2]
    except BadImage as error:
        raise BadImagery(f"{path.name}: {error}") from error
    return Inspected(str(path), path.name, width, height, size, file_digest(path))


def store(product: Product, day: int, found: list[Inspected]) -> Scene:
    """Add pictures to the gallery's scene. A path that is already listed keeps its number."""
    scene = Scene.objects.filter(product=product, day=day).first() or Scene(product=product, day=day)
    old = listed(scene).to_pylist() if scene.version else []
    numbers = {row["path"]: row["number"] for row in old}
    rows = {row["number"]: row for row in old}
    for image in found:
        number = numbers.setdefault(image.path, len(numbers))
        keys.image_address(product.dataset.number, product.number, day, number)
        rows[number] = {"number": number, **asdict(image)}
    table = pa.Table.from_pylist([rows[number] for number in sorted(rows)], schema=SCHEMA)
    scene.version = version_of(pc.binary_join_element_wise(table["path"], table["digest"], " ").to_pylist())
    scene.images = len(table)
    scene.save()
    path = list_path(scene)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)
    return scene
