"""Synthetic archives: datasets of made-up vectors on real tile addresses, for load tests and benchmarks.

Each shard is one day. All days show the same made-up picture of the Earth, so that tiles can be drawn too.
"""

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import rasterio
from django.conf import settings
from PIL import Image
from rasterio.transform import from_bounds

from ml.metrics import METRICS
from ml.shards import ShardWriter
from ml.synthetic import Clusters
from search import building, keys
from search.digests import file_digest
from search.errors import BadImagery
from search.grid import GEOGRAPHIC
from search.models import Dataset, Encoder, Product, Scene, SceneFile, Shard

FIRST = date(2001, 1, 1)
SIZE = (2048, 1024)  # pixels of the picture
BATCH = 50_000
Progress = Callable[[int, int], None]


def make(slug: str, *, tiles: int, shards: int, dim: int, engine: str, on_progress: Progress | None = None) -> Dataset:
    """A public map dataset of `tiles` tiles in `shards` days, searchable when this returns.

    Raises BadImagery when the name is taken or the numbers make no sense, OSError when the disk cannot hold it.
    """
    if min(tiles, shards, dim) < 1 or tiles < shards:
        raise BadImagery("An archive needs at least one tile a shard, and at least one dimension.")
    if Dataset.objects.filter(slug=slug).exists():
        raise BadImagery(f"There is a dataset {slug} already: delete it first (/admin/), or choose another --dataset.")
    level = level_for(-(-tiles // shards))
    check_room(tiles, dim)
    dataset = Dataset.objects.create(
        number=Dataset.next_number(), slug=slug, name=f"Synthetic, {tiles:,} tiles", kind=Dataset.Kind.MAP,
        encoder=encoder_of(dim), engine=engine, is_public=True, credit="Made-up data",
    )  # fmt: skip
    product = Product.objects.create(dataset=dataset, number=dataset.next_product_number(), name="noise")
    picture, clusters = draw_picture(dataset), Clusters(dim)
    for number, rows in enumerate(np.array_split(np.arange(tiles), shards)):
        shard = shard_of(product, number, level, picture, dim)
        fill(shard, clusters, int(rows[0]), len(rows))
        if on_progress:
            on_progress(int(rows[-1]) + 1, tiles)
    return dataset


def level_for(tiles: int) -> int:
    """The coarsest level with so many tiles."""
    for level in range(GEOGRAPHIC.deepest + 1):
        if GEOGRAPHIC.rows(level) * GEOGRAPHIC.columns(level) >= tiles:
            return level
    raise BadImagery(
        f"One shard holds {GEOGRAPHIC.rows(level) * GEOGRAPHIC.columns(level):,} tiles at most: use more shards."
    )


def check_room(tiles: int, dim: int) -> None:
    """About what vectors, their working copy and an index take."""
    needed, free = tiles * (dim * 4 + 1000), shutil.disk_usage(settings.DATA_DIR).free
    if needed > free:
        raise BadImagery(f"The archive needs {needed / 2**30:.1f} GB of disk, {free / 2**30:.1f} GB are free.")


def encoder_of(dim: int) -> Encoder:
    """A row without a model: there is nothing to embed."""
    defaults = {"name": f"synthetic-{dim}", "folder": "synthetic", "dim": dim, "size": 64}
    return Encoder.objects.get_or_create(fingerprint=f"synthetic-{dim}", defaults=defaults)[0]


def shard_of(product: Product, number: int, level: int, picture: Path, dim: int) -> Shard:
    """The row of day `number`, waiting."""
    world = {"west": -180.0, "south": -90.0, "east": 180.0, "north": 90.0}
    digest = file_digest(picture)
    scene = Scene.objects.create(
        product=product, day=keys.day_of(FIRST + timedelta(days=number)), version=digest[:12], resolution=360 / SIZE[0],
        stretch={"bands": [1, 2, 3], "low": [0, 0, 0], "high": [255, 255, 255]}, **world,
    )  # fmt: skip
    SceneFile.objects.create(scene=scene, path=str(picture), size=picture.stat().st_size, digest=digest, **world)
    return Shard.objects.create(scene=scene, level=level, encoder=product.dataset.encoder)


def fill(shard: Shard, clusters: Clusters, first: int, count: int) -> None:
    """Give the shard `count` tiles, row by row from the north-west, with vectors `first` and on."""
    shard.claim()
    rows, cols = np.divmod(np.arange(count), GEOGRAPHIC.columns(shard.level))
    packed = keys.pack_many(shard.scene.address(shard.level, 0, 0), rows, cols)
    bounds = GEOGRAPHIC.bounds_of_many(shard.level, rows, cols)
    random = np.random.default_rng((clusters.seed, first))
    with ShardWriter(
        building.home(shard) / building.BUILDING, keys=packed, bounds=bounds, dim=clusters.dim, fingerprint="synthetic"
    ) as writer:
        for start in range(0, count, BATCH):
            vectors = clusters.rows(first + start, first + min(start + BATCH, count))
            measured = {m.name: random.uniform(m.low, m.high, len(vectors)).astype(np.float32) for m in METRICS}
            writer.append(vectors, measured | {"nodata_share": np.zeros(len(vectors), np.float32)})
            shard.report(writer.done, writer.total)
        building.publish(shard, writer)


def draw_picture(dataset: Dataset) -> Path:
    """Smooth noise in three colours over the whole Earth, as a tiled GeoTIFF."""
    path = Path(settings.DATA_DIR) / "scenes" / dataset.slug / "noise.tif"
    path.parent.mkdir(parents=True, exist_ok=True)
    random, image = np.random.default_rng(0), np.zeros((SIZE[1], SIZE[0], 3), np.float32)
    for step in (4, 16, 64, 256):
        noise = random.integers(0, 256, (step, 2 * step, 3), np.uint8)
        image += np.asarray(Image.fromarray(noise).resize(SIZE, Image.Resampling.BICUBIC), np.float32) / 4
    profile = {"width": SIZE[0], "height": SIZE[1], "count": 3, "dtype": "uint8", "crs": "EPSG:4326", "tiled": True,
               "compress": "deflate", "transform": from_bounds(-180, -90, 180, 90, *SIZE)}  # fmt: skip
    with rasterio.open(path, "w", driver="GTiff", **profile) as file:
        file.write(np.moveaxis(image.astype(np.uint8), -1, 0))
        file.build_overviews([2, 4, 8])
    return path
