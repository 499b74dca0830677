"""Pixels of scenes: one way to read them, whether they lie in GeoTIFFs, downloaded tiles or a folder of pictures."""

from collections.abc import Iterator
from contextlib import contextmanager

from search import grid
from search.imagery.gallery import GalleryReader
from search.imagery.raster import RasterReader
from search.imagery.tileset import TilesetReader
from search.models import Dataset, Scene

Reader = RasterReader | TilesetReader | GalleryReader


@contextmanager
def opened(scene: Scene, within: grid.Bounds | None = None) -> Iterator[Reader]:
    """The scene's reader: `plan(level)`, `batches(level, most)`, `read(…)`, `sample(…)`, `picture(…)`.

    within: all that will be asked of it, so that only the files that matter are looked up.
    """
    if scene.product.dataset.kind == Dataset.Kind.GALLERY:
        yield GalleryReader(scene)
    elif scene.folder:
        yield TilesetReader(scene)
    else:
        yield RasterReader(scene, within)


__all__ = ["GalleryReader", "RasterReader", "Reader", "TilesetReader", "opened"]
