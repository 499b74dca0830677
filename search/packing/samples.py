"""What goes into a shard: a tile's image and all that a training loop may want to know of it."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ml import metrics
from search import imagery, keys, tiles, tilesets
from search.gibs import endpoint
from search.gibs.endpoint import Source
from search.imagery.tileset import TilesetReader
from search.models import Scene, Shard
from search.packing.shards import Sample

FORMATS = tiles.FORMATS
AS_THEY_ARE = {".jpg": "jpg", ".jpeg": "jpg", ".png": "png", ".webp": "webp"}


def of_map(
    scene: Scene, levels: tuple[int, ...], chosen: dict[int, np.ndarray] | None, form: str, size: int
) -> Iterator[Sample]:
    """A scene's tiles that show data, in the order of their keys.  chosen: level -> (n, 2) rows and columns, or all."""
    with imagery.opened(scene) as reader:
        wanted = sorted(chosen) if chosen is not None else levels or levels_of(scene, reader)
        for level in wanted:
            places = None if chosen is None else {tuple(place) for place in chosen[level].tolist()}
            for key in reader.plan(level).keys.tolist():
                at = keys.unpack(key)
                if places is None or ((at.row, at.col) in places and not at.offset):
                    sample = tile(scene, reader, at, form, size)
                    if sample is not None:
                        yield sample


def levels_of(scene: Scene, reader: imagery.Reader) -> list[int]:
    """Those that were downloaded, else those that are or are to be searchable."""
    if isinstance(reader, TilesetReader):
        return reader.listing.levels
    shards = Shard.objects.filter(scene=scene, encoder_id=scene.product.dataset.encoder_id)
    return sorted(set(shards.values_list("level", flat=True)))


def tile(scene: Scene, reader: imagery.Reader, at: keys.TileAddress, form: str, size: int) -> Sample | None:
    """None for a tile without any data. A downloaded one is, byte for byte, what the server sent."""
    pyramid = scene.product.dataset.grid
    rgb, valid = reader.picture(at.level, at.row, at.col, size or pyramid.tile_size, at.offset)
    if not valid.any():
        return None
    sent = downloaded(scene, at) if not size else None
    image, kind = (sent.read_bytes(), sent.suffix[1:]) if sent else (tiles.encode(rgb, valid, form), form)
    about = {
        **common(scene, at.pack(), rgb, valid), "level": at.level, "row": at.row, "col": at.col,
        **({"offset": at.offset} if at.offset else {}), "bbox": geographic(scene, at), "crs": pyramid.crs,
        "bounds": list(pyramid.bounds(at.level, at.row, at.col, at.offset)), "as_sent": sent is not None,
    }  # fmt: skip
    if (source := address(scene, at)) and not at.offset:
        about["source"] = source
    half = "h" if at.offset else ""
    name = f"{scene.product.name}-{scene.written_day}-{at.level:02d}-{at.row:05d}-{at.col:05d}{half}"
    return Sample(name, kind, image, about)


def downloaded(scene: Scene, at: keys.TileAddress) -> Path | None:
    path = tilesets.file_of(scene, at.level, at.row, at.col) if scene.folder and not at.offset else None
    return path if path and path.is_file() else None


def geographic(scene: Scene, at: keys.TileAddress) -> list[float]:
    """West, south, east, north in degrees; east beyond 180 where it crosses the date line."""
    pyramid = scene.product.dataset.grid
    return list(pyramid.to_geographic(pyramid.bounds(at.level, at.row, at.col, at.offset)))


def address(scene: Scene, at: keys.TileAddress) -> str:
    """Where the tile server it came from has it; "" of imagery that came as files."""
    stored = scene.product.source.get("gibs")
    if not stored or "matrix_set" not in stored:
        return ""
    source = Source.read(stored)
    url = source.url(source.time(scene.day), at.level, at.row, at.col)
    came_from_there = source.host in ("", endpoint.host())
    return url if came_from_there else url.replace(endpoint.current(), source.host, 1)


def common(scene: Scene, key: int, rgb: np.ndarray, valid: np.ndarray) -> dict[str, Any]:
    """Measured on the pixels that are packed."""
    found = {name: float(column[0]) for name, column in metrics.compute(rgb[None], valid[None]).items()}
    nodata = found.pop("nodata_share")
    product = scene.product
    return {
        "key": str(key), "dataset": product.dataset.slug, "product": product.name, "date": scene.written_day,
        "nodata": round(nodata, 6), "credit": product.credit or product.dataset.credit,
        "metrics": {name: round(value, 4) for name, value in found.items() if math.isfinite(value)},
    }  # fmt: skip


def of_gallery(scene: Scene, form: str, size: int) -> Iterator[Sample]:
    """A gallery's pictures: the files as they are, where they are JPEG, PNG or WebP and no size is asked for."""
    with imagery.opened(scene) as reader:
        plan = reader.plan(0)
        for index, key in enumerate(plan.keys.tolist()):
            at = keys.unpack(key)
            rgb, valid = reader.picture(0, at.row, at.col, size or 512)
            path = Path(reader.table["path"][index].as_py()) if isinstance(reader, imagery.GalleryReader) else Path()
            as_is = AS_THEY_ARE.get(path.suffix.lower()) if not size else None
            image, kind = (path.read_bytes(), as_is) if as_is else (tiles.encode(rgb, valid, form), form)
            about = {**common(scene, key, rgb, valid), "nodata": 0.0, "number": at.number}
            names = plan.names or []
            more = {"name": names[index]} if index < len(names) else {}
            yield Sample(f"{scene.product.name}-{scene.written_day}-{at.number:09d}", kind, image, {**about, **more})
