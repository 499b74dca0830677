"""A georeferenced raster looked at before it is taken in: where it lies, how fine it is, whether it is whole."""

import hashlib
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.errors import CRSError, NotGeoreferencedWarning, RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from search import grid
from search.digests import file_digest
from search.errors import BadImagery
from search.imagery.pool import NEVER_GUESS
from search.intake import converting, dating, sniffing
from search.intake.items import Item
from search.intake.ledger import Ledger
from search.intake.stretching import Sketch, sketch

STEP = 512  # rows read at once
LOOKED_AT = 1024  # pixels a side of the reduced picture from which the stretch is taken
MOST_BLOCK = 256 * 2**20  # bytes of one block, which is read whole
NUMBERS = "iuf"  # kinds of values that can be drawn: integers and floats


@dataclass(frozen=True)
class Choices:
    """How rasters are to be looked at.  bands: from 1, () for the first three or the first.

    nodata: None for what each file says.  home: where copies go.  convert: copy what can be read in place too.
    """

    pyramid: grid.Grid
    home: Path
    bands: tuple[int, ...] = ()
    nodata: float | None = None
    convert: bool = False

    def __str__(self) -> str:
        """What findings depend on, besides the bands, which they name."""
        return f"{self.pyramid.id} {self.nodata} {self.convert}"


@dataclass(frozen=True)
class Inspected:
    """path: of the file itself, or of the copy that is read.  The box is in the grid's units, resolution per pixel."""

    path: Path
    size: int
    digest: str
    west: float
    south: float
    east: float
    north: float
    resolution: float
    tagged: date | None
    bands: tuple[int, ...]
    sketch: Sketch

    def box(self) -> dict[str, float]:
        return {"west": self.west, "south": self.south, "east": self.east, "north": self.north}

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "path": str(self.path), "tagged": self.tagged.isoformat() if self.tagged else None,
                "sketch": self.sketch.as_json()}  # fmt: skip

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> "Inspected":
        tagged = date.fromisoformat(said["tagged"]) if said["tagged"] else None
        kept = {"path": Path(said["path"]), "tagged": tagged, "bands": tuple(said["bands"])}
        return cls(**{**said, **kept, "sketch": Sketch.from_json(said["sketch"])})


@contextmanager
def opened(path: Path, *, trusted: bool = True) -> Iterator[rasterio.DatasetReader]:
    """The file alone, without what lies beside it, as what its first bytes say it is (see sniffing).

    Whether it has a place is the caller's question, not a warning.
    """
    driver = sniffing.check(path, trusted=trusted)
    with warnings.catch_warnings(), rasterio.Env(**NEVER_GUESS):
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, driver=driver) as source:
            yield source


def is_georeferenced(path: Path, *, trusted: bool = True) -> bool:
    try:
        with opened(path, trusted=trusted) as source:
            return source.crs is not None or source.gcps[1] is not None
    except (RasterioError, BadImagery):
        return False


def look(item: Item, choices: Choices, ledger: Ledger | None = None) -> list[Inspected]:
    """`inspect`, or what an earlier import found out about this very file."""
    known = ledger.find(item.path) if ledger else None
    if known:
        parts = [Inspected.from_json(part) for part in known["parts"]]
        as_chosen = not choices.bands or all(part.bands == choices.bands for part in parts)
        if as_chosen and all(part.path.is_file() for part in parts):
            return parts
    parts = inspect(item, choices)
    if ledger:
        ledger.add(item.path, {"parts": [part.as_json() for part in parts]})
    return parts


