"""Vectors that others made, with the places they describe, as Parquet and GeoParquet files carry them.

Found by name: Major TOM (`embedding`, `geometry`, `timestamp`), Clay (`embeddings`, `geometry` in WKB, `date`), Earth
Index (`embedding`, `geometry`), or any other that has a list of numbers and a place. Files are read piece by piece.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from search import keys
from search.errors import BadImagery

VECTOR = ("embedding", "embeddings", "vector", "vectors", "emb", "features")
GEOMETRY = ("geometry", "geom", "wkb_geometry", "wkb", "footprint")
LONLAT = (("centre_lon", "centre_lat"), ("center_lon", "center_lat"), ("lon", "lat"), ("longitude", "latitude"))
DATE = ("timestamp", "date", "datetime", "acquired", "time")
ROWS = 8192  # read at a time
WIDEST = 16_384  # numbers of one vector


@dataclass(frozen=True)
class Columns:
    """Which columns hold what; "" for none. Either geometry or lon and lat."""

    vector: str
    geometry: str = ""
    lon: str = ""
    lat: str = ""
    date: str = ""

    @property
    def places(self) -> list[str]:
        return [name for name in (self.geometry, self.lon, self.lat, self.date) if name]


@dataclass(frozen=True)
class Places:
    """Of n rows: lon, lat of their middles and boxes (n, 4) in degrees, NaN where there is none; days as in keys."""

    lon: np.ndarray
    lat: np.ndarray
    boxes: np.ndarray
    days: np.ndarray


class VectorFile:
    """One file.  chosen: names of columns that the person gave, by what they hold; the others are found."""

    def __init__(self, path: Path, chosen: dict[str, str] | None = None) -> None:
        self.path, self.name = path, path.name
        with self._opened() as file:
            self.rows = file.metadata.num_rows
            self._schema = file.schema_arrow
            self._geo = json.loads((self._schema.metadata or {}).get(b"geo", b"{}"))
            self.columns = self._found(chosen or {})
            self.dim = self._dim(file)
        self._to_degrees = self._transformer()

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        try:
            with pq.ParquetFile(self.path, memory_map=True) as file:
                yield file
        except (pa.ArrowException, OSError, ValueError) as error:
            raise BadImagery(f"{self.name} is not a Parquet file that can be read ({error}).") from error

    def _found(self, chosen: dict[str, str]) -> Columns:
        names = self._schema.names
        missing = [name for name in chosen.values() if name and name not in names]
        if missing:
            raise BadImagery(f"{self.name} has no column {', '.join(missing)}. It has {', '.join(names)[:300]}.")
        lists = [name for name in names if is_vector(self._schema.field(name).type)]
        vector = chosen.get("vector") or first(VECTOR, lists) or (lists[0] if len(lists) == 1 else "")
        if vector not in lists:
            raise BadImagery(f"{self.name} has no column of vectors (lists of numbers): say which, --vector. "
                             f"It has {', '.join(names)[:300]}.")  # fmt: skip
        binary = [name for name in names if is_binary(self._schema.field(name).type)]
        geometry = chosen.get("geometry") or first((self._geo.get("primary_column", ""), *GEOMETRY), binary)
        lon, lat = next(((x, y) for x, y in LONLAT if x in names and y in names), ("", ""))
        if not geometry and not lon:
            raise BadImagery(f"{self.name} does not say where its vectors lie: give a geometry (WKB), or lon and lat.")
        date = chosen.get("date") or first(DATE, names)
        return Columns(vector, geometry, *(("", "") if geometry else (lon, lat)), date)

    def _dim(self, file: pq.ParquetFile) -> int:
        for batch in file.iter_batches(ROWS, columns=[self.columns.vector]):
            lengths = pc.drop_null(pc.list_value_length(batch.column(0)))
            if len(lengths):
                found = int(lengths[0].as_py())
                if not 1 <= found <= WIDEST:
                    raise BadImagery(f"{self.name} has vectors of {found:,} numbers; 1 to {WIDEST:,} are taken.")
                return found
        raise BadImagery(f"{self.name} holds no vectors.")

    def _transformer(self) -> Transformer | None:
        """None for longitude and latitude, which GeoParquet takes for granted (OGC:CRS84)."""
        said = self._geo.get("columns", {}).get(self.columns.geometry, {}).get("crs")
        if not said:
            return None
        try:
            crs = CRS.from_user_input(said)
            return None if crs.is_geographic else Transformer.from_crs(crs, 4326, always_xy=True)
        except ProjError as error:
            raise BadImagery(f"{self.name} is in a coordinate system that is not known here ({error}).") from error

    def vectors(self, start: int = 0) -> Iterator[np.ndarray]:
        """(m, dim) float32 of unit length, row after row from `start`; NaN where there is no direction."""
        passed = 0
        with self._opened() as file:
            for batch in file.iter_batches(ROWS, columns=[self.columns.vector]):
                passed += len(batch)
                if passed > start:
                    yield unit(matrix(batch.column(0), self.dim))[max(0, start - passed) :]

    def places(self) -> Iterator[Places]:
        with self._opened() as file:
            for batch in file.iter_batches(ROWS, columns=self.columns.places):
                boxes, lon, lat = self._boxes(batch)
                yield Places(lon, lat, boxes, days(batch, self.columns.date))

    def _boxes(self, batch: pa.RecordBatch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if not self.columns.geometry:
            lon, lat = (numbers(batch.column(name)) for name in (self.columns.lon, self.columns.lat))
            return np.stack([lon, lat, lon, lat], axis=1), lon, lat
        shapes = shapely.from_wkb(
            batch.column(self.columns.geometry).to_numpy(zero_copy_only=False), on_invalid="ignore"
        )
        if self._to_degrees is not None:
            shapes = shapely.transform(shapes, lambda points: np.stack(self._to_degrees.transform(*points.T), axis=1))
        middles, boxes = shapely.centroid(shapes), shapely.bounds(shapes)
        return boxes, shapely.get_x(middles), shapely.get_y(middles)


def is_vector(kind: pa.DataType) -> bool:
    listed = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return listed and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))


def is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def first(wanted: tuple[str, ...], names: list[str]) -> str:
    """The first wanted name that is there, in any case; "" for none."""
    lower = {name.lower(): name for name in names}
    return next((lower[name.lower()] for name in wanted if name and name.lower() in lower), "")


def matrix(column: pa.Array, dim: int) -> np.ndarray:
    """(n, dim) float32; NaN for a row that is empty or of another length."""
    fits = np.asarray(pc.equal(pc.fill_null(pc.list_value_length(column), -1), dim))
    found = np.full((len(column), dim), np.nan, np.float32)
    flat = column.filter(pa.array(fits)).flatten()
    found[fits] = flat.to_numpy(zero_copy_only=False).astype(np.float32).reshape(-1, dim)
    return found


def unit(vectors: np.ndarray) -> np.ndarray:
    """(n, dim) at length 1; NaN where the vector is zero or not finite."""
    wide = vectors.astype(np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    length[~np.isfinite(length) | (length < 1e-12)] = np.nan
    return (wide / length).astype(np.float32)


def numbers(column: pa.Array) -> np.ndarray:
    found: np.ndarray = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return found


def days(batch: pa.RecordBatch, name: str) -> np.ndarray:
    """(n,) days as in keys; 0 where the date is missing or cannot be read."""
    if not name:
        return np.zeros(len(batch), np.int64)
    column = batch.column(name)
    if not pa.types.is_temporal(column.type):
        column = pc.utf8_slice_codeunits(pc.cast(column, pa.string()), 0, 10)
        iso = pc.match_substring_regex(column, r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")
        column = pc.if_else(pc.fill_null(iso, False), column, None)
    dates = pc.cast(column, pa.date32(), safe=False)
    since = pc.fill_null(pc.cast(dates, pa.int32()), -(10**6)).to_numpy(zero_copy_only=False).astype(np.int64)
    found = since + EPOCH_DAYS
    return np.where((found > 0) & (found < keys.LIMITS["day"]), found, 0)


EPOCH_DAYS = 25_568  # keys count from 1900-01-01 = 1, Arrow from 1970-01-01 = 0
