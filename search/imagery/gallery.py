"""Plain pictures as one-tile scenes: a folder's images listed in a Parquet file, image number -> path."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import rasterio
from django.conf import settings
from PIL import Image
from rasterio import DatasetReader
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from ml import images
from ml.errors import BadImage
from search import keys
from search.errors import BadImagery, MissingImagery, NoSuchTile
from search.imagery.plan import Pixels, Plan
from search.imagery.pool import NEVER_GUESS
from search.imagery.raster import shown
from search.models import Scene

LEVEL = 0
TIFFS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MAX_PIXELS = 150_000_000  # of one image; 450 MB once decoded
SCHEMA = pa.schema(
    [("number", pa.int32()), ("path", pa.string()), ("name", pa.string()), ("width", pa.int32()),
     ("height", pa.int32()), ("bytes", pa.int64()), ("digest", pa.string()), ("label", pa.string()),
     ("meta", pa.string()), ("frame_time", pa.float32()), ("frame_change", pa.float32())]
)  # fmt: skip


def list_path(scene: Scene) -> Path:
    """Where the scene's list of images lies; a new version is a new file."""
    product = scene.product
    folder = Path(settings.DATA_DIR) / "scenes" / product.dataset.slug / product.name / scene.written_day
    return folder / f"images-{scene.version}.parquet"


def listed(scene: Scene) -> pa.Table:
    """Columns of SCHEMA, one row an image, in order of number.

    label: the class it was imported with; meta: JSON of what a list said of it besides; frame_time, frame_change: of a
    video's frame, seconds from its start and difference from the frame before. Null where there is none, as in all of
    a list that was written before it had such columns.
    """
    return _read(list_path(scene))


@lru_cache(maxsize=16)
def _read(path: Path) -> pa.Table:
    if not path.is_file():
        raise MissingImagery(f"The list of images {path} is gone: import the folder again.")
    return pq.read_table(path, schema=SCHEMA)


