"""The collection with its pictures: a WebDataset tar, and a zip as torchvision's ImageFolder reads it.

Pictures are what the site shows of a tile, as JPEG, all of one size. A tile whose imagery is gone has none.
"""

import json
import logging
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from labeling.exporting.collection import COLUMNS, Collection, Row
from labeling.exporting.streaming import Drain, line
from labeling.exporting.zips import ZipStream
from ml.errors import MLError
from search import keys, tiles
from search.errors import SearchError
from search.models import Dataset, Scene
from search.packing.shards import put

log = logging.getLogger(__name__)
FORM = "jpg"
GALLERY_SIDE = 512  # pixels
UNLABELLED = "unlabelled"  # the folder of tiles without a label
COPY = 1 << 18
COLUMNS_OF_FILES = ("file", *COLUMNS)


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


def with_pictures(collection: Collection) -> Iterator[tuple[Row, bytes | None]]:
    pixels = side(collection.campaign.dataset)
    return ((row, picture(collection.scene_of(row), row, pixels)) for row in collection.rows())


def webdataset(collection: Collection) -> Iterator[bytes]:
    """<key>.jpg, <key>.json with all that is known, and <key>.cls, the number of its label among the answers."""
    numbers = {code: number for number, code in enumerate(collection.codes)}
    drain = Drain()
    with tarfile.open(fileobj=drain, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
        for row, image in with_pictures(collection):
            if image is None:
                continue
            about = json.dumps({**row, "key": str(row["key"])}, ensure_ascii=False, sort_keys=True)
            put(tar, f"{row['key']}.{FORM}", image)
            put(tar, f"{row['key']}.json", about.encode())
            if row["label"] is not None:
                put(tar, f"{row['key']}.cls", str(numbers[row["label"]]).encode())
            tar.members.clear()  # type: ignore[attr-defined]  # it would remember every file
            yield drain.taken()
    yield drain.taken()


def image_zip(collection: Collection) -> Iterator[bytes]:
    """<label>/<key>.jpg, one folder for each answer, and tiles.csv with all that is known of each."""
    with ZipStream() as archive, Listing() as listing:
        for row, image in with_pictures(collection):
            name = f"{row['label'] or UNLABELLED}/{row['key']}.{FORM}"
            listing.add({"file": name if image else None, **row})
            if image is not None:
                yield from archive.add(name, image)
        yield from archive.add_pieces("tiles.csv", listing.pieces(), listing.size, listing.crc)
        yield from archive.end()


class Listing:
    """A table that waits on disk until all pictures are through."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed by __exit__
        self.size = self.crc = 0
        self._write(",".join(COLUMNS_OF_FILES) + "\r\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, row: Row) -> None:
        self._write(line(COLUMNS_OF_FILES, row))

    def pieces(self) -> Iterator[bytes]:
        self._file.seek(0)
        while some := self._file.read(COPY):
            yield some

    def _write(self, text: str) -> None:
        data = text.encode()
        self._file.write(data)
        self.size += len(data)
        self.crc = zlib.crc32(data, self.crc)
