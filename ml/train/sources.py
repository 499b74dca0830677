"""From files to the packed cache: photographs and tiles whole, maps cut into tiles, any number of bands.

A GeoTIFF with more than CUT pixels a side is cut into tiles; of other images the middle square is taken. Values deeper
than 8 bits are stretched per band between percentiles of a sample; the encoder keeps the stretch.
"""

import re
import shutil
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.errors import RasterioError, RasterioIOError
from rasterio.windows import Window

from ml import images
from ml.errors import BadImage, BadTraining
from ml.train.cache import Cache, CacheWriter, Pixels, Stretch

CUT = 1024  # px
MOST_REFUSED = 0.5  # share of the files
LOW, HIGH = 2, 98  # percentiles of the stretch
_DATE = re.compile(r"(19|20)\d\d[-_]?(0[1-9]|1[0-2])([-_]?(0[1-9]|[12]\d|3[01]))?(?!\d)")
_TOGETHER, _THREADS, _SAMPLE = 256, 4, 40
Progress = Callable[[str, int, int], None]  # stage, done, total


class Kind(NamedTuple):
    """How a file is read. tiled: cut into tiles, of which it has rows x columns."""

    bands: int
    deep: bool
    width: int
    height: int
    placed: bool


class Piece(NamedTuple):
    """One tile to be: of a file, its window (left, top, side) or None for the middle square; place and cell."""

    name: str
    window: tuple[int, int, int] | None
    place: int
    cell: tuple[int, int, int]


@dataclass
class Plan:
    bands: int
    stretch: Stretch | None
    pieces: list[Piece]
    refused: dict[str, str]


def find(folder: Path) -> list[str]:
    """`ml.images.find`; raises BadTraining when there are none."""
    if not folder.is_dir():
        raise BadTraining(f"{folder} is not a folder: give the folder that holds the images.")
    names = images.find(folder)
    if not names:
        raise BadTraining(f"There are no images in {folder} ({', '.join(sorted(images.SUFFIXES))}).")
    return names


def pack(
    folder: Path, out: Path, *, size: int, tile: int = 0, most_refused: float = MOST_REFUSED,
    on_progress: Progress | None = None,
) -> Cache:  # fmt: skip
    """Decode everything below folder once, into the cache `out` of squares of `size` px.

    tile: cut every image into squares of so many px; 0 cuts GeoTIFFs of more than CUT px, into squares of `size`.
    What cannot be read is in the cache's `refused`; raises BadTraining when that is more than a share of most_refused,
    when nothing is there, and when the disk has not enough room.
    """
    names = find(folder)
    plan = planned(folder, names, size, tile)
    room(out, len(plan.pieces) * size * size * plan.bands)
    with CacheWriter(out, size=size, bands=plan.bands, total=len(plan.pieces)) as writer:
        for name, reason in plan.refused.items():
            writer.refuse(name, reason)
        fill(writer, folder, plan, size, on_progress or (lambda stage, done, total: None))
        check_refused(plan.refused, len(names), most_refused, folder)
        return writer.finish(source=str(folder.name), stretch=plan.stretch)


def check_refused(refused: dict[str, str], files: int, most: float, folder: Path) -> None:
    if len(refused) > most * files:
        name, reason = next(iter(refused.items()))
        raise BadTraining(
            f"{len(refused)} of {files} images in {folder} cannot be read, the first is {name}: {reason} Mend or "
            "remove them, or allow more with --most-refused."
        )


def room(out: Path, needed: int) -> None:
    there = out
    while not there.exists():
        there = there.parent
    if (free := shutil.disk_usage(there).free) < needed * 1.05:
        raise BadTraining(
            f"The packed images need {needed / 2**20:,.0f} MB in {there}, which has {free / 2**20:,.0f} MB free. Make "
            "room, choose another --work folder, or a smaller --size."
        )


