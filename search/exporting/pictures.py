"""Tiles with their pictures: what the site shows, as JPEG, all of one size; as a zip for ImageFolder."""

import logging
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Self

from ml.errors import MLError
from search import keys, tiles
from search.errors import SearchError
from search.exporting.rows import Row
from search.exporting.streaming import line
from search.exporting.zips import ZipStream
from search.models import Dataset, Scene

log = logging.getLogger(__name__)
FORM = "jpg"
GALLERY_SIDE = 512  # pixels
COPY = 1 << 18
Pictured = tuple[Row, bytes | None]


def side(dataset: Dataset) -> int:
    """Pixels of a picture's width and height."""
    return GALLERY_SIDE if dataset.kind == Dataset.Kind.GALLERY else dataset.grid.tile_size


def picture(scene: Scene | None, row: Row, pixels: int) -> bytes | None:
    """None where the imagery is gone, or cannot be read any more."""
    if scene is None:
        return None
    at = keys.unpack(row["key"])
    try:
        return tiles.render(scene, at.level, at.row, at.col, pixels, FORM, at.offset)
    except (SearchError, MLError, OSError) as error:
        log.warning("no picture of tile %s: %s", row["key"], error)
        return None


def with_pictures(rows: Iterator[Row], scene_of: Callable[[Row], Scene | None], dataset: Dataset) -> Iterator[Pictured]:
    pixels = side(dataset)
    return ((row, picture(scene_of(row), row, pixels)) for row in rows)


def image_zip(pairs: Iterator[Pictured], columns: Sequence[str], folder: Callable[[Row], str]) -> Iterator[bytes]:
    """<folder>/<key>.jpg, and tiles.csv with all that is known of each and its file."""
    with ZipStream() as archive, Listing(("file", *columns)) as listing:
        for row, image in pairs:
            name = f"{folder(row)}/{row['key']}.{FORM}"
            listing.add({"file": name if image else None, **row})
            if image is not None:
                yield from archive.add(name, image)
        yield from archive.add_pieces("tiles.csv", listing.pieces(), listing.size, listing.crc)
        yield from archive.end()


class Listing:
    """A table that waits on disk until all pictures are through."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed by __exit__
        self.size = self.crc = 0
        self._write(",".join(columns) + "\r\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, row: Row) -> None:
        self._write(line(self._columns, row))

    def pieces(self) -> Iterator[bytes]:
        self._file.seek(0)
        while some := self._file.read(COPY):
            yield some

    def _write(self, text: str) -> None:
        data = text.encode()
        self._file.write(data)
        self.size += len(data)
        self.crc = zlib.crc32(data, self.crc)
