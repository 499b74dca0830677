"""What files say of a tile: its address, its place, and links to its picture, to the map and to NASA's Worldview."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from search import keys, worldview
from search.describing import Describer
from search.errors import NoSuchTile
from search.models import Dataset, Scene

AT_ONCE = 500  # rows, so that no statement grows beyond what a database takes
PLACE = (
    "key", "dataset", "product", "date", "level", "row", "col", "west", "south", "east", "north", "lon", "lat", "name",
)  # fmt: skip
LINKS = ("image", "map", "worldview")
TOLD = ("product", "date", "level", "row", "col", "name")  # as search.describing says them
Row = dict[str, Any]
Box = tuple[float, float, float, float]


class TileRows:
    """Of one dataset's tiles.  site: what links begin with, "https://lookalike.example.org"."""

    def __init__(self, dataset: Dataset, site: str = "") -> None:
        self.dataset, self.site = dataset, site
        self._describer = Describer(dataset)

    def look_up(self, addresses: Sequence[keys.TileAddress]) -> None:
        self._describer.look_up(addresses)

    def scene_of(self, row: Row) -> Scene | None:
        """Of one that has been made here; None when its imagery has been deleted."""
        return self._describer.scene(keys.unpack(row["key"]))

    def row(self, key: int, address: keys.TileAddress) -> Row:
        """With PLACE and LINKS, west > east across the date line; no box for a gallery's pictures. Of a tile whose
        imagery has been deleted only what its key says."""
        slug, scene = self.dataset.slug, self._describer.scene(address)
        try:
            tile = self._describer.tile(key)
        except NoSuchTile:
            scene = None
        if scene is None:
            gone = dict.fromkeys((*PLACE, *LINKS)) | {"date": keys.written(address.day)}
            return gone | {"key": key, "dataset": slug, "level": address.level, "row": address.row, "col": address.col}
        box: Any = tile["bbox"] or [None] * 4
        center: Any = tile["center"] or [None] * 2
        place = {"west": box[0], "south": box[1], "east": box[2], "north": box[3], "lon": center[0], "lat": center[1]}
        links = {"image": f"{self.site}{tile['image']}", **self._links(scene, key, address)}
        return {"key": key, "dataset": slug, **{name: tile[name] for name in TOLD}, **place, **links}

    def _links(self, scene: Scene, key: int, address: keys.TileAddress) -> Row:
        """The map with this tile in its middle, or the gallery beside the picture; the same place in Worldview."""
        page = f"{self.site}/?dataset={self.dataset.slug}&product={scene.product.name}&date={scene.written_day}"
        if self.dataset.kind == Dataset.Kind.GALLERY:
            return {"map": f"{page}&like={key}", "worldview": None}
        box = around(scene, address)
        view = ",".join(f"{value:.4f}".rstrip("0").rstrip(".") for value in box)
        shown = f"{page}&level={address.level}&lock=1&v={view}"
        return {"map": shown, "worldview": worldview.address(scene, box)}


def portions(rows: np.ndarray) -> Iterator[np.ndarray]:
    return (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))


def around(scene: Scene, address: keys.TileAddress) -> Box:
    """The tile's box with half a tile around it, in units of the grid."""
    pyramid = scene.product.dataset.grid
    west, south, east, north = pyramid.box(address.level, address.row, address.col, address.offset)
    half = (east - west) / 2
    return west - half, south - half, east + half, north + half


def outlines(row: Row) -> Sequence[Box]:
    """The tile's box in degrees, cut to the world and in two at the date line (RFC 7946, 3.1.9); () without a place."""
    west, south, east, north = (row[side] for side in ("west", "south", "east", "north"))
    if west is None:
        return ()
    south, north, east = max(south, -90.0), min(north, 90.0), min(east, 180.0)
    if west <= east:
        return ((west, south, east, north),)
    parts = ((west, south, 180.0, north), (-180.0, south, east, north))
    return tuple(part for part in parts if part[0] < part[2])
