"""Chooses the default encoder on Blue Marble, and fits the projection that is part of it.

    python -m tests.bench.encoder_choice --data ../shared/data [--write]

Yardstick: P@10, the share of a tile's 10 nearest neighbours (its 8 neighbours on the map left out) with the same
dominant land cover, mean over the classes; August, level 6, tiles with at least 5 % land. Overlap: the shared part of
the land cover histograms of a tile and its 10 nearest. Docs: docs/benchmarks/encoder-choice.md.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import save_file

from ml import encoders
from ml.encoders.base import direction

LEVEL, SIZE = 6, 128
WIDTHS = {"mobilenet": 192, "colour": 64}  # dimensions kept of each part
MONTHS = ("01", "03", "05", "07")
Floats = NDArray[np.float32]
Images = NDArray[np.uint8]
random = np.random.default_rng(0)


def tiles(path: Path, level: int, size: int = SIZE) -> Images:
    """All tiles of the whole Earth, row by row: (rows * columns, size, size, 3)."""
    with rasterio.open(path) as file:
        image = Image.fromarray(file.read([1, 2, 3]).transpose(1, 2, 0))
    columns = int(360 / (288 / 2**level))
    side = image.width / columns
    places = np.ndindex(columns // 2, columns)
    boxes = [(c * side, r * side, (c + 1) * side, (r + 1) * side) for r, c in places]
    return np.stack([np.asarray(image.resize((size, size), Image.Resampling.BICUBIC, box=box)) for box in boxes])


def land_cover(data: Path, level: int) -> Floats:
    """Share of each of the 17 IGBP classes per tile, class 0 is water: (tiles, 17)."""
    with rasterio.open(data / "MCD12C1_2019_IGBP_7200x3600.tif") as file:
        grid = file.read(1)
    columns = int(360 / (288 / 2**level))
    side = 7200 // columns
    cells = grid.reshape(columns // 2, side, columns, side).transpose(0, 2, 1, 3).reshape(columns**2 // 2, -1)
    return np.stack([(cells == c).mean(axis=1) for c in range(17)], axis=1).astype(np.float32)


def neighbours(vectors: Floats, rows: NDArray[np.int64], columns: int) -> NDArray[np.int64]:
    """The 10 nearest of each tile among these, without those that touch it on the map: (m, 10) positions in rows."""
    scores = vectors @ vectors.T
    north, east = np.divmod(rows, columns)
    apart = np.abs(east[:, None] - east[None])
    touching = (np.abs(north[:, None] - north[None]) <= 1) & (np.minimum(apart, columns - apart) <= 1)
    scores[touching] = -np.inf
    return np.argpartition(-scores, 10, axis=1)[:, :10]


def yardstick(vectors: Floats, cover: Floats) -> dict[str, float]:
    rows = np.flatnonzero(cover[:, 0] < 0.95)
    cover = cover[rows]
    nearest = neighbours(vectors[rows], rows, int(360 / (288 / 2**LEVEL)))
    label = np.where(cover.max(axis=1) >= 0.5, cover.argmax(axis=1), -1)
    same = (label[nearest] == label[:, None]).mean(axis=1)
    classes = [c for c in range(17) if (label == c).sum() >= 20]
    overlap = np.minimum(cover[nearest], cover[:, None]).sum(axis=2).mean(axis=1)
    coast = (cover[:, 0] > 0.1) & (cover[:, 0] < 0.9)
    pairs = random.integers(0, len(rows), (2, 20_000))
    spread = (vectors[rows[pairs[0]]] * vectors[rows[pairs[1]]]).sum(axis=1)
    low, high = np.percentile(spread, (5, 95))
    return {
        "P@10": float(np.mean([same[label == c].mean() for c in classes])),
        "overlap": float(overlap.mean()),
        "overlap, coasts": float(overlap[coast].mean()),
        "cosine of random pairs, 5 %": float(low),
        "95 %": float(high),
    }


def training_tiles(data: Path) -> Images:
    """Land of all months and levels, crops of finer scenes, and all of it again in other colours."""
    earth = [tiles(data / f"bluemarble_2004-{month}-01.tif", 6)[land_cover(data, 6)[:, 0] < 0.95] for month in MONTHS]
    fine = tiles(data / "bluemarble_2004-08-01.tif", 7)[land_cover(data, 7)[:, 0] < 0.95]
    coarse = tiles(data / "bluemarble_2004-08-01.tif", 5)[land_cover(data, 5)[:, 0] < 0.95]
    natural = np.concatenate([_some(np.concatenate(earth), 2200), _some(fine, 2500), coarse, crops(data, 600)])
    return np.concatenate([natural, np.stack([recoloured(image) for image in _some(natural, 3000)])])


def _some(images: Images, count: int) -> Images:
    return images[random.choice(len(images), min(count, len(images)), replace=False)]


def crops(data: Path, count: int) -> Images:
    scenes = [Image.open(path).convert("RGB") for path in sorted((data / "scenes").glob("*.jpg"))]
    return np.stack([_crop(scenes[random.integers(len(scenes))]) for _ in range(count)])


def _crop(scene: Image.Image) -> Images:
    side = int(random.integers(96, min(scene.size) + 1))
    x, y = (int(random.integers(0, length - side + 1)) for length in scene.size)
    return np.asarray(scene.resize((SIZE, SIZE), Image.Resampling.BICUBIC, box=(x, y, x + side, y + side)))


def recoloured(image: Images) -> Images:
    """Channels swapped, gamma, gain and offset drawn at random: so that the projection keeps every colour apart."""
    values = image[..., random.permutation(3)] / 255
    values = values ** random.uniform(0.4, 2) * random.uniform(0.5, 1.8, 3) + random.uniform(-0.2, 0.2)
    return np.clip(values * 255, 0, 255).astype(np.uint8)


def principal_axes(vectors: Floats, width: int) -> tuple[Floats, Floats, float]:
    """Mean (d,), the first `width` axes (d, width), and the share of the variance that they keep."""
    mean = vectors.mean(axis=0)
    _, strength, axes = np.linalg.svd(vectors - mean, full_matrices=False)
    return mean, axes[:width].T, float((strength[:width] ** 2).sum() / (strength**2).sum())


def fit(data: Path, parts: dict[str, encoders.Encoder]) -> dict[str, NDArray[np.float16]]:
    """The projection of the default encoder: mean and matrix of each part."""
    images = training_tiles(data)
    arrays: dict[str, NDArray[np.float16]] = {}
    for i, (name, part) in enumerate(parts.items()):
        mean, matrix, kept = principal_axes(part.encode_images(images), WIDTHS[name])
        print(f"{name}: {part.dim} -> {WIDTHS[name]} dimensions keep {kept:.3f} of the variance of {len(images)} tiles")
        arrays |= {f"{i}.mean": mean.astype(np.float16), f"{i}.matrix": np.ascontiguousarray(matrix, np.float16)}
    return arrays


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of Blue Marble and MCD12C1")
    parser.add_argument("--write", action="store_true", help="fit the projection again and put it into the model store")
    options = parser.parse_args()
    store = encoders.builtin()
    parts = {name: encoders.load(store[name]) for name in WIDTHS}
    if options.write:
        save_file(fit(options.data, parts), store[encoders.DEFAULT] / "projection.safetensors")
    cover = land_cover(options.data, LEVEL)
    images = tiles(options.data / "bluemarble_2004-08-01.tif", LEVEL)
    vectors = {name: _timed(encoders.load(store[name]), images) for name in (*WIDTHS, encoders.DEFAULT)}
    width, whole = WIDTHS["mobilenet"], vectors[encoders.DEFAULT]
    shape, colour = direction(whole[:, :width]), direction(whole[:, width:])
    for share in (0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 1):
        vectors[f"joined, colour {share:.0%}"] = np.concatenate(
            [(1 - share) ** 0.5 * shape, share**0.5 * colour], axis=1
        )
    vectors["mean and deviation of RGB"] = _statistics(images)
    for name, found in vectors.items():
        print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in yardstick(found, cover).values()) + " |")


def _timed(encoder: encoders.Encoder, images: Images) -> Floats:
    encoder.encode_images(images[:32])
    start = time.perf_counter()
    vectors = encoder.encode_images(images)
    print(f"{encoder.name}: {len(images) / (time.perf_counter() - start):.0f} images a second")
    return vectors


def _statistics(images: Images) -> Floats:
    values = images.astype(np.float32)
    table = np.concatenate([values.mean(axis=(1, 2)), values.std(axis=(1, 2))], axis=1)
    return direction((table - table.mean(axis=0)) / table.std(axis=0))


if __name__ == "__main__":
    main()
