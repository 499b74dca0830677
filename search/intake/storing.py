"""What was looked at becomes rows: dataset, product, one scene a day, its files or pictures."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import numpy as np

from search import encoders, galleries, keys, rasters
from search.digests import version_of
from search.errors import BadImagery
from search.imagery import masks
from search.intake import dating
from search.intake.items import Item
from search.intake.options import Options, product_name, short_name
from search.intake.stretching import Sketch, Stretch
from search.models import Dataset, Product, Scene, SceneFile

Placed = tuple[Item, rasters.Inspected]


def dataset_of(options: Options, kind: str) -> Dataset:
    slug = short_name(options)
    existing = Dataset.objects.filter(slug=slug).first()
    if existing is None:
        return Dataset.objects.create(
            number=Dataset.next_number(), slug=slug, name=options.name or options.slug, kind=kind,
            credit=options.credit, is_public=options.public, owner_id=options.owner_id,
            encoder=encoders.register(options.encoder), engine=options.engine, tms=options.tms,
            offset_grid=options.offset_grid, edges=options.edges, min_valid=options.min_valid,
        )  # fmt: skip
    if existing.kind != kind:
        raise BadImagery(f"{slug} is a {existing.kind}; these files are for a {kind}. Choose another dataset name.")
    return existing


def product_of(dataset: Dataset, options: Options) -> Product:
    name = product_name(options)
    product = dataset.products.filter(name=name).first() or Product.objects.create(
        dataset=dataset, number=dataset.next_product_number(), name=name, title=options.title or name,
        credit=options.credit,
    )  # fmt: skip
    if options.mask_of:
        masks.declare(product, options.mask_of)
    return product


def stretch_held(options: Options) -> Stretch | None:
    """What the product's scenes are drawn with already: a product has one stretch, so that its scenes compare.

    BadImagery when another is asked for now.
    """
    scenes = Scene.objects.filter(product__dataset__slug=short_name(options), product__name=product_name(options))
    held: Stretch | None = next((s.stretch for s in scenes.exclude(stretch={}).order_by("day")[:1]), None)
    if held is None:
        return None
    other_bands = options.bands and list(options.bands) != held["bands"]
    other_nodata = options.nodata is not None and options.nodata != held.get("nodata")
    given = options.stretch.kind == "given" and options.stretch.of([], held["bands"])
    other_values = given and (given["low"], given["high"]) != (held["low"], held["high"])
    if other_bands or other_nodata or other_values:
        raise BadImagery(
            f"The layer {product_name(options)} is drawn with bands {', '.join(map(str, held['bands']))} from "
            f"{held['low']} to {held['high']} already, so that all its dates compare. Choose another --product."
        )
    return held


def fitting(good: list[Placed], held: Stretch | None) -> tuple[list[Placed], list[tuple[str, str]]]:
    """Those that show as many bands as the others of the product, and values that its stretch draws; and why not."""
    bands = len(held["bands"] if held else good[0][1].bands) if good else 0
    fit, unfit = [], []
    for item, raster in good:
        why = misfit(raster, bands, held)
        if why:
            unfit.append((str(item.path), f"{item.title} {why} Choose another --product for it."))
        else:
            fit.append((item, raster))
    return fit, unfit


def misfit(raster: rasters.Inspected, bands: int, held: Stretch | None) -> str:
    if len(raster.bands) != bands:
        return f"shows {len(raster.bands)} bands, the others {bands}."
    if held and unseen(raster.sketch, held):
        return f"holds hardly a value from {min(held['low']):g} to {max(held['high']):g}, which this layer draws."
    return ""


def unseen(sketch: Sketch, held: Stretch) -> bool:
    """Whether nothing but black or white would come of it: all that lies between its 2 % and 98 % is outside."""
    low, high = sketch.values[:, 8], sketch.values[:, -9]
    outside = (high < np.array(held["low"])) | (low > np.array(held["high"]))
    return bool(outside.all())


def store_rasters(
    product: Product, options: Options, good: list[tuple[Item, rasters.Inspected]], held: Stretch | None
) -> list[Scene]:
    stretch = held or options.stretch.of([raster.sketch for _, raster in good], good[0][1].bands)
    if options.nodata is not None:
        stretch["nodata"] = options.nodata
    by_day = defaultdict(list)
    for item, raster in good:
        by_day[keys.day_of(day_of(item, options, raster.tagged))].append(raster)
    return [store_scene(product, day, files, stretch) for day, files in sorted(by_day.items())]


def day_of(item: Item, options: Options, tagged: date | None) -> date | None:
    """Given for all, given for this one, by the pattern of its name, by any date in its name, by its tags."""
    if options.day or item.day:
        return options.day or item.day
    if options.date_pattern:
        return dating.by_pattern(dating.pattern(options.date_pattern), item.title) or tagged
    return dating.in_name(item.title) or tagged


def store_scene(product: Product, day: int, files: list[rasters.Inspected], stretch: Stretch) -> Scene:
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
    scene.stretch = scene.stretch or stretch
    scene.save()
    return scene


def store_pictures(product: Product, options: Options, good: list[tuple[Item, galleries.Inspected]]) -> list[Scene]:
    """One scene, or one a date where a list gives dates."""
    by_day = defaultdict(list)
    for item, picture in good:
        by_day[keys.day_of(options.day or item.day)].append(picture)
    held = stretch_held(options) or gallery_stretch(options, [picture for _, picture in good])
    scenes = []
    for day, pictures in sorted(by_day.items()):
        scene = galleries.store(product, day, pictures)
        if held and not scene.stretch:
            scene.stretch = held
            scene.save(update_fields=["stretch"])
        scenes.append(scene)
    return scenes


def gallery_stretch(options: Options, pictures: Iterable[galleries.Inspected]) -> Stretch | None:
    """Of pictures of more than 8 bits a colour; all their bands are drawn alike. None where there are none."""
    deep = [picture.sketch for picture in pictures if picture.sketch]
    if not deep:
        return None
    one = [
        Sketch(sketch.values[band : band + 1], sketch.count, False)
        for sketch in deep
        for band in range(len(sketch.values))
    ]
    return {**options.stretch.of(one, (1,)), "bands": list(options.bands)}
