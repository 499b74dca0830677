"""Metrics of tiles: what they cost beside what was measured before and beside the default encoder, in one run; and how
the cloud heuristic does where there is no cloud at all.

python -m tests.bench.metrics --tiles 240

Pixels are those of Blue Marble, August 2004 (demo/), 224 px a tile. Each number is processor time of one thread, the
best of five passes over all of the tiles, the kinds of pass taking turns.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from PIL import Image

from ml import encoders, metrics
from ml.encoders import DEFAULT, builtin

HERE = Path(__file__).resolve().parents[2]
AUGUST = HERE / "demo/bluemarble_2004-08-01.tif"
LAND_COVER = HERE.parent / "shared/data/MCD12C1_2019_IGBP_7200x3600.tif"
SCENES = HERE.parent / "shared/data/scenes"
SIZE, CROP, PASSES = 224, 101, 5  # pixels of a tile, and of the Earth that it shows: level 6
CLASSES = {"open ocean (deep water)": None, "snow and ice": 15, "barren (deserts)": 16, "grassland": 10, "cropland": 12,
           "evergreen broadleaf forest": 2, "savanna": 9, "open shrubland": 7}  # fmt: skip
REC_709 = np.array([0.2126, 0.7152, 0.0722], np.float32)


def before(tiles: np.ndarray) -> list[list[float]]:
    """The nine metrics of the version before, as they were computed then; all pixels valid."""
    return [nine(tile) for tile in tiles]


def nine(tile: np.ndarray) -> list[float]:
    count, values = tile.shape[0] * tile.shape[1], np.arange(256)
    levels = np.reshape(Image.fromarray(tile).histogram(), (3, 256))
    mean = levels @ values / count
    deviation = np.sqrt(np.maximum(levels @ values**2 / count - mean**2, 0))
    grey = tile.astype(np.float32) @ REC_709
    laplacian = -4 * grey[1:-1, 1:-1]
    for beside in (grey[:-2, 1:-1], grey[2:, 1:-1], grey[1:-1, :-2], grey[1:-1, 2:]):
        laplacian += beside
    flat = laplacian.ravel().astype(np.float64)
    sharpness = float(np.einsum("i,i", flat, flat) / len(flat) - flat.mean() ** 2)
    return [*mean, *deviation, float(mean @ REC_709.astype(np.float64)), sharpness, 0.0]


def earth() -> np.ndarray:
    """(4032, 8064, 3) uint8."""
    with rasterio.open(AUGUST) as source:
        return np.moveaxis(source.read(), 0, -1)


def tiles_of(image: np.ndarray, count: int) -> np.ndarray:
    """(count, SIZE, SIZE, 3) at random places, the same each time."""
    random = np.random.default_rng(0)
    rows, cols = (random.integers(0, side - CROP, count) for side in image.shape[:2])
    crops = (image[row : row + CROP, col : col + CROP] for row, col in zip(rows.tolist(), cols.tolist(), strict=True))
    return np.stack(
        [np.asarray(Image.fromarray(crop).resize((SIZE, SIZE), Image.Resampling.BILINEAR)) for crop in crops]
    )


def timed(tiles: np.ndarray) -> dict[str, float]:
    """Milliseconds of processor time a tile."""
    everywhere, holed = np.ones(tiles.shape[:3], bool), np.ones(tiles.shape[:3], bool)
    holed[:, :, :20] = False
    encoder = encoders.load(builtin()[DEFAULT], threads=1)
    passes: dict[str, Callable[[], object]] = {
        "before": lambda: before(tiles), "now": lambda: metrics.compute(tiles, everywhere),
        "now, tenth missing": lambda: metrics.compute(tiles, holed),
        f"encoder ({DEFAULT})": lambda: encoder.encode_images(tiles[:48]),
    }  # fmt: skip
    best = dict.fromkeys(passes, float("inf"))
    for _ in range(PASSES):
        for name, run in passes.items():
            began = time.thread_time()
            run()
            many = 48 if name.startswith("encoder") else len(tiles)
            best[name] = min(best[name], 1000 * (time.thread_time() - began) / many)
    return best


def clouds(image: np.ndarray) -> dict[str, dict[str, float]]:
    """By what the land cover says of a tile of CROP pixels (four fifths of it at least): its cloud_share, which is
    always wrong, for the product has no clouds."""
    with rasterio.open(LAND_COVER) as source:
        cover = source.read(1)
    rows, cols = (
        np.linspace(0, side - 1, pixels).astype(int) for side, pixels in zip(cover.shape, image.shape[:2], strict=True)
    )
    cover = cover[rows][:, cols]
    found: dict[str, list[float]] = {name: [] for name in CLASSES}
    for row in range(0, image.shape[0] - CROP, CROP):
        for col in range(0, image.shape[1] - CROP, CROP):
            window = np.s_[row : row + CROP, col : col + CROP]
            tile, about = image[window], cover[window]
            for name, number in CLASSES.items():
                share = (about == number).mean() if number is not None else float((about == 0).all())
                if share >= 0.8:
                    measured = metrics.compute(tile[None], np.ones((1, CROP, CROP), bool))
                    found[name].append(float(measured["cloud_share"][0]))
    return {name: {"tiles": len(shares), "mean": round(float(np.mean(shares)), 4),
                   "above 0.1": round(float((np.array(shares) > 0.1).mean()), 4)}
            for name, shares in found.items() if shares}  # fmt: skip


def scenes() -> dict[str, float]:
    found = {}
    for path in sorted(SCENES.glob("*.jpg")):
        rgb = np.asarray(Image.open(path).convert("RGB"))
        found[path.stem] = round(
            float(metrics.compute(rgb[None], np.ones((1, *rgb.shape[:2]), bool))["cloud_share"][0]), 4
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiles", type=int, default=240)
    options = parser.parse_args()
    image = earth()
    told = {
        "tiles": options.tiles,
        "ms a tile": {name: round(ms, 3) for name, ms in timed(tiles_of(image, options.tiles)).items()},
    }
    if LAND_COVER.is_file():
        told |= {"cloud_share without clouds": clouds(image), "cloud_share of scenes": scenes()}
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