def inspect(item: Item, choices: Choices) -> list[Inspected]:
    """Look at a file: itself, its copy, or its two copies on either side of the date line.

    BadImagery when it is no raster, has no place on Earth, is cut short or holds no data.
    """
    path = item.path
    try:
        with opened(path, trusted=item.trusted) as source:
            check_place(item, source)
            check_whole(item, source)
            bands = chosen_bands(item, source, choices)
            digest, tagged = file_digest(path), dating.in_tags(all_tags(source))
            crosses = converting.crossing(source) if source.crs and choices.pyramid.wraps else None
            stem = f"{digest[:12]}-{path.stem[:60]}"
            if crosses:
                parts = converting.halves(source, crosses, choices.home, stem)
                digests = [hashlib.sha256(f"{digest} {part.name}".encode()).hexdigest() for part in parts]
            elif source.crs is None or choices.convert or not item.trusted:
                parts, digests = [copied(source, choices.home / f"{stem}.tif")], [digest]
            else:
                parts, digests = [path], [digest]
        found = [measured(item, p, d, choices, bands, tagged) for p, d in zip(parts, digests, strict=True)]
        if not any(part.sketch.count for part in found):
            raise BadImagery(f"{item.title} holds no data: every pixel is empty or not a number.")
        return [part for part in found if part.sketch.count]
    except CRSError as error:
        raise BadImagery(f"{item.title} is in a coordinate system that is not known here ({error}). "
                         "Say which one it is: gdal_translate -a_srs EPSG:… .") from error  # fmt: skip
    except RasterioError as error:
        raise BadImagery(f"{item.title} is not an image that can be read ({error}).") from error


def copied(source: rasterio.DatasetReader, target: Path) -> Path:
    """A COG of it; one that is placed by ground control points is laid north up."""
    if source.crs is not None:
        return converting.cog(source, target)
    with WarpedVRT(source, src_crs=source.gcps[1], crs=source.gcps[1], add_alpha=source.nodata is None) as upright:
        return converting.cog(upright, target)


def measured(
    item: Item, path: Path, digest: str, choices: Choices, bands: tuple[int, ...], tagged: date | None
) -> Inspected:
    with opened(path) as source:
        west, south, east, north = bounds(item, source, choices.pyramid)
        return Inspected(
            path, path.stat().st_size, digest, west, south, east, north,
            resolution=resolution(source, choices.pyramid), tagged=tagged, bands=bands,
            sketch=values(source, bands, choices.nodata),
        )  # fmt: skip


def check_place(item: Item, source: rasterio.DatasetReader) -> None:
    if source.crs is None and source.gcps[1] is None:
        raise BadImagery(
            f"{item.title} has no georeference, so it has no place on a map. "
            "Give it one (gdal_translate -a_srs … -a_ullr …), or import it as a gallery (--kind gallery)."
        )
    if source.crs is not None and not (source.crs.is_geographic or source.crs.is_projected):
        raise BadImagery(
            f"{item.title} is in a coordinate system that is not tied to the Earth ({source.crs.to_wkt()[:40]}). "
            "Say which one it is: gdal_translate -a_srs EPSG:… ."
        )
    if source.crs is not None and source.transform.is_identity and source.count:
        raise BadImagery(f"{item.title} names a coordinate system but not where in it the picture lies. "
                         "Give it corners (gdal_translate -a_ullr …), or import it as a gallery.")  # fmt: skip


def bounds(item: Item, source: rasterio.DatasetReader, pyramid: grid.Grid) -> grid.Bounds:
    """In the grid's units, cut to its world."""
    box = outline(source, pyramid)
    if pyramid.is_geographic and (not all(map(math.isfinite, box)) or box[1] < -90.01 or box[3] > 90.01):
        raise BadImagery(f"{item.title} lies outside the Earth ({', '.join(f'{side:g}' for side in box)}).")
    left, bottom, right, top = pyramid.extent
    west, south, east, north = max(box[0], left), max(box[1], bottom), min(box[2], right), min(box[3], top)
    if not (west < east and south < north):
        raise BadImagery(f"{item.title} lies outside this dataset's map ({pyramid.title}). Choose another grid for it.")
    return west, south, east, north


def outline(source: rasterio.DatasetReader, pyramid: grid.Grid) -> grid.Bounds:
    """As the grid counts, not cut."""
    direct: grid.Bounds = transform_bounds(source.crs, pyramid.crs, *source.bounds, densify_pts=21)
    if pyramid.is_geographic or (all(map(math.isfinite, direct)) and direct[0] < direct[2]):
        return direct
    return pyramid.from_geographic(transform_bounds(source.crs, "EPSG:4326", *source.bounds, densify_pts=21))


def resolution(source: rasterio.DatasetReader, pyramid: grid.Grid) -> float:
    west, south, east, north = outline(source, pyramid)
    return min((east - west) / source.width, (north - south) / source.height)


