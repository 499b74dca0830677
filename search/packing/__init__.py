"""Tiles and what is known of them as WebDataset shards, for anyone's training loop.

{prefix}-000000.tar, {prefix}-000001.tar, … hold `<key>.jpg|png|webp` and `<key>.json` side by side; {prefix}.json lists
them (webdataset's "wids" index, with each one's SHA-256). The same tiles give the same bytes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings

from search.errors import BadQuery
from search.models import Dataset, Scene
from search.packing.samples import FORMATS, of_gallery, of_map
from search.packing.shards import MOST_BYTES, Sample, Shards

if TYPE_CHECKING:
    from search.gibs.planning import Plan

Progress = Callable[[int, int], None]
Chosen = dict[int, np.ndarray] | None  # level -> (n, 2) rows and columns; None: all
__all__ = ["FORMATS", "MOST_BYTES", "Sample", "Shards", "pack", "pack_gibs", "pack_scenes"]


def pack(
    dataset: Dataset, out: Path, on_progress: Progress | None = None, *, product: str = "", levels: Iterable[int] = (),
    form: str = "webp", size: int = 0, most_bytes: int = MOST_BYTES, prefix: str = "",
) -> dict[str, Any]:  # fmt: skip
    """All of a dataset, or one product of it, or some levels: the index. BadQuery when there is nothing to pack.

    Downloaded tiles are packed as the server sent them; others are drawn, `size` pixels a side (0: the grid's own).
    levels: () those that were downloaded or are searchable.
    """
    for level in levels:
        dataset.grid.check_level(level)
    scenes = list(scenes_of(dataset, product))
    return pack_scenes(
        dataset, [(scene, None) for scene in scenes], out, on_progress, levels=tuple(levels), form=form, size=size,
        most_bytes=most_bytes, prefix=prefix,
    )  # fmt: skip


def scenes_of(dataset: Dataset, product: str) -> Iterator[Scene]:
    if product and not dataset.products.filter(name=product).exists():
        known = ", ".join(dataset.products.values_list("name", flat=True)) or "none yet"
        raise BadQuery(f"{dataset.name} has no product {product!r}. It has: {known}.")
    scenes = Scene.objects.filter(product__dataset=dataset).select_related("product__dataset")
    yield from (scenes.filter(product__name=product) if product else scenes).order_by("product__number", "day")


def pack_scenes(
    dataset: Dataset, scenes: Sequence[tuple[Scene, Chosen]], out: Path, on_progress: Progress | None = None, *,
    levels: tuple[int, ...] = (), form: str = "webp", size: int = 0, most_bytes: int = MOST_BYTES, prefix: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Some scenes, and of each the tiles chosen."""
    if form not in FORMATS:
        raise BadQuery(f"{form!r} is no format of tiles: choose {', '.join(FORMATS)}.")
    if size and not 16 <= size <= 2048:
        raise BadQuery(f"size is {size}; write a number of pixels from 16 to 2048.")
    gallery = dataset.kind == Dataset.Kind.GALLERY
    with Shards(out, prefix or dataset.slug, most_bytes) as shards:
        for number, (scene, chosen) in enumerate(scenes, 1):
            found: Iterable[Sample] = (
                of_gallery(scene, form, size) if gallery else of_map(scene, levels, chosen, form, size)
            )
            for sample in found:
                shards.add(sample)
            if on_progress:
                on_progress(number, len(scenes))
        if not shards.samples:
            raise BadQuery(f"{dataset.name} has no tiles with data to pack there.")
        return shards.finish({"dataset": dataset.slug, "credit": dataset.credit or credits_of(scenes)})


def credits_of(scenes: Sequence[tuple[Scene, Chosen]]) -> str:
    return " ".join(sorted({scene.product.credit for scene, _ in scenes} - {""}))


def pack_gibs(dataset: Dataset, plan: "Plan", out: Path | None, on_progress: Progress | None = None) -> Path:
    """The tiles of a download, the very bytes that the server sent; returns the folder."""
    folder = out or Path(settings.DATA_DIR) / "packs" / dataset.slug
    wanted = {(sheet.source.product_name, sheet.day) for sheet in plan.sheets}
    scenes = [(s, plan.tiles) for s in scenes_of(dataset, "") if (s.product.name, s.day) in wanted]
    pack_scenes(dataset, scenes, folder, on_progress)
    return folder
