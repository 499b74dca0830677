"""The tiles that projections are fitted on, without labels, and those of one place in two months."""

from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image

SIZE = 128
MONTHS = ("01", "03", "05", "07")
Floats = NDArray[np.float32]
Images = NDArray[np.uint8]


def tiles(path: Path, level: int, size: int = SIZE) -> Images:
    """All tiles of the whole Earth, row by row: (rows * columns, size, size, 3)."""
    with rasterio.open(path) as file:
        image = Image.fromarray(file.read([1, 2, 3]).transpose(1, 2, 0))
    columns = int(360 / (288 / 2**level))
    side = image.width / columns
    places = np.ndindex(columns // 2, columns)
    boxes = [(c * side, r * side, (c + 1) * side, (r + 1) * side) for r, c in places]
    return np.stack([np.asarray(image.resize((size, size), Image.Resampling.BICUBIC, box=box)) for box in boxes])


def land(data: Path, level: int) -> NDArray[np.bool_]:
    """Which tiles are at least 5 % land, by MCD12C1: (tiles,)."""
    with rasterio.open(data / "MCD12C1_2019_IGBP_7200x3600.tif") as file:
        grid = file.read(1)
    columns = int(360 / (288 / 2**level))
    side = 7200 // columns
    cells = grid.reshape(columns // 2, side, columns, side).transpose(0, 2, 1, 3).reshape(columns**2 // 2, -1)
    return np.asarray((cells == 0).mean(axis=1) < 0.95)


def month(data: Path, number: str, level: int = 6) -> Images:
    """Land tiles of one month of 2004; the same places in the same order for every month."""
    return tiles(data / f"bluemarble_2004-{number}-01.tif", level)[land(data, level)]


def training_tiles(data: Path) -> Images:
    """Land of all months and levels, crops of finer scenes, and half of it again in other colours."""
    random = np.random.default_rng(0)
    earth = np.concatenate([month(data, number) for number in MONTHS])
    several = [_some(earth, 1200, random), _some(month(data, "08", 7), 1200, random), month(data, "08", 5)]
    natural = np.concatenate([*several, crops(data, 600, random)])
    other = np.stack([recoloured(image, random) for image in _some(natural, len(natural) // 2, random)])
    return np.concatenate([natural, other])


def _some(images: Images, count: int, random: np.random.Generator) -> Images:
    return images[random.choice(len(images), min(count, len(images)), replace=False)]


def crops(data: Path, count: int, random: np.random.Generator) -> Images:
    """Squares of all sizes from the scenes at 10 to 30 m: (count, 128, 128, 3)."""
    scenes = [Image.open(path).convert("RGB") for path in sorted((data / "scenes").glob("*.jpg"))]
    return np.stack([_crop(scenes[random.integers(len(scenes))], random) for _ in range(count)])


def _crop(scene: Image.Image, random: np.random.Generator) -> Images:
    side = int(random.integers(96, min(scene.size) + 1))
    x, y = (int(random.integers(0, length - side + 1)) for length in scene.size)
    return np.asarray(scene.resize((SIZE, SIZE), Image.Resampling.BICUBIC, box=(x, y, x + side, y + side)))


def recoloured(image: Images, random: np.random.Generator) -> Images:
    """Channels swapped, gamma, gain and offset drawn at random: so that the projection keeps every colour apart."""
    values = image[..., random.permutation(3)] / 255
    values = values ** random.uniform(0.4, 2) * random.uniform(0.5, 1.8, 3) + random.uniform(-0.2, 0.2)
    return np.asarray(np.clip(values * 255, 0, 255).astype(np.uint8))
