"""Plain pictures as one-tile scenes: a folder's images listed in a Parquet file, image number -> path."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from PIL import Image

from ml import images
from ml.errors import BadImage
from search import keys
from search.errors import BadImagery, MissingImagery, NoSuchTile
from search.imagery.plan import Pixels, Plan
from search.models import Scene

LEVEL = 0
MAX_PIXELS = 150_000_000  # of one image; 450 MB once decoded
SCHEMA = pa.schema(
    [("number", pa.int32()), ("path", pa.string()), ("name", pa.string()), ("width", pa.int32()),
     ("height", pa.int32()), ("bytes", pa.int64()), ("digest", pa.string())]
)  # fmt: skip


def list_path(scene: Scene) -> Path:
    """Where the scene's list of images lies; a new version is a new file."""
    product = scene.product
    folder = Path(settings.DATA_DIR) / "scenes" / product.dataset.slug / product.name / scene.written_day
    return folder / f"images-{scene.version}.parquet"


def listed(scene: Scene) -> pa.Table:
    """Columns of SCHEMA, one row an image, in order of number."""
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
            return decoded(path)
        except FileNotFoundError as error:
            raise MissingImagery(f"{path} is gone. Put it back, or import its folder again.") from error
        except BadImage as error:
            raise BadImagery(f"{path}: {error}") from error


def decoded(path: Path) -> np.ndarray:
    """The researcher's own file -> (h, w, 3) uint8; ml.errors.BadImage beyond the gallery's limits."""
    return images.decode(path.read_bytes(), max_bytes=settings.GALLERY_IMAGE_LIMIT, max_pixels=MAX_PIXELS)


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
