"""The demo archive's August at level 7 as shards, and what is true about its tiles."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image

from ml import encoders
from ml.evaluate import inside, naturalearth
from ml.shards import Shard, ShardWriter

ROWS, COLUMNS, SPAN = 80, 160, 2.25
IMAGE, COVER = "bluemarble_2004-08-01.tif", "MCD12C1_2019_IGBP_7200x3600.tif"
ISLAND, LAKE = 100.0, 100.0  # km², the least
SNOW = 15  # IGBP's snow and ice
EDGE = (0.1, 0.9)  # share of a tile that is snow or ice where its edge runs through
BATCH = 32
Flags = NDArray[np.bool_]


def keys() -> NDArray[np.int64]:
    """Row by row from the north west; key 0 is nobody's."""
    return np.arange(1, ROWS * COLUMNS + 1)


def boxes() -> NDArray[np.float64]:
    rows, columns = np.divmod(keys() - 1, COLUMNS)
    west, north = columns * SPAN - 180, 90 - rows * SPAN
    return np.stack([west, north - SPAN, west + SPAN, north], axis=1)


def places(some: NDArray[np.int64]) -> NDArray[np.int64]:
    """The block of 4 x 4 tiles of each key."""
    rows, columns = np.divmod(some - 1, COLUMNS)
    return rows // 4 * COLUMNS + columns // 4


def shard(data: Path, work: Path, name: str) -> Shard:
    """The tiles' vectors by an encoder of the store; made once."""
    encoder = encoders.load(encoders.builtin()[name], threads=1)
    folder = work / f"{name}-{encoder.fingerprint}"
    if not folder.is_dir():
        tile = _reader(data / IMAGE, encoder.size)
        none = np.zeros(BATCH, np.float32)
        with ShardWriter(
            work / f"{name}-parts", keys=keys(), bounds=boxes(), dim=encoder.dim, fingerprint=encoder.fingerprint
        ) as writer:
            for first in range(writer.done, len(keys()), BATCH):
                images = np.stack([tile(i) for i in range(first, first + BATCH)])
                writer.append(encoder.encode_images(images), {"luminance": none, "nodata_share": none})
            writer.finish(folder, meta={"encoder": name})
    return Shard.open(folder)


def _reader(path: Path, size: int) -> Callable[[int], NDArray[np.uint8]]:
    with rasterio.open(path) as file:
        image = Image.fromarray(file.read([1, 2, 3]).transpose(1, 2, 0))
    side = image.width / COLUMNS

    def tile(i: int) -> NDArray[np.uint8]:
        row, column = divmod(i, COLUMNS)
        box = (column * side, row * side, (column + 1) * side, (row + 1) * side)
        return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC, box=box))

    return tile


def islands(data: Path) -> Flags:
    """Tiles with a land polygon of more than 100 km² wholly inside."""
    return inside.holding(boxes(), inside.larger(naturalearth.topology(data / "land-10m.json"), ISLAND))


def lakes(data: Path) -> Flags:
    """Tiles with a lake of more than 100 km² wholly inside."""
    return inside.holding(boxes(), inside.larger(naturalearth.shapefile(data / "ne_10m_lakes.shp"), LAKE))


def ice_edge(data: Path) -> Flags:
    """Tiles of which 10 to 90 % are permanent snow or ice by MCD12C1."""
    with rasterio.open(data / COVER) as file:
        grid = file.read(1)
    side = grid.shape[1] // COLUMNS
    share = (grid == SNOW).reshape(ROWS, side, COLUMNS, side).mean(axis=(1, 3)).ravel()
    return np.asarray((share >= EDGE[0]) & (share <= EDGE[1]))


TARGETS = {"islands": islands, "lakes": lakes, "ice-edge": ice_edge}
