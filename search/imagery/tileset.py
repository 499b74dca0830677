"""Scenes of downloaded tiles: a tile of the map is, pixel for pixel, the file that the server sent."""

import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from PIL import Image

from search import grid, keys, tilesets
from search.errors import BadImagery
from search.gibs import colormaps
from search.imagery.nodata import missing
from search.imagery.plan import Pixels, Plan, planned
from search.imagery.raster import shown
from search.models import Scene

RESAMPLING = {"nearest": Image.Resampling.NEAREST, "bilinear": Image.Resampling.BILINEAR,
              "cubic": Image.Resampling.BICUBIC}  # fmt: skip
SMALL = {"quality": 90, "method": 2}  # of WebP
LARGEST = 2**21  # pixels of one tile's file
Picture = tuple[np.ndarray, np.ndarray]  # (h, w, 3) uint8 and (h, w) bool


class TilesetReader:
    """Reads any box from the level that fits it: downloaded tiles, their overviews, or coarser ones enlarged."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.grid = scene, scene.product.dataset.grid
        self.listing = tilesets.listing(scene)
        self.values = values_of(scene)

    def plan(self, level: int) -> Plan:
        """Every tile of the level that shows data; what coarser ones are made of is made first."""
        for _ in self.make_overviews(level):
            pass
        return planned(self.scene, level, self.listing.at(level))

    def batches(self, plan: Plan, most: int) -> Iterator[tuple[int, int]]:
        for start in range(0, len(plan), most):
            yield start, min(start + most, len(plan))

    def read(self, plan: Plan, start: int, end: int, level: int, size: int) -> Pixels:
        places = [keys.unpack(key) for key in plan.keys[start:end].tolist()]
        pairs = [self.sample(at.level, at.row, at.col, size, at.offset) for at in places]
        return Pixels(np.stack([rgb for rgb, _ in pairs]), np.stack([valid for _, valid in pairs]))

    def sizes(self, plan: Plan, level: int) -> np.ndarray:
        """(n,) float32 bytes of the plan's tiles as they were downloaded; NaN for those made of others."""
        found, table = np.full(len(plan), np.nan, np.float32), tilesets.listed(self.scene)
        here = table.filter(pc.equal(table["level"], level))
        at = self.scene.address(level, 0, 0)
        held = keys.pack_many(at, here["row"].to_numpy(), here["col"].to_numpy())
        order = np.argsort(held)
        rows = np.minimum(np.searchsorted(held, plan.keys, sorter=order), max(len(held) - 1, 0))
        if len(held):
            same = held[order[rows]] == plan.keys
            found[same] = here["bytes"].to_numpy()[order[rows[same]]]
        return found

    def picture(self, level: int, row: int, col: int, size: int, offset: int = 0) -> Picture:
        """One tile for looking at, in the colours that the server drew it in."""
        return self.area(self.grid.bounds(level, row, col, offset), size, size, resampling="cubic", coarsest=level)

    def sample(self, level: int, row: int, col: int, size: int, offset: int = 0) -> Picture:
        """One tile for an encoder: of a colour-mapped layer its values, dark to bright."""
        box = self.grid.bounds(level, row, col, offset)
        if self.values is None:
            return self.area(box, size, size, coarsest=level)
        return self.values.shown(*self.area(box, size, size, resampling="nearest", coarsest=level))

    def area(
        self, bounds: grid.Bounds, width: int, height: int, resampling: str = "bilinear", coarsest: int = 0
    ) -> Picture:
        """Any box of the grid's units -> (height, width, 3) uint8 and what of it is data.

        coarsest: the level whose tiles are at least used, so that a downloaded tile is itself, however small.
        """
        if self.values is not None:
            resampling = "nearest"  # between two colours of a colour map there is no third one
        level = max(coarsest, self._level_for((bounds[2] - bounds[0]) / width))
        rgb, valid, window = self._mosaic(bounds, level)
        picture = Image.fromarray(rgb).resize((width, height), RESAMPLING[resampling], box=window)
        known = Image.fromarray(valid.astype(np.uint8) * 255).resize(
            (width, height), Image.Resampling.NEAREST if resampling == "nearest" else Image.Resampling.BOX, box=window
        )
        found, held = np.array(picture), np.asarray(known) >= 128
        found[~held] = 0
        return found, held

    def _level_for(self, resolution: float) -> int:
        """The coarsest level that is as fine as asked, or the finest downloaded one."""
        for level in range(self.listing.finest):
            if self.grid.resolution(level) <= resolution * 1.01:
                return level
        return self.listing.finest

    def _mosaic(self, bounds: grid.Bounds, level: int) -> tuple[np.ndarray, np.ndarray, grid.Bounds]:
        """The tiles that a box touches, side by side, and where in it, in pixels, the box lies."""
        size, side, (left, top) = self.grid.span(level), self.grid.tile_size, self.grid.origin
        x0, x1 = (bounds[0] - left) / size, (bounds[2] - left) / size
        y0, y1 = (top - bounds[3]) / size, (top - bounds[1]) / size
        hair = 1e-6
        cols, rows = np.arange(np.floor(x0 + hair), x1 - hair), np.arange(np.floor(y0 + hair), y1 - hair)
        rgb = np.zeros((len(rows) * side, len(cols) * side, 3), np.uint8)
        valid = np.zeros(rgb.shape[:2], bool)
        for down, row in enumerate(rows.astype(int).tolist()):
            for right, col in enumerate(cols.astype(int).tolist()):
                tile = self._tile(level, row, col)
                if tile is not None:
                    cut = np.s_[down * side : (down + 1) * side, right * side : (right + 1) * side]
                    rgb[cut], valid[cut] = tile
        clip = np.clip([(x0 - cols[0]) * side, (y0 - rows[0]) * side, (x1 - cols[0]) * side, (y1 - rows[0]) * side],
                       0, [rgb.shape[1], rgb.shape[0]] * 2)  # fmt: skip
        x0, y0, x1, y1 = clip.tolist()
        return rgb, valid, (x0, y0, x1, y1)

    def _tile(self, level: int, row: int, col: int) -> Picture | None:
        """A tile's pixels: downloaded, made from finer ones, or a part of the coarser one around it; None: nothing."""
        return self._made(level, row, col) or self._joined(level, row, col) or self._enlarged(level, row, col)

    def _made(self, level: int, row: int, col: int) -> Picture | None:
        return decoded(tilesets.file_of(self.scene, level, row, col)) or decoded(self.overview(level, row, col))

    def _joined(self, level: int, row: int, col: int, deep: int = 2) -> Picture | None:
        """Of finer tiles, while the overviews are still being made."""
        if not deep or level >= self.listing.finest:
            return None
        children = [self._made(*at) or self._joined(*at, deep - 1) for at in tilesets.children(level, row, col)]
        return parted(self._halves(children)) if any(children) else None

    def _enlarged(self, level: int, row: int, col: int) -> Picture | None:
        if not level or not (0 <= row < self.grid.rows(level) and 0 <= col < self.grid.columns(level)):
            return None
        around = self._made(level - 1, row // 2, col // 2) or self._enlarged(level - 1, row // 2, col // 2)
        if around is None:
            return None
        half = self.grid.tile_size // 2
        cut = np.s_[row % 2 * half : row % 2 * half + half, col % 2 * half : col % 2 * half + half]
        return tuple(part[cut].repeat(2, axis=0).repeat(2, axis=1) for part in around)  # type: ignore[return-value]

    def overview(self, level: int, row: int, col: int) -> Path:
        """PNG keeps the colours of a colour map as they are."""
        return tilesets.overviews(self.scene) / f"{level}/{row}/{col}.{'png' if self.values else 'webp'}"

    def make_overviews(self, down_to: int = 0) -> Iterator[tuple[int, int]]:
        """Make what is missing, finest first; yields (done, all) after each. Files appear whole or not at all."""
        wanted = [(level, *place) for level in range(self.listing.finest - 1, down_to - 1, -1)
                  for place in self.listing.at(level).tolist()]  # fmt: skip
        for done, at in enumerate(wanted, 1):
            if not self.overview(*at).exists() and not tilesets.file_of(self.scene, *at).exists():
                self._write(self.overview(*at), self._halves([self._made(*child) for child in tilesets.children(*at)]))
            yield done, len(wanted)

    def _write(self, path: Path, rgba: np.ndarray) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        Image.fromarray(rgba).save(part, "PNG" if self.values else "WEBP", **({} if self.values else SMALL))
        part.replace(path)

    def _halves(self, children: Sequence[Picture | None]) -> np.ndarray:
        """Four tiles, from the top left row by row, as one: (side, side, 4), without data where there is none."""
        half = self.grid.tile_size // 2
        rgba = np.zeros((2 * half, 2 * half, 4), np.uint8)
        for number, tile in enumerate(children):
            if tile is not None:
                down, right = number // 2 * half, number % 2 * half
                rgba[down : down + half, right : right + half] = self._halved(*tile)
        return rgba

    def _halved(self, rgb: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """(h, w, 3), (h, w) -> (h / 2, w / 2, 4): the mean of the known ones of each four pixels, or one of them."""
        if self.values is not None:
            return np.dstack([rgb, valid.astype(np.uint8) * 255])[::2, ::2]
        weight = valid[..., None].astype(np.float32)
        sums, counts = (quarter(rgb * weight), quarter(weight))
        mean = np.where(counts > 0, sums / np.maximum(counts, 1), 0)
        return np.dstack([np.clip(mean + 0.5, 0, 255), np.where(counts > 0, 255, 0)]).astype(np.uint8)


def quarter(values: np.ndarray) -> np.ndarray:
    """(h, w, c) -> (h / 2, w / 2, c): sums of four."""
    height, width, bands = values.shape
    summed: np.ndarray = values.reshape(height // 2, 2, width // 2, 2, bands).sum(axis=(1, 3))
    return summed


def decoded(path: Path) -> Picture | None:
    """A tile's file -> its colours and what of it is data; None when there is none. BadImagery when it is broken."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as image:
            if image.width * image.height > LARGEST:
                raise BadImagery(f"{path} is {image.width} × {image.height} pixels large, which is no tile.")
            rgba = np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise BadImagery(f"{path} is damaged ({error}). Delete it and repeat the import.") from error
    return parted(rgba)


def parted(rgba: np.ndarray) -> Picture:
    """(h, w, 3 or 4) -> its colours, and which pixels are data."""
    return np.ascontiguousarray(rgba[..., :3]), ~missing(rgba)


@dataclass(frozen=True)
class Values:
    """A layer whose colours stand for values, such as temperatures: `low` is drawn black for encoders, `high` white."""

    colormap: colormaps.Colormap
    low: float
    high: float

    def shown(self, rgb: np.ndarray, valid: np.ndarray) -> Picture:
        """The server's colours -> grey levels of the values, and what of it has one."""
        values = colormaps.values(rgb, self.colormap)
        return shown(values[None], valid, [self.low], [self.high])


def values_of(scene: Scene) -> Values | None:
    """None for layers that are pictures. The stretch is the product's, so that its dates compare."""
    source = scene.product.source.get("gibs", {})
    if not source.get("colormap"):
        return None
    colormap = colormaps.load(source["colormap"])
    low, high = colormap.range
    return Values(colormap, source.get("low", low), source.get("high", high))
