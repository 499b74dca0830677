"""A collection as files: its tiles with their address and place, what is known of each, and links."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from ml.shards import Shard as Columns
from search import collecting, columns, frames, keys, tables
from search.columns import METRIC, Column
from search.errors import NotIndexed
from search.exporting import pictures
from search.exporting.geojson import geojson
from search.exporting.geoparquet import Field, geoparquet
from search.exporting.rows import LINKS, PLACE, Row, TileRows, portions
from search.exporting.streaming import table
from search.frames import Frame
from search.models import Collection

FIXED = {*PLACE, *LINKS, "file", "bbox", "geometry"}
TEXT, NUMBER = pa.string(), pa.float32()


Cells = list[float | str | None]


class Held(NamedTuple):
    """Which of some keys a shard has: positions among them, and rows of the shard; (m,) each."""

    shard: Columns
    positions: np.ndarray
    rows: np.ndarray


class Known(NamedTuple):
    """A column of the files: name in them, and the cells of keys (n,), None where unknown."""

    name: str
    kind: pa.DataType
    cells: Callable[[np.ndarray, list[Held]], Cells]


@dataclass(frozen=True)
class Tiles:
    """Rows in the order of the tiles' keys.  site: what links begin with."""

    collection: Collection
    site: str = ""

    def rows(self) -> Iterator[Row]:
        """PLACE, the metrics and columns of the dataset, LINKS; of a tile whose imagery is gone only its key's."""
        for some in portions(collecting.keys_of(self.collection)):
            given = some.tolist()
            addresses = [keys.unpack(key) for key in given]
            self.tiles.look_up(addresses)
            held = list(self._held(some))
            said = [(one.name, one.cells(some, held)) for one in self.known]
            for number, (key, address) in enumerate(zip(given, addresses, strict=True)):
                yield {**self.tiles.row(key, address), **{name: cells[number] for name, cells in said}}

    @cached_property
    def tiles(self) -> TileRows:
        return TileRows(self.collection.dataset, self.site)

    @cached_property
    def known(self) -> list[Known]:
        """Of each column that the dataset has; one that is called like a fixed column has an underscore after it."""
        found = columns.columns_of(self.collection.dataset)
        return [self._known(column, column.name + "_" * (column.name in FIXED)) for column in found]

    @property
    def columns(self) -> tuple[str, ...]:
        return (*PLACE, *(one.name for one in self.known), *LINKS)

    @cached_property
    def _frame(self) -> Frame | None:
        with suppress(NotIndexed):  # then nothing was measured
            return frames.opened(self.collection.dataset)
        return None

    def _known(self, column: Column, name: str) -> Known:
        dataset = self.collection.dataset
        if column.kind == "text":
            return Known(name, TEXT, lambda some, _: in_words(*tables.texts(dataset, column.name, some)))
        if column.source == METRIC:
            return Known(name, NUMBER, lambda some, held: unless_nan(measured(column.name, len(some), held)))
        return Known(name, NUMBER, lambda some, _: unless_nan(tables.numbers(dataset, column.name, some)))

    def _held(self, some: np.ndarray) -> Iterator[Held]:
        """Of keys that ascend."""
        for part in self._frame.parts if self._frame else ():
            held = part.columns.keys
            first, end = np.searchsorted(some, [held[0], held[-1] + 1])
            at = np.minimum(np.searchsorted(held, some[first:end]), len(held) - 1)
            there = np.flatnonzero(held[at] == some[first:end])
            if len(there):
                yield Held(part.columns, first + there, at[there])


def measured(name: str, count: int, held: list[Held]) -> np.ndarray:
    """(count,) NaN where a tile is not indexed or its shard does not have the metric."""
    found = np.full(count, np.nan, np.float32)
    for one in held:
        if name in one.shard.columns:
            found[one.positions] = one.shard.column(name)[one.rows]
    return found


def in_words(codes: np.ndarray, texts: list[str]) -> Cells:
    return [texts[code] if code >= 0 else None for code in codes.tolist()]


def unless_nan(values: np.ndarray) -> Cells:
    """Whole numbers without a point."""
    return [None if np.isnan(value) else round(value, 6) for value in values.astype(np.float64).tolist()]


def as_csv(tiles: Tiles) -> Iterator[str]:
    return table(tiles.columns, tiles.rows())


def as_geojson(tiles: Tiles) -> Iterator[str]:
    return geojson(tiles.rows())


def as_geoparquet(tiles: Tiles) -> Iterator[bytes]:
    fields: list[Field] = [(one.name, one.kind) for one in tiles.known]
    return geoparquet(tiles.rows(), fields)


def as_zip(tiles: Tiles) -> Iterator[bytes]:
    """<collection>/<key>.jpg and tiles.csv."""
    name = tiles.collection.name.replace("/", "_").replace("\\", "_").strip(". ") or "tiles"
    pairs = pictures.with_pictures(tiles.rows(), tiles.tiles.scene_of, tiles.collection.dataset)
    return pictures.image_zip(pairs, tiles.columns, lambda _: name)


class Format(NamedTuple):
    """kind: its media type."""

    kind: str
    write: Callable[[Tiles], Iterator[str] | Iterator[bytes]]


FORMATS = {
    "csv": Format("text/csv; charset=utf-8", as_csv),
    "geojson": Format("application/geo+json", as_geojson),
    "parquet": Format("application/vnd.apache.parquet", as_geoparquet),
    "zip": Format("application/zip", as_zip),
}