def check_whole(item: Item, source: rasterio.DatasetReader) -> None:
    """Every block that the TIFF's index promises must lie inside the file (TIFF 6.0, TileOffsets and StripOffsets)."""
    rows, cols = source.block_shapes[0]
    if rows * cols * np.dtype(source.dtypes[0]).itemsize > MOST_BLOCK:
        raise BadImagery(
            f"{item.title} is stored as one piece of {rows:,} x {cols:,} pixels, which does not fit into memory. "
            "Store it in tiles: gdal_translate -of COG in.tif out.tif."
        )
    if source.driver != "GTiff":
        return
    size = item.path.stat().st_size
    for overview in [None, *range(len(source.overviews(1)))]:
        for row, col in corners(source, overview):
            offset, length = (
                source.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", bidx=1, ovr=overview)
                for what in ("OFFSET", "SIZE")
            )
            if offset and length and int(offset) + int(length) > size:
                raise BadImagery(
                    f"{item.title} is cut short: it should go on after its {size:,} bytes. Fetch it again."
                )


def corners(source: rasterio.DatasetReader, overview: int | None) -> list[tuple[int, int]]:
    """(block row, block column) of the first and the last block of each block row."""
    factor = 1 if overview is None else source.overviews(1)[overview]
    height, width = source.block_shapes[0]
    rows = math.ceil(math.ceil(source.height / factor) / height)
    cols = math.ceil(math.ceil(source.width / factor) / width)
    return [(row, col) for row in range(rows) for col in {0, cols - 1}]


def chosen_bands(item: Item, source: rasterio.DatasetReader, choices: Choices) -> tuple[int, ...]:
    """Those asked for, those a STAC item calls red, green and blue, or else the first three or the first."""
    bands = choices.bands or item.bands or default_bands(source)
    if not all(1 <= band <= source.count for band in bands):
        raise BadImagery(
            f"{item.title} has {source.count} bands, not the bands {', '.join(map(str, bands))} to be shown."
        )
    if any(np.dtype(source.dtypes[band - 1]).kind not in NUMBERS for band in bands):
        raise BadImagery(f"{item.title} holds {source.dtypes[bands[0] - 1]} values, which have no brightness.")
    return bands


def default_bands(source: rasterio.DatasetReader) -> tuple[int, ...]:
    seen = [i for i, meaning in enumerate(source.colorinterp, 1) if meaning.name != "alpha"]
    return tuple(seen[:3]) if len(seen) >= 3 else tuple(seen[:1]) or (1,)


def values(source: rasterio.DatasetReader, bands: tuple[int, ...], nodata: float | None) -> Sketch:
    """What the bands hold, seen from afar; where that shows no data, from near."""
    factor = max(1, max(source.height, source.width) // LOOKED_AT)
    found = sketch(known(from_afar(source, bands, factor), nodata))
    if found.count or factor == 1:
        return found
    for window in converting.windows(source.width, source.height):
        near = sketch(known(source.read(bands, window=window, masked=True), nodata))
        if near.count:
            return near
    return found


def from_afar(source: rasterio.DatasetReader, bands: tuple[int, ...], factor: int) -> np.ma.MaskedArray:
    """Every factor-th pixel.  Without overviews it is read piece by piece, so that no block is unpacked once a band."""
    width = max(1, source.width // factor)
    if factor == 1 or source.overviews(1):
        return source.read(bands, out_shape=(len(bands), max(1, source.height // factor), width), masked=True)
    step = factor * max(1, STEP // factor)
    pieces = [Window(0, top, source.width, min(step, source.height - top)) for top in range(0, source.height, step)]
    shapes = [(len(bands), max(1, int(piece.height) // factor), width) for piece in pieces]
    read = [source.read(bands, window=p, out_shape=s, masked=True) for p, s in zip(pieces, shapes, strict=True)]
    return np.ma.concatenate(read, axis=1)


def known(data: np.ma.MaskedArray, nodata: float | None) -> np.ma.MaskedArray:
    return data if nodata is None or math.isnan(nodata) else np.ma.masked_equal(data, nodata)


def all_tags(source: rasterio.DatasetReader) -> dict[str, str]:
    """Of the file, and of the domains where products keep their dates."""
    domains = {"IMAGERY", "EXIF"} & set(source.tag_namespaces())
    return {key: value for domain in (*domains, None) for key, value in source.tags(ns=domain).items()}
