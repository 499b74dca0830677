"""Cloud masks: a product of a map that says, pixel by pixel, where another product of it shows clouds.

Its `source` names the other: {"mask_of": "<product>"}. What is not 0 is cloud; where it has no data nothing is known.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from search import keys, rasters
from search.errors import BadImagery
from search.imagery.raster import RasterReader
from search.imagery.tileset import TilesetReader
from search.models import Dataset, Product, Scene

AS_IT_IS = {"bands": [1], "low": [0], "high": [255]}  # so that 0 stays 0, and every whole number else does not


def scene_for(scene: Scene) -> Scene | None:
    """The mask's scene of the same date."""
    masks = Scene.objects.filter(
        product__dataset_id=scene.product.dataset_id, product__source__mask_of=scene.product.name, day=scene.day
    )
    return masks.select_related("product__dataset").order_by("product__number").first()


def versions(dataset: Dataset) -> dict[tuple[str, int], str]:
    """(product that has a mask, day) -> the version of the mask's scene."""
    masks = dataset.products.filter(source__has_key="mask_of")
    found = Scene.objects.filter(product__in=masks).order_by("-product__number")
    return {(source["mask_of"], day): version for source, day, version in
            found.values_list("product__source", "day", "version")}  # fmt: skip


def declare(product: Product, masked: str) -> None:
    """Make a product the mask of another one; BadImagery when there is no such product, or it cannot have one."""
    others = [one.name for one in product.dataset.products.all() if one.pk != product.pk and not is_mask(one)]
    if product.dataset.kind != Dataset.Kind.MAP:
        raise BadImagery("Pictures of a gallery have no cloud mask: only imagery with a place on Earth does.")
    if masked not in others:
        raise BadImagery(f"There is no product {masked!r} that this could be the cloud mask of: {listed(others)}")
    if product.source.get("mask_of") != masked:
        product.source = {**product.source, "mask_of": masked}
        product.save(update_fields=["source"])


def listed(names: Sequence[str]) -> str:
    return f"there are {', '.join(names)}." if names else "import the imagery first, then its mask."


def is_mask(product: Product) -> bool:
    return "mask_of" in product.source


def check(path: Path, name: str) -> None:
    """BadImagery for a file whose 0 is no data: then nothing would be clear."""
    with rasters.opened(path) as source:
        if source.nodata == 0:
            raise BadImagery(f"{name} calls its 0 missing data, but in a cloud mask 0 means clear: save it without "
                             "a nodata value, for example with gdal_edit.py -unsetnodata.")  # fmt: skip


class Mask:
    """Reads the shares of tiles that a mask's scene calls cloud."""

    def __init__(self, scene: Scene) -> None:
        if not scene.folder:
            scene.stretch = AS_IT_IS
        self.scene = scene
        self._reader = TilesetReader(scene) if scene.folder else RasterReader(scene)

    def shares(self, packed: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """packed: (m,) keys of tiles of the masked product; valid: (m, h, w), which of their pixels are data.

        Returns (m,) float32: of the pixels that both know the share that is cloud, NaN where there is none.
        """
        return np.array(
            [self._share(key, known) for key, known in zip(packed.tolist(), valid, strict=True)], np.float32
        )

    def _share(self, key: int, valid: np.ndarray) -> float:
        at, size = keys.unpack(key), len(valid)
        if isinstance(self._reader, TilesetReader):
            rgb, known = self._reader.sample(at.level, at.row, at.col, size, at.offset)
        else:
            box = self._reader.grid.bounds(at.level, at.row, at.col, at.offset)
            rgb, known = self._reader.area(box, size, size, resampling="nearest")
        both = known & valid
        return float((rgb.any(axis=-1) & both).sum() / both.sum()) if both.any() else np.nan
