"""A box of degrees as what is read of a dataset's pyramid: one rectangle, or two where it crosses the date line."""

from dataclasses import dataclass

import numpy as np
from pyproj import Geod

from search import imagery
from search.errors import BadQuery
from search.grid import Bounds, Grid
from search.models import Scene

EARTH = Geod(ellps="WGS84")


@dataclass(frozen=True)
class Region:
    """boxes: rectangles in the grid's own units, left to right.  widths: each one's pixels.  metres: in one pixel at
    the middle latitude."""

    boxes: tuple[Bounds, ...]
    widths: tuple[int, ...]
    height: int
    metres: float

    @property
    def width(self) -> int:
        return sum(self.widths)

    def read(self, scene: Scene) -> tuple[np.ndarray, np.ndarray]:
        """(height, width, 3) uint8 and (height, width) bool, False where there is no data."""
        parts = [self._part(scene, box, width) for box, width in zip(self.boxes, self.widths, strict=True)]
        return np.hstack([rgb for rgb, _ in parts]), np.hstack([valid for _, valid in parts])

    def _part(self, scene: Scene, box: Bounds, width: int) -> tuple[np.ndarray, np.ndarray]:
        with imagery.opened(scene, box) as reader:
            if isinstance(reader, imagery.GalleryReader):
                raise BadQuery(f"{scene.product} is a gallery: its pictures have no place.")
            return reader.area(box, width, self.height, resampling="cubic")


def region_of(grid: Grid, bbox: Bounds, width: int) -> Region:
    """A picture `width` pixels wide, square in the grid's units, both sides even; BadQuery where the grid has none."""
    boxes = tuple(grid.from_geographic(part) for part in parts_of(grid, bbox))
    spans = np.array([box[2] - box[0] for box in boxes])
    high = boxes[0][3] - boxes[0][1]
    if not (spans > 0).all() or high <= 0:
        raise BadQuery(f"The box lies outside this map ({grid.title}).")
    width = even(width)
    first = round(width * spans[0] / spans.sum()) if len(boxes) == 2 else width
    widths = (width,) if len(boxes) == 1 else (min(max(first, 1), width - 1), width - min(max(first, 1), width - 1))
    pixel = float(spans.sum()) / width
    return Region(boxes, widths, even(round(high / pixel)), true_metres(grid, boxes[0], pixel))


def parts_of(grid: Grid, bbox: Bounds) -> list[Bounds]:
    """West to east; on a map with a rim at the date line what crosses it is two boxes."""
    west, south, east, north = bbox
    if west < east:
        return [bbox]
    if not grid.wraps:
        return [(west, south, east + 360, north)]
    parts = [(west, south, 180.0, north), (-180.0, south, east, north)]
    return [part for part in parts if part[0] < part[2]]


def true_metres(grid: Grid, box: Bounds, pixel: float) -> float:
    """What a pixel in the middle of the box measures on the ground from left to right (WGS 84)."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    (west, south), (east, north) = grid.to_lonlat(x - pixel / 2, y), grid.to_lonlat(x + pixel / 2, y)
    return float(EARTH.inv(west, south, east, north)[2])


def even(pixels: int) -> int:
    """H.264 halves the colours' resolution: sides are even."""
    return max(2, pixels // 2 * 2)
