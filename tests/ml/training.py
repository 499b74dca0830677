"""Small trainings for tests: a tiny network, tiles of a few kinds."""

from pathlib import Path

import numpy as np

from ml.evaluate.labelled import Labelled
from ml.train import Cache, CacheWriter, Config

TINY = "test_resnet.r160_in1k"  # timm's, 0.5 million weights


def config(**given: object) -> Config:
    return Config.of({"backbone": TINY, "size": 32, "epochs": 2, "batch": 16, "precision": "float32", **given})


def kinds(count: int = 64, size: int = 32, bands: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """(count, size, size, bands) uint8 of four kinds that differ in colour and grain, and (count,) the kind."""
    random = np.random.default_rng(0)
    kind = np.arange(count) % 4
    base = np.array([[40, 60, 120], [60, 110, 50], [180, 160, 120], [220, 225, 230]])[kind][:, None, None]
    grain = random.normal(size=(count, size, size, 1)) * np.array([2, 14, 6, 20])[kind][:, None, None, None]
    rgb = (base + grain + random.normal(size=(count, 1, 1, 3)) * 6).clip(0, 255).astype(np.uint8)
    return np.concatenate([rgb] * -(-bands // 3), axis=3)[..., :bands], kind


def cache(folder: Path, count: int = 64, size: int = 32, bands: int = 3) -> Cache:
    """Of `kinds`; tiles 2i and 2i + 1 show one place on two dates, and lie in one row of a grid."""
    pixels, _ = kinds(count, size, bands)
    column = np.arange(count) // 2
    with CacheWriter(folder, size=size, bands=bands, total=count) as writer:
        writer.append(pixels, column, np.stack([np.full(count, 3), np.zeros(count, int), column], axis=1))
        return writer.finish(source="kinds")


def labelled(count: int = 64, size: int = 32) -> Labelled:
    pixels, kind = kinds(count, size)
    return Labelled("kinds", ["sea", "wood", "sand", "ice"], kind.astype(np.int64), lambda i: pixels[i])
