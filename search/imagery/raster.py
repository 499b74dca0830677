"""Georeferenced rasters (GeoTIFF, COG) of any projection, read on the tile pyramid through rio-tiler."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from django.conf import settings
from rasterio.errors import RasterioError
from rio_tiler.errors import RioTilerError

from search import grid, keys
from search.errors import BadImagery, MissingImagery
from search.imagery.plan import Pixels, Plan, planned, split
from search.imagery.pool import Pool
from search.models import Scene, SceneFile

rasters = Pool(lambda: settings.OPEN_RASTERS)


FEW = 32  # files of a scene that are worth remembering


class RasterReader:
    """A scene's files as one picture of the Earth; files later in the list lie below earlier ones.

    All boxes are in the units of the dataset's grid.  within: the part of the Earth that will be asked for; a scene may
    have thousands of files.
    """

    def __init__(self, scene: Scene, within: grid.Bounds | None = None) -> None:
        self.scene, self.grid = scene, scene.product.dataset.grid
        self.files: list[SceneFile] = files_within(scene, within) if within else list(scene.files.all())

    def plan(self, level: int) -> Plan:
        """Every tile that some file touches."""
        blocks = [self.grid.covering(box_of(file), level) for file in self.files]
        places = [np.stack(block.addresses(), axis=1) for block in blocks if block.count > 0]
        return planned(self.scene, level, np.concatenate([np.empty((0, 2), np.int64), *places]))

    def batches(self, plan: Plan, most: int) -> Iterator[tuple[int, int]]:
        """[start, end) of runs of neighbouring tiles of one row: each is read in one go."""
        rows, cols = split(plan.keys)
        offsets = keys.part_of_many(plan.keys, "offset")
        breaks = np.flatnonzero((np.diff(rows) != 0) | (np.diff(cols) != 1) | (np.diff(offsets) != 0)) + 1
        edges = [0, *breaks.tolist(), len(plan)]
        for start, end in pairwise(edges):
            for first in range(start, end, most):
                yield first, min(first + most, end)

    def read(self, plan: Plan, start: int, end: int, level: int, size: int) -> Pixels:
        """The tiles plan[start:end], which lie side by side in one row."""
        rows, cols = split(plan.keys[start:end])
        offset = keys.unpack(int(plan.keys[start])).offset
        block = grid.Block(self.grid, level, int(rows[0]), int(rows[0]) + 1, int(cols[0]), int(cols[-1]) + 1, offset)
        count = end - start
        rgb, valid = self.area(block.bounds, count * size, size)
        tiles = rgb.reshape(size, count, size, 3).transpose(1, 0, 2, 3)
        return Pixels(np.ascontiguousarray(tiles), valid.reshape(size, count, size).transpose(1, 0, 2).copy())

    def sizes(self, plan: Plan, level: int) -> np.ndarray:
        """(n,) float32 NaN: a tile is a part of a file, or of several."""
        return np.full(len(plan), np.nan, np.float32)

    def picture(self, level: int, row: int, col: int, size: int, offset: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """One tile for looking at: (size, size, 3) uint8 and (size, size) bool; smooth where it is enlarged."""
        return self.area(self.grid.bounds(level, row, col, offset), size, size, resampling="cubic")

    def sample(self, level: int, row: int, col: int, size: int, offset: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """One tile for an encoder, as `read` gives it."""
        return self.area(self.grid.bounds(level, row, col, offset), size, size)

    def area(
        self, bounds: grid.Bounds, width: int, height: int, resampling: str = "bilinear"
    ) -> tuple[np.ndarray, np.ndarray]:
        """Any rectangle, painted file by file until nothing is missing."""
        rgb = np.zeros((height, width, 3), np.uint8)
        valid = np.zeros((height, width), bool)
        for file in self.files:
            if not grid.overlaps(box_of(file), bounds):
                continue
            found, known = self._part(file, bounds, width, height, resampling)
            if not valid.any():
                rgb, valid = found, known
            else:
                fresh = known & ~valid
                rgb[fresh] = found[fresh]
                valid |= known
            if valid.all():
                break
        return rgb, valid

    def _part(
        self, file: SceneFile, bounds: grid.Bounds, width: int, height: int, resampling: str
    ) -> tuple[np.ndarray, np.ndarray]:
        stretch = self.scene.stretch
        try:
            with rasters.lent(file.path) as reader:
                part = reader.part(
                    bounds, bounds_crs=self.grid.crs, dst_crs=self.grid.crs, width=width, height=height,
                    resampling_method=resampling, indexes=stretch["bands"], nodata=stretch.get("nodata"),
                )  # fmt: skip
        except (RasterioError, RioTilerError) as error:
            raise broken(file.path, error) from error
        values: np.ma.MaskedArray = part.array
        data = values.filled(0) if values.dtype == np.uint8 else np.ma.filled(values.astype(np.float32), np.nan)
        return shown(data, part.mask > 0, stretch["low"], stretch["high"])


def shown(
    data: np.ndarray, valid: np.ndarray, low: Sequence[float], high: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """(bands, h, w) values -> (h, w, 3) uint8 stretched from low..high to 0..255, and what of it is data."""
    if data.dtype == np.uint8 and not any(low) and all(value == 255 for value in high):
        rgb = data
    else:
        known = np.isfinite(data)
        valid = valid & known.all(axis=0)
        floor, ceiling = (np.asarray(limit, np.float32)[:, None, None] for limit in (low, high))
        scaled = (np.where(known, data, 0) - floor) * (255 / np.maximum(ceiling - floor, 1e-12))
        rgb = np.clip(scaled + 0.5, 0, 255).astype(np.uint8)
    if len(rgb) != 3:
        rgb = np.repeat(rgb[:1], 3, axis=0)
    rgb = np.moveaxis(rgb, 0, -1).copy()
    rgb[~valid] = 0
    return rgb, valid


def box_of(file: SceneFile) -> grid.Bounds:
    """In the units of the dataset's grid."""
    return file.west, file.south, file.east, file.north


def files_within(scene: Scene, bounds: grid.Bounds) -> list[SceneFile]:
    """Those that overlap; of a scene with many files the database finds them, few are remembered."""
    few = few_files(scene.pk, scene.version, scene.imported_at)
    if few is not None:
        return [file for file in few if grid.overlaps(box_of(file), bounds)]
    west, south, east, north = bounds
    return list(scene.files.filter(west__lt=east, east__gt=west, south__lt=north, north__gt=south))


@lru_cache(maxsize=256)
def few_files(scene_id: int, version: str, imported_at: datetime) -> tuple[SceneFile, ...] | None:
    """All files of a scene as it was imported then; None when they are many."""
    found = tuple(SceneFile.objects.filter(scene=scene_id)[: FEW + 1])
    return found if len(found) <= FEW else None


def broken(path: str, error: Exception) -> BadImagery | MissingImagery:
    if not Path(path).is_file():
        return MissingImagery(f"{path} is gone. Put it back, or import it again from where it is now.")
    return BadImagery(f"{path} cannot be read ({error}). It may be truncated: fetch it again and import it again.")
