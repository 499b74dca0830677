"""Which tiles a shard is to have, and in which pieces they are read."""

from dataclasses import dataclass

import numpy as np

from ml.embedding import Pixels
from search import keys
from search.models import Scene

__all__ = ["Pixels", "Plan", "planned", "split"]


@dataclass(frozen=True)
class Plan:
    """All tiles of a scene at a level, in key order.

    keys: (n,) int64, ascending.  bounds: (n, 4) west, south, east, north in degrees (NaN for galleries); east is
    beyond 180 across the date line.
    names: file names, galleries only.
    """

    keys: np.ndarray
    bounds: np.ndarray
    names: list[str] | None = None

    def __len__(self) -> int:
        return len(self.keys)


def planned(scene: Scene, level: int, places: np.ndarray) -> Plan:
    """places: (n, 2) rows and columns of tiles. Where the dataset wants the half-tile offset grid, its tiles follow."""
    pyramid = scene.product.dataset.grid
    parts = [of_grid(scene, level, places, 0)]
    if scene.product.dataset.offset_grid:
        parts.append(of_grid(scene, level, between(places, pyramid.rows(level) - 1, pyramid.columns(level) - 1), 1))
    return Plan(np.concatenate([part.keys for part in parts]), np.concatenate([part.bounds for part in parts]))


def of_grid(scene: Scene, level: int, places: np.ndarray, offset: int) -> Plan:
    pyramid = scene.product.dataset.grid
    packed = np.unique(keys.pack_many(scene.address(level, 0, 0, offset), places[:, 0], places[:, 1]))
    boxes = pyramid.bounds_of_many(level, *split(packed), offset)
    if not pyramid.is_geographic:
        boxes = np.array([pyramid.to_geographic(tuple(box)) for box in boxes.tolist()]).reshape(-1, 4)
    return Plan(packed, boxes)


def between(places: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """(n, 2) places of tiles -> (m, 2) places of the offset tiles that reach into one of them."""
    around = np.concatenate([places - shift for shift in ([0, 0], [0, 1], [1, 0], [1, 1])])
    exist = (around >= 0).all(axis=1) & (around[:, 0] < rows) & (around[:, 1] < columns)
    found: np.ndarray = np.unique(around[exist], axis=0)
    return found


def split(packed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) keys -> (n,) rows and (n,) columns."""
    return keys.part_of_many(packed, "row"), keys.part_of_many(packed, "col")