def planned(folder: Path, names: list[str], size: int, tile: int) -> Plan:
    """What will be read; files of another number of bands than most are refused."""
    refused: dict[str, str] = {}
    kinds = {name: kind for name in names if (kind := look(folder / name, name, refused)) is not None}
    if not kinds:
        name, reason = next(iter(refused.items()))
        raise BadTraining(f"None of the {len(names)} images in {folder} can be read. {name}: {reason}")
    bands = Counter(kind.bands for kind in kinds.values()).most_common(1)[0][0]
    for name in [name for name, kind in kinds.items() if kind.bands != bands]:
        refused[name] = f"It has {kinds.pop(name).bands} bands, most of the others have {bands}."
    pieces = [piece for name, kind in kinds.items() for piece in cut(folder, name, kind, size, tile)]
    deep = {name: kind for name, kind in kinds.items() if kind.deep}
    return Plan(bands, stretch_of(folder, list(deep), bands) if deep else None, pieces, refused)


def look(path: Path, name: str, refused: dict[str, str]) -> Kind | None:
    """What a file is; None when it cannot be told."""
    if path.suffix.lower() not in (".tif", ".tiff"):
        return Kind(3, False, 0, 0, False)
    try:
        with rasterio.open(path) as file:
            placed = file.crs is not None and not file.transform.is_identity
            bands = 3 if file.count == 4 and file.colorinterp[3].name == "alpha" else file.count
            return Kind(3 if _grey(file) else bands, file.dtypes[0] != "uint8", file.width, file.height, placed)
    except (RasterioError, RasterioIOError) as error:
        refused[name] = f"It cannot be read: {error}."
        return None


def _grey(file: Any) -> bool:
    """One band of 8 bits and no place: a photograph, which becomes RGB as every photograph does."""
    return bool(file.count == 1 and file.dtypes[0] == "uint8" and file.crs is None)


