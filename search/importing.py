"""Imagery in: georeferenced rasters become scenes of a map, plain pictures a gallery.

Files are read where they are, unless they are copied into the data folder (as COGs) on request, or because they came
from elsewhere: an upload, a zip, an address. Nothing is stored before every file was looked at.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from django.db import transaction

from search import building, galleries, grid, measuring, rasters
from search.errors import BadImagery
from search.filetypes import is_video
from search.imagery import masks
from search.intake import gathering, storing
from search.intake.gathering import Found
from search.intake.items import Item
from search.intake.ledger import Ledger
from search.intake.options import Options, home_of, short_name
from search.models import Dataset, Scene

MOST_TILES = 2_000_000  # a shard of more is asked for by name of its level, not by default
SMALLEST = 48  # native pixels a tile must have to be worth looking for
THREADS = min(4, os.cpu_count() or 1)  # files looked at side by side
T = TypeVar("T")


@dataclass
class Report:
    dataset: Dataset
    scenes: list[Scene] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)  # path, why
    notes: list[str] = field(default_factory=list)  # what was taken, though something is wrong with it


Progress = Callable[[int, int], None]


def import_images(
    paths: Sequence[Path | str],
    options: Options,
    on_progress: Progress | None = None,
    *,
    on_video: Progress | None = None,
    background: bool = True,
) -> Report:
    """Import files, folders, zips, lists, addresses, and queue a shard for each scene and level. Errors: `take_in`."""
    report = take_in(paths, options, on_progress, on_video)
    for scene in report.scenes:
        wanted = options.levels or tuple(report.dataset.levels_wanted) or levels_of(scene)
        building.request(scene, wanted, background=background)
    older = len(measuring.behind(report.dataset)) if options.mask_of else 0
    if older:
        report.notes.append(f"Shards measured before this cloud mask was there: {older}. Measure them again, on the "
                            f"dataset's page or with manage.py measure {report.dataset.slug}.")  # fmt: skip
    return report


def take_in(
    paths: Sequence[Path | str],
    options: Options,
    on_progress: Progress | None = None,
    on_video: Progress | None = None,
) -> Report:
    """Make or extend the dataset's scenes, nothing more.  on_video: seconds of video decoded, of how many.

    Files that cannot be used are listed in the report, the others are imported. BadImagery when none can, and then
    nothing of them stays; what is interrupted goes on where it was when it is repeated.
    """
    options.checked()
    home = home_of(options)
    found = gathering.gather(paths, home, options.footprints)
    try:
        take_frames(found, options, on_video)
        if not found.items:
            said = " ".join(why for _, why in found.refused[:5])
            raise BadImagery(said or f"No images in {', '.join(map(str, paths))}: give GeoTIFFs, pictures or videos.")
        kind = kind_of(found.items[0], options)
        take = take_in_map if kind == Dataset.Kind.MAP else take_in_gallery
        return take(found, options, on_progress)
    except BadImagery:
        found.undo()
        raise


def take_frames(found: Found, options: Options, on_video: Progress | None) -> None:
    """Videos among the items give way to their frames; in a map they have no place."""
    moving = [item for item in found.items if is_video(item.path)]
    found.items = [item for item in found.items if not is_video(item.path)]
    if moving and kind_of(next(iter(found.items), None), options) == Dataset.Kind.MAP:
        found.refused += [(str(item.path), f"{item.title} is a video, whose frames have no place on a map: import it "
                           "into a gallery.") for item in moving]  # fmt: skip
    elif moving:
        from search.intake import videos  # FFmpeg takes half a second to be loaded

        found.items += videos.taken(found, moving, options, on_video)


def kind_of(first: Item | None, options: Options) -> str:
    """What was asked for, what the dataset is already, or else what the first file says."""
    existing = Dataset.objects.filter(slug=short_name(options)).first()
    if options.kind or existing:
        return options.kind or existing.kind  # type: ignore[union-attr]
    placed = first is not None and rasters.is_georeferenced(first.path, trusted=first.trusted)
    return Dataset.Kind.MAP if placed else Dataset.Kind.GALLERY


def take_in_map(found: Found, options: Options, on_progress: Progress | None) -> Report:
    held = storing.stretch_held(options)
    bands = options.bands or tuple(held["bands"] if held else ())
    choices = rasters.Choices(pyramid_of(options), found.home, bands, options.nodata, options.convert)
    ledger = Ledger(found.home / "seen.jsonl", f"map {choices}")
    good, refused = looked_at(found.items, lambda item: rasters.look(item, choices, ledger), on_progress)
    flat = [(item, raster) for item, parts in good for raster in parts]
    if options.mask_of:
        for item, raster in flat:
            masks.check(raster.path, item.title)
    flat, unfit = storing.fitting(flat, held)
    refused = [*found.refused, *refused, *unfit]
    if not flat:
        raise nothing(refused)
    with transaction.atomic():
        product = storing.product_of(storing.dataset_of(options, Dataset.Kind.MAP), options)
        scenes = storing.store_rasters(product, options, flat, held)
    return Report(product.dataset, scenes, refused, found.notes)


def take_in_gallery(found: Found, options: Options, on_progress: Progress | None) -> Report:
    ledger = Ledger(found.home / "seen.jsonl", "gallery")
    good, refused = looked_at(found.items, lambda item: galleries.look(item, ledger), on_progress)
    refused = [*found.refused, *refused]
    if not good:
        raise nothing(refused)
    with transaction.atomic():
        product = storing.product_of(storing.dataset_of(options, Dataset.Kind.GALLERY), options)
        scenes = storing.store_pictures(product, options, good)
    return Report(product.dataset, scenes, refused, found.notes)


def nothing(refused: Sequence[tuple[str, str]]) -> BadImagery:
    more = f" (and {len(refused) - 5:,} more)" if len(refused) > 5 else ""
    return BadImagery("Nothing was imported. " + " ".join(why for _, why in refused[:5]) + more)


def looked_at(
    items: Sequence[Item], look: Callable[[Item], T], on_progress: Progress | None
) -> tuple[list[tuple[Item, T]], list[tuple[str, str]]]:
    """What was found out about each item, in their order, and which were refused; files are looked at side by side."""
    good, refused = [], []
    with ThreadPoolExecutor(THREADS) as threads:
        for done, (item, found) in enumerate(in_order(threads, items, look), 1):
            if isinstance(found, BadImagery):
                refused.append((str(item.path), str(found)))
            else:
                good.append((item, found))
            if on_progress:
                on_progress(done, len(items))
    return good, refused


def in_order(
    threads: ThreadPoolExecutor, items: Sequence[Item], look: Callable[[Item], T]
) -> Iterator[tuple[Item, T | BadImagery]]:
    """A few at a time, so that an import that is stopped stops."""

    def tried(item: Item) -> T | BadImagery:
        try:
            return look(item)
        except BadImagery as error:
            return error
        except OSError as error:
            return BadImagery(f"{item.title} cannot be read ({error.strerror or error}).")

    for start in range(0, len(items), 4 * THREADS):
        some = items[start : start + 4 * THREADS]
        yield from zip(some, threads.map(tried, some), strict=True)


def pyramid_of(options: Options) -> grid.Grid:
    existing = Dataset.objects.filter(slug=short_name(options)).first()
    return existing.grid if existing else grid.GRIDS[options.tms]


def levels_of(scene: Scene) -> list[int]:
    """By default: the deepest level whose tiles have enough native pixels, and the two above it."""
    pyramid = scene.product.dataset.grid
    if scene.bounds is None or scene.resolution is None:
        return [0]
    fine = [
        level
        for level in range(pyramid.deepest + 1)
        if pyramid.span(level) / scene.resolution >= SMALLEST
        and pyramid.covering(scene.bounds, level).count <= MOST_TILES
    ]
    return fine[-3:] or [0]


__all__ = ["Options", "Report", "import_images", "levels_of", "take_in"]
