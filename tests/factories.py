"""Small real things to test with."""

import io
from pathlib import Path

import numpy as np
import rasterio
from django.conf import settings
from PIL import Image
from rasterio.transform import from_bounds

from search import building, encoders, importing, tilesets
from search.digests import file_digest
from search.imagery.nodata import missing
from search.models import Dataset, Product, Scene, Shard

DEMO = Path(settings.BASE_DIR) / "demo"
JANUARY, MARCH = DEMO / "bluemarble_2004-01-01.tif", DEMO / "bluemarble_2004-03-01.tif"


def make_map(slug: str = "small", paths: list[Path] | None = None, **options: object) -> Dataset:
    """A dataset with its scenes and waiting shards, nothing built: January, level 4 (200 tiles), colour statistics."""
    chosen = {"levels": (4,), "encoder": "colour", "public": True, "product": "true-colour", **options}
    return importing.import_images(paths or [JANUARY], importing.Options(slug=slug, **chosen)).dataset


def build_all(dataset: Dataset) -> Dataset:
    for shard in Shard.objects.of(dataset):
        building.build_here(shard)
    return dataset


def make_gallery(folder: Path, slug: str = "pictures", count: int = 5, **options: object) -> Dataset:
    folder.mkdir(exist_ok=True)
    for i in range(count):
        (folder / f"frame-{i}.png").write_bytes(picture_bytes(seed=i, size=(90, 60)))
    chosen = {"encoder": "colour", "public": True, **options}
    return importing.import_images([folder], importing.Options(slug=slug, **chosen)).dataset


def make_raster(
    path: Path, data: np.ndarray, bounds: tuple[float, float, float, float] = (0, 0, 9, 9), **profile: object
) -> Path:
    """data: (bands, h, w), north up on bounds (west, south, east, north) in EPSG:4326."""
    bands, height, width = data.shape
    defaults = {"driver": "GTiff", "crs": "EPSG:4326", "transform": from_bounds(*bounds, width, height)}
    shape = {"count": bands, "height": height, "width": width, "dtype": data.dtype}
    with rasterio.open(path, "w", **{**defaults, **shape, **profile}) as file:
        file.write(data)
    return path


def noise(bands: int = 3, height: int = 64, width: int = 64, seed: int = 0) -> np.ndarray:
    """(bands, h, w) uint8."""
    return np.random.default_rng(seed).integers(1, 255, (bands, height, width), np.uint8)


def picture_bytes(*, seed: int = 0, size: tuple[int, int] = (64, 64), form: str = "PNG") -> bytes:
    width, height = size
    out = io.BytesIO()
    Image.fromarray(np.moveaxis(noise(3, height, width, seed), 0, -1)).save(out, form)
    return out.getvalue()


def make_tileset(
    slug: str = "tiles",
    tiles: dict[tuple[int, int, int], np.ndarray] | None = None,
    *,
    day: int = 40000,
    form: str = "JPEG",
    **fields: object,
) -> Scene:
    """A scene of downloaded tiles.  tiles: (level, row, col) -> (512, 512, 3 or 4) uint8; by default level 5, 2×2."""
    encoder = encoders.register("colour")
    dataset = Dataset.objects.create(
        number=Dataset.next_number(), slug=slug, name=slug, is_public=True, encoder=encoder, **fields
    )
    product = Product.objects.create(
        dataset=dataset,
        number=dataset.next_product_number(),
        name="layer",
        source={"gibs": {"layer": "layer", "format": f"image/{form.lower()}"}},
    )
    side = dataset.grid.tile_size
    given = tiles or {(5, row, col): smooth(side, seed=row * 9 + col) for row in (10, 11) for col in (20, 21)}
    return add_tiles(product, day, given, form)


def add_tiles(product: Product, day: int, tiles: dict[tuple[int, int, int], np.ndarray], form: str = "JPEG") -> Scene:
    folder = f"gibs/test/{product.dataset.slug}/{day}"
    return tilesets.store(product, day, folder, [put_tile(folder, place, t, form) for place, t in tiles.items()])


def put_tile(folder: str, place: tuple[int, int, int], pixels: np.ndarray, form: str) -> tilesets.Held:
    level, row, col = place
    path = Path(settings.DATA_DIR) / folder / f"{level}/{row}/{col}.{'jpg' if form == 'JPEG' else 'png'}"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, form, **({"quality": 90} if form == "JPEG" else {}))
    gone = float(missing(np.asarray(Image.open(path))).mean())
    return tilesets.Held(*place, path.stat().st_size, file_digest(path), gone)


def smooth(side: int, seed: int = 0) -> np.ndarray:
    """(side, side, 3) uint8: a soft picture that JPEG hardly changes."""
    small = np.random.default_rng(seed).integers(60, 220, (4, 4, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC))
