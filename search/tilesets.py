"""Scenes of downloaded tiles: files as a tile server sent them, listed in one Parquet file per scene.

The files lie at <data folder>/<scene.folder>/<level>/<row>/<col>.<ext>. A scene of a date is extended by storing more
tiles of the same folder. Overviews, the coarser tiles that the server was not asked for, are made here from the
downloaded ones, each from its four children, and lie beside the list.
"""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.conf import settings
from django.db import transaction

from search import grid, tasks
from search.digests import version_of
from search.errors import MissingImagery
from search.models import Product, Scene

SCHEMA = pa.schema(
    [("level", pa.int8()), ("row", pa.int32()), ("col", pa.int32()), ("bytes", pa.int64()), ("digest", pa.string()),
     ("nodata", pa.float32())]
)  # fmt: skip
KINDS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


@dataclass(frozen=True)
class Held:
    """A tile on disk.  digest: SHA-256 of its file, hexadecimal.  nodata: share of its pixels, 0 to 1."""

    level: int
    row: int
    col: int
    bytes: int
    digest: str
    nodata: float


@dataclass(frozen=True)
class Listing:
    """What a scene holds.  tiles: level -> (n, 2) rows and columns of the tiles with data, in order."""

    tiles: dict[int, np.ndarray]

    @property
    def levels(self) -> list[int]:
        return sorted(self.tiles)

    @property
    def finest(self) -> int:
        return max(self.tiles, default=0)

    def at(self, level: int) -> np.ndarray:
        """(n, 2) rows and columns of the level's tiles that show data: downloaded, or around downloaded finer ones."""
        parts = [tiles >> (held - level) for held, tiles in self.tiles.items() if held >= level]
        found: np.ndarray = np.unique(np.concatenate(parts), axis=0) if parts else np.empty((0, 2), np.int64)
        return found


def home(scene: Scene) -> Path:
    product = scene.product
    return Path(settings.DATA_DIR) / "scenes" / product.dataset.slug / product.name / scene.written_day


def list_path(scene: Scene) -> Path:
    return home(scene) / f"tiles-{scene.version}.parquet"


def overviews(scene: Scene) -> Path:
    return home(scene) / f"overviews-{scene.version}"


def extension(product: Product) -> str:
    """Of the files, without a dot."""
    return KINDS[product.source["gibs"]["format"]]


def file_of(scene: Scene, level: int, row: int, col: int) -> Path:
    return Path(settings.DATA_DIR) / scene.folder / f"{level}/{row}/{col}.{extension(scene.product)}"


def listed(scene: Scene) -> pa.Table:
    """Columns of SCHEMA, in order of level, row and column; those without data too."""
    return _read(list_path(scene))


def listing(scene: Scene) -> Listing:
    return _listing(list_path(scene))


@lru_cache(maxsize=32)
def _listing(path: Path) -> Listing:
    table = _read(path)
    full = table.filter(pc.less(table["nodata"], 1))
    levels, places = full["level"].to_numpy(), np.stack([full["row"].to_numpy(), full["col"].to_numpy()], axis=1)
    return Listing({int(level): places[levels == level].astype(np.int64) for level in np.unique(levels)})


def _read(path: Path) -> pa.Table:
    if not path.is_file():
        raise MissingImagery(f"The list of downloaded tiles {path} is gone: repeat the import.")
    return pq.read_table(path, schema=SCHEMA)


def store(product: Product, day: int, folder: str, rows: Iterable[Held]) -> Scene:
    """Make the scene of a day, or add tiles to it; a tile that is listed already is listed anew.

    folder: relative to the data folder, the same whenever the scene is extended.  The scene's version changes with its
    tiles; of the same tiles it is the same, in whatever order and in however many pieces they came.
    """
    scene = Scene.objects.filter(product=product, day=day).first() or Scene(product=product, day=day, folder=folder)
    known = listed(scene).to_pylist() if scene.version else []
    tiles = {(row["level"], row["row"], row["col"]): row for row in known}
    tiles |= {(held.level, held.row, held.col): asdict(held) for held in rows}
    table = pa.Table.from_pylist([tiles[place] for place in sorted(tiles)], schema=SCHEMA)
    version = version_of(f"{row['level']}/{row['row']}/{row['col']} {row['digest']}" for row in tiles.values())
    if version == scene.version and list_path(scene).is_file():
        return scene
    with transaction.atomic():
        scene.version, scene.images, scene.folder = version, len(table), folder
        describe(scene, table)
        write(list_path(scene), table)
        scene.save()
        transaction.on_commit(partial(tasks.enqueue_overviews, scene.pk))
    return scene


def describe(scene: Scene, table: pa.Table) -> None:
    """Where the scene's data lies, and how fine it is."""
    pyramid, full = scene.product.dataset.grid, table.filter(pc.less(table["nodata"], 1))
    if not len(full):
        scene.west = scene.south = scene.east = scene.north = scene.resolution = None
        return
    boxes = [box_of(pyramid, full.filter(pc.equal(full["level"], level)), level) for level in set(levels_of(full))]
    west, south, east, north = zip(*boxes, strict=True)
    left, bottom, right, top = pyramid.extent
    scene.west, scene.south = max(left, min(west)), max(bottom, min(south))
    scene.east, scene.north = min(right, max(east)), min(top, max(north))
    scene.resolution = pyramid.resolution(max(levels_of(full)))


def levels_of(table: pa.Table) -> list[int]:
    found: list[int] = pc.unique(table["level"]).to_pylist()
    return found


def box_of(pyramid: grid.Grid, tiles: pa.Table, level: int) -> grid.Bounds:
    rows, cols = pc.min_max(tiles["row"]).as_py(), pc.min_max(tiles["col"]).as_py()
    return grid.Block(pyramid, level, rows["min"], rows["max"] + 1, cols["min"], cols["max"] + 1).bounds


def write(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    pq.write_table(table, part)
    part.replace(path)


def sweep(scene: Scene) -> None:
    """Remove lists and overviews of earlier versions."""
    for path in home(scene).glob("*-*"):
        if path.is_dir() and path.name.startswith("overviews-") and path != overviews(scene):
            shutil.rmtree(path, ignore_errors=True)
        elif path.name.startswith("tiles-") and path != list_path(scene):
            path.unlink(missing_ok=True)


def children(level: int, row: int, col: int) -> Sequence[tuple[int, int, int]]:
    """The four tiles of the next finer level inside one, from the top left, row by row."""
    return [(level + 1, 2 * row + down, 2 * col + right) for down in (0, 1) for right in (0, 1)]
