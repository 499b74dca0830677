"""A dataset's tiles, as a training takes them: read once at the training's size, those without data left out."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from search import imagery, keys
from search.imagery.gallery import listed
from search.imagery.plan import Plan
from search.models import Dataset, Scene

BATCH = 64  # tiles read together
PORTION = 2048  # tiles of a part: what a killed worker reads again
VALID = 0.5  # of a tile must be data, else it is left out
BLOCK = 4  # tiles a side of the squares in which a part of many tiles is drawn, so that neighbours stay together
STEP = 16  # pixels: sizes are multiples of it
WHICH_DATE = (keys.LIMITS["day"] - 1) << keys.SHIFTS["day"]
MIXED = np.uint64(0x9E3779B97F4A7C15)


class Part(NamedTuple):
    """Tiles of one scene at one level.  keys: (n,) int64; rows: (n,) of the scene's plan."""

    scene: Scene
    level: int
    keys: np.ndarray
    rows: np.ndarray


class Tiles(NamedTuple):
    """images: (n, size, size, 3) uint8.  keys: (n,) int64.  places: (n,) int64, the same for another date of a place;
    -1 in galleries.  cells: (n, 3) int32 level, row, column; -1 in galleries.
    """

    images: np.ndarray
    keys: np.ndarray
    places: np.ndarray
    cells: np.ndarray


def parts(scenes: list[Scene], levels: list[int], *, most: int, seed: int) -> list[Part]:
    """What is to be read, in an order that does not change.

    Where there are more than `most` tiles (0: any number), places are drawn by their number, all dates of each: at
    every run the same.  The half-tile offset grid is left out: a crop shows the same.
    """
    found: list[tuple[Part, np.ndarray]] = []
    for scene in scenes:
        with imagery.opened(scene) as reader:
            for level in levels:
                packed = reader.plan(level).keys
                rows = np.flatnonzero(keys.part_of_many(packed, "offset") == 0)
                found.append((Part(scene, level, packed[rows], rows), drawn(packed[rows], scene, seed)))
    least = limit([numbers for _, numbers in found], most)
    chosen = [(part, np.flatnonzero(numbers < least)) for part, numbers in found]
    return [
        Part(part.scene, part.level, part.keys[some], part.rows[some])
        for part, every in chosen if len(every)
        for some in np.split(every, range(PORTION, len(every), PORTION))
    ]  # fmt: skip


def limit(numbers: list[np.ndarray], most: int) -> float:
    """Below which at most so many of them lie; a whole block at least."""
    every = np.concatenate([*numbers, np.empty(0)])
    if not most or len(every) <= most:
        return float("inf")
    found = float(np.partition(every, most)[most])
    return found if (every < found).any() else float(np.nextafter(found, 1))


def drawn(packed: np.ndarray, scene: Scene, seed: int) -> np.ndarray:
    """(n,) keys -> (n,) numbers in [0, 1): of a map the same for all dates and for the tiles of a block."""
    if is_gallery(scene):
        place = packed
    else:
        row, col = (keys.part_of_many(packed, name) // BLOCK for name in ("row", "col"))
        place = keys.part_of_many(packed, "level") << 32 | row << 16 | col
    mixed = (place.astype(np.uint64) + np.uint64(seed + 1)) * MIXED
    for shift in (np.uint64(30), np.uint64(27)):  # splitmix64's finish
        mixed = (mixed ^ mixed >> shift) * np.uint64(0xBF58476D1CE4E5B9)
    numbers: np.ndarray = (mixed ^ mixed >> np.uint64(31)) / 2.0**64
    return numbers


def read(part: Part, size: int) -> Iterator[tuple[int, Tiles]]:
    """The part's tiles, BATCH at a time at most, without those that are mostly empty, and how many were looked at."""
    gallery, looked = is_gallery(part.scene), 0
    with imagery.opened(part.scene) as reader:
        plan = reader.plan(part.level)
        if gallery:
            runs = [(plan, int(row), int(row) + 1) for row in part.rows]
        else:
            mine = Plan(plan.keys[part.rows], plan.bounds[part.rows])
            runs = [(mine, start, end) for start, end in reader.batches(mine, BATCH)]
        for among, start, end in runs:
            pixels = reader.read(among, start, end, part.level, size)
            looked += end - start
            held = np.full(end - start, True) if gallery else pixels.valid.mean(axis=(1, 2)) >= VALID
            yield looked, tiles(pixels.tiles[held], among.keys[start:end][held], gallery=gallery)


def tiles(images: np.ndarray, packed: np.ndarray, *, gallery: bool) -> Tiles:
    if gallery:
        return Tiles(images, packed, np.full(len(packed), -1), np.full((len(packed), 3), -1, np.int32))
    cells = np.stack([keys.part_of_many(packed, name) for name in ("level", "row", "col")], axis=1)
    return Tiles(images, packed, packed & ~WHICH_DATE, cells.astype(np.int32))


def is_gallery(scene: Scene) -> bool:
    return scene.product.dataset.kind == Dataset.Kind.GALLERY


def native_size(scenes: list[Scene], levels: list[int], wanted: int) -> int:
    """Pixels a side to read at: as wanted, but no more than the imagery has, in steps of STEP."""
    known = [scene.resolution for scene in scenes if scene.resolution and not is_gallery(scene)]
    if not known:
        return wanted
    pyramid = scenes[0].product.dataset.grid
    finest = max(pyramid.resolution(level) for level in levels) * pyramid.tile_size / min(known)
    return max(2 * STEP, min(wanted, math.ceil(finest / STEP - 0.01) * STEP))


def labels_of(scenes: list[Scene], packed: np.ndarray) -> list[str]:
    """(n,) keys -> the class that each picture of a gallery was imported with, "" for none."""
    named: dict[int, str] = {}
    for scene in filter(is_gallery, scenes):
        table = listed(scene)
        base = scene.address(0, 0, 0).pack()
        numbers, words = table["number"].to_pylist(), table["label"].to_pylist()
        named |= {base | number: word for number, word in zip(numbers, words, strict=True) if word}
    return [named.get(key, "") for key in packed.tolist()]