def cut(folder: Path, name: str, kind: Kind, size: int, tile: int) -> Iterator[Piece]:
    side = tile or (size if kind.placed and max(kind.width, kind.height) > CUT else 0)
    if not side or min(kind.width, kind.height) < side:
        yield Piece(name, None, place_by_name(name), (-1, -1, -1))
        return
    level, down, right = grid_of(folder / name, side) if kind.placed else (-1, -1, -1)
    for row in range(kind.height // side):
        for column in range(kind.width // side):
            cell = (level, down + row, right + column) if level >= 0 else (-1, -1, -1)
            yield Piece(name, (column * side, row * side, side), place_number(cell), cell)


def grid_of(path: Path, side: int) -> tuple[int, int, int]:
    """(a number for the tiles' size on the ground, row and column of the first tile), the same for files that agree."""
    with rasterio.open(path) as file:
        left, top, wide = file.bounds.left, file.bounds.top, abs(file.transform.a) * side
        extent = 360.0 if file.crs.is_geographic else 4e7
    down, right = (extent / 2 - top) / wide, (extent / 2 + left) / wide
    return round(1000 * np.log2(extent / wide)), max(0, round(down)), max(0, round(right))


def place_number(cell: tuple[int, int, int]) -> int:
    return -1 if cell[0] < 0 else zlib.crc32(repr(cell).encode())


def place_by_name(name: str) -> int:
    """Files whose names differ in a date only show one place; -1 without a date."""
    rest, found = _DATE.subn("", name)
    return zlib.crc32(rest.encode()) if found else -1


def stretch_of(folder: Path, names: list[str], bands: int) -> Stretch:
    """Of each band the values that become 0 and 255: percentiles over a sample of the files."""
    random = np.random.default_rng(0)
    chosen = sorted(random.permutation(len(names))[:_SAMPLE].tolist())
    sampled = np.concatenate([_thumbnail(folder / names[i]).reshape(bands, -1) for i in chosen], axis=1)
    finite = np.where(np.isfinite(sampled), sampled, np.nan)
    low, high = np.nanpercentile(finite, [LOW, HIGH], axis=1)
    high = np.where(high > low, high, low + 1)
    return [[round(float(a), 6), round(float(b), 6)] for a, b in zip(low, high, strict=True)]


def _thumbnail(path: Path) -> NDArray[np.float64]:
    """(bands, <= 128, <= 128), NaN where there is no data."""
    with rasterio.open(path) as file:
        shape = (file.count, min(128, file.height), min(128, file.width))
        read = file.read(out_shape=shape, resampling=Resampling.nearest, masked=True)
    return np.asarray(np.ma.filled(read.astype(np.float64), np.nan))


def fill(writer: CacheWriter, folder: Path, plan: Plan, size: int, progress: Progress) -> None:
    """In parallel: decoders let go of Python's lock."""
    done, pieces = 0, iter(plan.pieces)
    with ThreadPoolExecutor(_THREADS) as pool:
        while some := list(islice(pieces, _TOGETHER)):
            read = list(pool.map(lambda piece: piece_of(folder, piece, plan, size), some))
            good = [(piece, pixels) for piece, pixels in zip(some, read, strict=True) if not isinstance(pixels, str)]
            plan.refused.update(
                {p.name: why for p, why in zip(some, read, strict=True) if isinstance(why, str) and why}
            )
            for piece, why in zip(some, read, strict=True):
                if isinstance(why, str) and why:
                    writer.refuse(piece.name, why)
            if good:
                writer.append(
                    np.stack([pixels for _, pixels in good]), np.array([piece.place for piece, _ in good]),
                    np.array([piece.cell for piece, _ in good]), [piece.name for piece, _ in good],
                )  # fmt: skip
            done += len(some)
            progress("images", done, len(plan.pieces))


def piece_of(folder: Path, piece: Piece, plan: Plan, size: int) -> Pixels | str:
    """(size, size, bands), or why not; "" for a tile without data."""
    try:
        if piece.window is None:
            return images.resize_bands(images.square(read(folder / piece.name, plan.bands, plan.stretch)), size)
        pixels, valid = window_of(folder / piece.name, piece.window, plan)
        return images.resize_bands(pixels, size) if valid.mean() > 0.5 else ""
    except (BadImage, OSError, RasterioError) as error:
        return str(error)


def read(path: Path, bands: int, stretch: Stretch | None) -> Pixels:
    """Any image file -> (h, w, bands) uint8; raises BadImage, also for another number of bands."""
    if bands == 3 and stretch is None:
        return images.decode(path.read_bytes(), max_pixels=images.TRUSTED_PIXELS, max_bytes=images.TRUSTED_BYTES)
    try:
        with rasterio.open(path) as file:
            if file.count < bands:
                raise BadImage(f"It has {file.count} bands instead of {bands}.")
            if file.width * file.height > images.TRUSTED_PIXELS:
                most = images.TRUSTED_PIXELS
                raise BadImage(f"It has {file.width:,} x {file.height:,} pixels; {most:,} are allowed.")
            raw = file.read(list(range(1, bands + 1)))
    except (RasterioError, RasterioIOError) as error:
        raise BadImage(f"It cannot be read: {error}.") from error
    return stretched(raw, stretch)


def window_of(path: Path, window: tuple[int, int, int], plan: Plan) -> tuple[Pixels, NDArray[np.bool_]]:
    """((side, side, bands), (side, side) which of them are data)"""
    left, top, side = window
    where = Window(left, top, side, side)
    with rasterio.open(path) as file:
        raw = file.read(list(range(1, plan.bands + 1)), window=where)
        valid = file.dataset_mask(window=where) > 0
    return stretched(raw, plan.stretch), valid


def stretched(raw: NDArray[Any], stretch: Stretch | None) -> Pixels:
    """(bands, h, w) of any type -> (h, w, bands) uint8; not a number becomes 0."""
    if stretch is None:
        if raw.dtype != np.uint8:
            raise BadImage(f"Its values are {raw.dtype}, not 8 bits, and no stretch is known for them.")
        return np.ascontiguousarray(raw.transpose(1, 2, 0))
    low, high = np.array(stretch).T[:, :, None, None]
    scaled = (raw.astype(np.float64) - low) / (high - low) * 255
    return np.ascontiguousarray(np.nan_to_num(scaled).clip(0, 255).round().astype(np.uint8).transpose(1, 2, 0))