class GalleryReader:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.table = listed(scene)

    def plan(self, level: int) -> Plan:
        if level != LEVEL:
            raise NoSuchTile(f"A gallery has level {LEVEL} only: each picture is one tile.")
        numbers = self.table["number"].to_numpy().astype(np.int64)
        base = self.scene.address(LEVEL, 0, 0).pack()
        return Plan(base | numbers, np.full((len(numbers), 4), np.nan), self.table["name"].to_pylist())

    def batches(self, plan: Plan, most: int) -> Iterator[tuple[int, int]]:
        for start in range(0, len(plan), most):
            yield start, min(start + most, len(plan))

    def read(self, plan: Plan, start: int, end: int, level: int, size: int) -> Pixels:
        pairs = [boxed(self._decode(i), size) for i in range(start, end)]
        return Pixels(np.stack([tile for tile, _ in pairs]), np.stack([valid for _, valid in pairs]))

    def sizes(self, plan: Plan, level: int) -> np.ndarray:
        """(n,) float32 bytes of the plan's pictures as they lie on disk."""
        return self.table["bytes"].to_numpy().astype(np.float32)

    def picture(self, level: int, row: int, col: int, size: int, offset: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """One image inside a (size, size) square, not cropped; the margins are not valid."""
        return boxed(self._decode(self.index(level, row, col)), size)

    def sample(self, level: int, row: int, col: int, size: int, offset: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """One image for an encoder, as `read` gives it."""
        return self.picture(level, row, col, size)

    def index(self, level: int, row: int, col: int) -> int:
        """The position of an image in the list."""
        number = keys.image_number(row, col)
        numbers = self.table["number"].to_numpy()
        at = int(np.searchsorted(numbers, number))
        if level != LEVEL or at == len(numbers) or numbers[at] != number:
            raise NoSuchTile(f"There is no image number {number} in {self.scene.product}.")
        return at

    def _decode(self, index: int) -> np.ndarray:
        path = Path(self.table["path"][index].as_py())
        try:
            return decoded(path, self.scene.stretch)
        except FileNotFoundError as error:
            raise MissingImagery(f"{path} is gone. Put it back, or import its folder again.") from error
        except BadImage as error:
            raise BadImagery(f"{path}: {error}") from error


def decoded(path: Path, stretch: Mapping[str, Any] | None = None) -> np.ndarray:
    """The researcher's own file -> (h, w, 3) uint8; ml.errors.BadImage beyond the gallery's limits.

    stretch: of the gallery, for pictures of more than 8 bits a colour; without one they are scaled by their type.
    """
    if is_deep(path):
        return deep(path, stretch or {})
    return images.decode(path.read_bytes(), max_bytes=settings.GALLERY_IMAGE_LIMIT, max_pixels=MAX_PIXELS)


def is_deep(path: Path) -> bool:
    """Whether Pillow would lose something: more than 8 bits, or more bands than colours, in a TIFF or PNG."""
    with path.open("rb") as file:
        start = file.read(26)
    if start[:8] == b"\x89PNG\r\n\x1a\n":
        return start[24:25] == b"\x10"
    if start[:4] not in TIFFS:
        return False
    with raw(path) as source:
        return source.count > 4 or np.dtype(source.dtypes[0]) != np.uint8


@contextmanager
def raw(path: Path) -> Iterator[DatasetReader]:
    """A TIFF or PNG as GDAL reads it, and nothing that it might be else; ml.errors.BadImage."""
    with path.open("rb") as file:
        driver = "GTiff" if file.read(4) in TIFFS else "PNG"
    try:
        with warnings.catch_warnings(), rasterio.Env(**NEVER_GUESS):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path, driver=driver) as source:
                yield source
    except RasterioError as error:
        raise BadImage(f"The image is damaged or cut short: {error}. Save or fetch it again.") from error


def values(path: Path, bands: Sequence[int] = (), most: int = 0) -> np.ma.MaskedArray:
    """(bands, h, w) of a deep picture, its first three bands or its first, masked where it has no data.

    most: pixels a side at most, seen from afar; 0 for all.  Raises BadImage beyond the gallery's limits.
    """
    with raw(path) as source:
        if source.width * source.height > MAX_PIXELS or path.stat().st_size > settings.GALLERY_IMAGE_LIMIT:
            raise BadImage(f"The image has {source.width:,} x {source.height:,} pixels; {MAX_PIXELS:,} are allowed.")
        if any(np.dtype(kind).kind not in "iuf" for kind in source.dtypes):
            raise BadImage(f"The image holds {source.dtypes[0]} values, which have no brightness.")
        wanted = list(bands) if bands and max(bands) <= source.count else [1, 2, 3] if source.count >= 3 else [1]
        factor = max(1, max(source.height, source.width) // most) if most else 1
        shape = (len(wanted), max(1, source.height // factor), max(1, source.width // factor))
        found: np.ma.MaskedArray = source.read(wanted, out_shape=shape, masked=True)
        return found


def deep(path: Path, stretch: Mapping[str, Any]) -> np.ndarray:
    data = values(path, stretch.get("bands", ()))
    low, high = stretch.get("low"), stretch.get("high")
    if not low or not high:
        low, high = by_type(data)
    plain = np.ma.filled(data.astype(np.float32), np.nan)
    rgb, _ = shown(plain, np.ones(plain.shape[1:], bool), fitted(low, len(plain)), fitted(high, len(plain)))
    return rgb


def by_type(data: np.ma.MaskedArray) -> tuple[list[float], list[float]]:
    """Whole numbers from 0 to the most their type holds, others from the least to the greatest there is."""
    if data.dtype.kind == "f" or not data.count():
        known = data.compressed()[np.isfinite(data.compressed())]
        return ([float(known.min())], [float(known.max())]) if len(known) else ([0.0], [1.0])
    return [0.0], [float(np.iinfo(data.dtype).max)]


def fitted(limits: Sequence[float], bands: int) -> list[float]:
    return list(limits) if len(limits) == bands else [limits[0]] * bands


def boxed(image: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """(h, w, 3) -> the whole picture in a square: (size, size, 3) and which pixels are picture, (size, size).

    The margins take the picture's mean colour, so that an encoder sees no frame.
    """
    height, width = image.shape[:2]
    scale = size / max(height, width)
    inner = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = (size - inner[0]) // 2, (size - inner[1]) // 2
    tile = np.empty((size, size, 3), np.uint8)
    tile[:] = image.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)
    valid = np.zeros((size, size), bool)
    window = np.s_[top : top + inner[0], left : left + inner[1]]
    tile[window] = np.asarray(Image.fromarray(image).resize((inner[1], inner[0]), Image.Resampling.BICUBIC))
    valid[window] = True
    return tile, valid
