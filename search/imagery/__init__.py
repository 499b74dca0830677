"""Pixels of scenes: one way to read them, whether they lie in GeoTIFFs or in a folder of pictures."""

from collections.abc import Iterator
from contextlib import contextmanager

from search.imagery.gallery import GalleryReader
from search.imagery.raster import RasterReader
from search.models import Dataset, Scene

Reader = RasterReader | GalleryReader


@contextmanager
def opened(scene: Scene) -> Iterator[Reader]:
    """The scene's reader: `plan(level)`, `batches(level, most)`, `read(…)`, `sample(…)`, `picture(…)`."""
    kind = GalleryReader if scene.product.dataset.kind == Dataset.Kind.GALLERY else RasterReader
    reader = kind(scene)
    try:
        yield reader
    finally:
        reader.close()


__all__ = ["GalleryReader", "RasterReader", "Reader", "opened"]
