"""Imagery in: GeoTIFFs become scenes of a map, a folder of pictures becomes a gallery. Files are read in place."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.db import transaction
from django.utils.text import slugify

from ml.encoders import DEFAULT
from search import building, encoders, galleries, grid, keys, rasters
from search.digests import version_of
from search.errors import BadImagery
from search.models import Dataset, Engine, Product, Scene, SceneFile

RASTERS = {".tif", ".tiff", ".vrt", ".jp2"}
PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}
DATE = re.compile(r"(?<!\d)(19\d\d|20\d\d)[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])(?!\d)")
MOST_TILES = 2_000_000  # a shard of more is asked for by name of its level, not by default
SMALLEST = 48  # native pixels a tile must have to be worth looking for


@dataclass(frozen=True)
class Options:
    slug: str
    name: str = ""
    kind: str = ""  # "" decides by the first file
    product: str = "images"
    title: str = ""
    credit: str = ""
    day: date | None = None  # None: from each file's name or tags
    levels: tuple[int, ...] = ()  # (): what the resolution allows
    encoder: str = DEFAULT
    engine: str = Engine.ANNOY  # of a new dataset
    public: bool = False
    owner_id: int | None = None


@dataclass
class Report:
    dataset: Dataset
    scenes: list[Scene] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)  # path, why


Progress = Callable[[int, int], None]


def import_images(
    paths: Sequence[Path], options: Options, on_progress: Progress | None = None, *, background: bool = True
) -> Report:
    """Import files and folders, and queue a shard for every scene and level. Errors as `take_in`."""
    report = take_in(paths, options, on_progress)
    for scene in report.scenes:
        building.request(scene, options.levels or levels_of(scene), background=background)
    return report


def take_in(paths: Sequence[Path], options: Options, on_progress: Progress | None = None) -> Report:
    """Make or extend the dataset's scenes, nothing more.

    Files that cannot be used are listed in the report, the others are imported. BadImagery when none can.
    """
    files = found(paths)
    if not files:
        raise BadImagery(f"No images in {', '.join(map(str, paths))}: give GeoTIFFs or folders of pictures.")
    kind = options.kind or (Dataset.Kind.MAP if rasters.is_georeferenced(files[0]) else Dataset.Kind.GALLERY)
    inspect = rasters.inspect if kind == Dataset.Kind.MAP else galleries.inspect
    good, refused = inspected(files, inspect, on_progress)
    if not good:
        raise BadImagery("Nothing was imported. " + " ".join(why for _, why in refused[:5]))
    with transaction.atomic():
        product = product_of(dataset_of(options, kind), options)
        if kind == Dataset.Kind.GALLERY:
            scenes = [galleries.store(product, keys.day_of(options.day), good)]
        else:
            scenes = store_rasters(product, options, good)
    return Report(product.dataset, scenes, refused)


def found(paths: Iterable[Path]) -> list[Path]:
    """The files named, and the images below the folders named, in order; links are not followed."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in RASTERS | PICTURES)
            files += [p for p in inside if p.is_file() and not p.is_symlink()]
        elif path.is_file():
            files.append(path)
        else:
            raise BadImagery(f"There is no file or folder {path}.")
    return [path.resolve() for path in files]


def inspected(files: list[Path], inspect: Callable, on_progress: Progress | None) -> tuple[list, list[tuple[str, str]]]:
    good, refused = [], []
    for done, path in enumerate(files, 1):
        try:
            good.append(inspect(path))
        except BadImagery as error:
            refused.append((str(path), str(error)))
        if on_progress:
            on_progress(done, len(files))
    return good, refused


def dataset_of(options: Options, kind: str) -> Dataset:
    slug = slugify(options.slug)
    if not slug:
        raise BadImagery(f"{options.slug!r} cannot be a dataset's short name: use letters, digits and hyphens.")
    existing = Dataset.objects.filter(slug=slug).first()
    if existing is None:
        return Dataset.objects.create(
            number=Dataset.next_number(), slug=slug, name=options.name or options.slug, kind=kind,
            credit=options.credit, is_public=options.public, owner_id=options.owner_id,
            encoder=encoders.register(options.encoder), engine=options.engine,
        )  # fmt: skip
    if existing.kind != kind:
        raise BadImagery(f"{slug} is a {existing.kind}; these files are for a {kind}. Choose another dataset name.")
    return existing


def product_of(dataset: Dataset, options: Options) -> Product:
    name = slugify(options.product) if not re.fullmatch(r"[\w-]+", options.product) else options.product
    existing = dataset.products.filter(name=name).first()
    if existing:
        return existing
    return Product.objects.create(
        dataset=dataset,
        number=dataset.next_product_number(),
        name=name,
        title=options.title or name,
        credit=options.credit,
    )


def store_rasters(product: Product, options: Options, good: list[rasters.Inspected]) -> list[Scene]:
    by_day = defaultdict(list)
    for raster in good:
        when = options.day or date_in_name(raster.path.name) or raster.date
        by_day[keys.day_of(when)].append(raster)
    return [store_scene(product, day, files) for day, files in sorted(by_day.items())]


def store_scene(product: Product, day: int, files: list[rasters.Inspected]) -> Scene:
    """Add rasters to the scene of a day. One of the same content elsewhere is moved, not doubled."""
    scene, _ = Scene.objects.get_or_create(product=product, day=day, defaults={"version": ""})
    for raster in files:
        scene.files.filter(digest=raster.digest).exclude(path=str(raster.path)).delete()
        SceneFile.objects.update_or_create(
            scene=scene, path=str(raster.path),
            defaults={"size": raster.size, "digest": raster.digest, **raster.box()},
        )  # fmt: skip
    held = list(scene.files.all())
    scene.version = version_of(file.digest for file in held)
    scene.west, scene.south = min(f.west for f in held), min(f.south for f in held)
    scene.east, scene.north = max(f.east for f in held), max(f.north for f in held)
    scene.resolution = min([raster.resolution for raster in files] + ([scene.resolution] if scene.resolution else []))
    scene.stretch = scene.stretch or files[0].stretch
    scene.save()
    return scene


def date_in_name(name: str) -> date | None:
    """2004-08-01, 20040801 or 2004_08_01 anywhere in a file's name."""
    match = DATE.search(name)
    return date(*map(int, match.groups())) if match and _exists(*map(int, match.groups())) else None


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def levels_of(scene: Scene) -> list[int]:
    """By default: the deepest level whose tiles have enough native pixels, and the two above it."""
    if scene.bounds is None or scene.resolution is None:
        return [0]
    fine = [
        level
        for level in range(grid.DEEPEST + 1)
        if grid.span(level) / scene.resolution >= SMALLEST and grid.covering(scene.bounds, level).count <= MOST_TILES
    ]
    return fine[-3:] or [0]
