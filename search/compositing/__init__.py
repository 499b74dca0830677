"""New products made of several days of another: cloud-poor composites, and swath gaps filled.

Each date is a COG under <data folder>/imagery/<dataset>/<product>/, a scene like any other. A date that is finished is
not made again as long as its recipe and the imagery it was made of stay the same.
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from django.conf import settings
from django.db import transaction
from rasterio.windows import Window

from search import building, importing, keys, rasters
from search.compositing import methods, reading, writing
from search.compositing.recipe import FILL_GAPS, IN_WORDS, LEAST_CLOUDY, MEDIAN, METHODS, Recipe
from search.errors import BadQuery
from search.intake import storing
from search.intake.items import Item
from search.intake.stretching import Stretch
from search.models import Dataset, Import, Product, Scene, Shard

CODE = 1  # changes when the same recipe would give other pixels
MOST_PIXELS = 4e10  # of one date
CLOUDY = 0.5  # darkest channel above which even the least cloudy day looks like cloud, snow or salt

__all__ = ["FILL_GAPS", "LEAST_CLOUDY", "MEDIAN", "METHODS", "Recipe", "planned", "run"]


class Report(Protocol):
    """search.imports.Report."""

    @property
    def job(self) -> Import: ...
    def progress(self, done: int, total: int, unit: str = ...) -> None: ...
    def beat(self) -> None: ...
    def say(self, text: str) -> None: ...
    def warn(self, text: str) -> None: ...


@dataclass(frozen=True)
class Picture:
    """One date to be made.  scenes: those it is made of, by date.  offsets: their distance from `day`."""

    day: int
    scenes: list[Scene]

    @property
    def offsets(self) -> list[int]:
        return [scene.day - self.day for scene in self.scenes]


@dataclass(frozen=True)
class Plan:
    recipe: Recipe
    dataset: Dataset
    source: Product
    pictures: list[Picture]
    empty: list[str]  # dates without any scene in their days
    canvas: reading.Canvas
    bands: int
    kind: np.dtype

    def windows(self, picture: Picture) -> list[Window]:
        return list(writing.windows(self.canvas, len(picture.scenes) * (self.bands * self.kind.itemsize + 1)))

    def fingerprint(self, picture: Picture) -> str:
        """Changes with whatever changes the pixels."""
        parts = [self.recipe.core, CODE, vars(self.canvas), [(scene.day, scene.version) for scene in picture.scenes]]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


@dataclass
class Tally:
    """Where the pixels of one date came from.  taken: pixels by offset in days.  depth: sum of days with data."""

    pixels: int = 0
    valid: int = 0
    depth: int = 0
    cloudy: int = 0
    taken: Counter[int] = field(default_factory=Counter)

    def count(self, valid: np.ndarray, out: np.ndarray) -> None:
        self.pixels += out.size
        self.valid += int(out.sum())
        self.depth += int(valid.sum())

    def count_taken(self, taken: np.ndarray, offsets: list[int]) -> None:
        for index, offset in enumerate(offsets):
            self.taken[offset] += int((taken == index).sum())

    def told(self, method: str) -> dict[str, Any]:
        """Shares of all pixels."""
        total = max(self.pixels, 1)
        said: dict[str, Any] = {"valid": round(self.valid / total, 6), "gaps": round(1 - self.valid / total, 6)}
        if method == MEDIAN:
            return {**said, "mean_days": round(self.depth / max(self.valid, 1), 2)}
        said["taken"] = {f"{offset:+d}": round(n / total, 6) for offset, n in sorted(self.taken.items()) if n}
        if method == FILL_GAPS:
            said["filled"] = round(sum(n for offset, n in self.taken.items() if offset) / total, 6)
        else:
            said["cloudy"] = round(self.cloudy / total, 6)
        return said


def planned(dataset: Dataset, recipe: Recipe) -> Plan:
    """What would be made; BadQuery when it cannot be."""
    if dataset.kind != Dataset.Kind.MAP:
        raise BadQuery(f"{dataset.name} is a gallery: its pictures have no place, so no days can be put together.")
    source = dataset.products.filter(name=recipe.product).first()
    if source is None:
        known = ", ".join(dataset.products.values_list("name", flat=True)) or "none yet"
        raise BadQuery(f"{dataset.name} has no product {recipe.product!r}. It has: {known}.")
    if source.name == recipe.name:
        raise BadQuery("The composite needs a name of its own, not that of the product it is made of.")
    pictures, empty = pictures_of(source, recipe)
    used = {scene.pk: scene for picture in pictures for scene in picture.scenes}
    canvas = reading.canvas_around(list(used.values()))
    if canvas.width * canvas.height > MOST_PIXELS:
        raise BadQuery(f"Each date would have {canvas.width:,} × {canvas.height:,} pixels, which is too many.")
    bands, kind = reading.kind_of(list(used.values()))
    if recipe.method == LEAST_CLOUDY and bands not in (1, 3):
        raise BadQuery(f"{source} shows {bands} bands: the least cloudy day is told from three colours, or from one.")
    return Plan(recipe, dataset, source, pictures, empty, canvas, bands, kind)


def pictures_of(source: Product, recipe: Recipe) -> tuple[list[Picture], list[str]]:
    """The dates to be made, and those for which there is nothing. BadQuery without any."""
    scenes = {scene.day: scene for scene in source.scenes.filter(day__gt=0).select_related("product__dataset")}
    if not scenes:
        raise BadQuery(f"{source} has no dates: a composite is made of several days.")
    first = keys.day_of(recipe.first) if recipe.first else min(scenes)
    last = keys.day_of(recipe.last) if recipe.last else max(scenes)
    reach = (-recipe.days, recipe.days) if recipe.method == FILL_GAPS else (0, recipe.days - 1)
    found, empty = [], []
    for day in range(first, last + 1, recipe.step):
        within = range(day + reach[0], day + reach[1] + 1)
        used = [scenes[other] for other in within if other in scenes]
        if recipe.method != FILL_GAPS:
            used = [scene for scene in used if scene.day <= last]
        if recipe.method == FILL_GAPS and day not in scenes:
            continue  # nothing of its own to be filled
        if used:
            found.append(Picture(day, used))
        else:
            empty.append(keys.written(day))
    if not found:
        raise BadQuery(f"{source} has no scene from {keys.written(first)} to {keys.written(last)}.")
    return found, empty


def run(dataset: Dataset, recipe: Recipe, report: Report) -> dict[str, Any]:
    """Make what is missing, date by date; each becomes a scene and its shards are asked for at once."""
    plan = planned(dataset, recipe)
    product = product_for(plan)
    total = sum(len(plan.windows(picture)) for picture in plan.pictures)
    done, told, made = 0, {}, 0
    if plan.empty:
        report.warn(
            f"No scene for {len(plan.empty)} dates: {', '.join(plan.empty[:10])}{' …' * (len(plan.empty) > 10)}"
        )
    for picture in plan.pictures:
        path, written = file_of(product, picture), keys.written(picture.day)
        known = writing.told_in(path)
        if known is None or known.get("fingerprint") != plan.fingerprint(picture):
            known = make(plan, picture, path, report, done, total)
            made += 1
            report.say(f"{written}: {said(known)}")
        done += len(plan.windows(picture))
        report.progress(done, total, "windows")
        told[written] = {key: value for key, value in known.items() if key != "fingerprint"}
        if known["valid"]:
            take_in(plan, product, picture, path)
        else:
            report.warn(f"{written} has no data at all: it becomes no scene.")
    return {"product": product.name, "dates": told, "made": made, "kept": len(told) - made, "empty": plan.empty}


def make(plan: Plan, picture: Picture, path: Path, report: Report, done: int, total: int) -> dict[str, Any]:
    """One date's file; returns what is noted in it."""
    tally, counter = Tally(), iter(range(done, total + 1))

    def made(window: Window) -> tuple[np.ndarray, np.ndarray]:
        report.progress(next(counter), total, "windows")
        return composed(plan, picture, window, tally)

    def told() -> dict[str, Any]:
        days = [scene.written_day for scene in picture.scenes]
        return {**tally.told(plan.recipe.method), "days": days, "fingerprint": plan.fingerprint(picture)}

    writing.write(
        path, report.job.folder / "staging", plan.canvas, plan.bands, plan.kind, made, told=told,
        windows=plan.windows(picture), beat=report.beat,
    )  # fmt: skip
    return told()


def composed(plan: Plan, picture: Picture, window: Window, tally: Tally) -> tuple[np.ndarray, np.ndarray]:
    """One window of one date -> (bands, h, w) values and (h, w) what of it is data."""
    parts = [reading.read(scene, plan.canvas, window, plan.kind) for scene in picture.scenes]
    values, valid = np.stack([part for part, _ in parts]), np.stack([known for _, known in parts])
    if plan.recipe.method == MEDIAN:
        out, known = methods.median(values, valid)
        tally.count(valid, known)
        return out, known
    if plan.recipe.method == FILL_GAPS:
        taken = methods.fill_gaps(valid, picture.offsets)
    else:
        taken, score = methods.least_cloudy(values, valid, *limits(plan, picture))
        tally.cloudy += int(((score > CLOUDY) & np.isfinite(score)).sum()) if plan.bands == 3 else 0
    tally.count(valid, taken >= 0)
    tally.count_taken(taken, picture.offsets)
    return methods.taken_from(values, taken), taken >= 0


def limits(plan: Plan, picture: Picture) -> tuple[list[float], list[float]]:
    """Each band's values drawn black and white."""
    stretch = picture.scenes[0].stretch
    return stretch.get("low", [0.0] * plan.bands), stretch.get("high", [255.0] * plan.bands)


def said(known: dict[str, Any]) -> str:
    """For the log."""
    parts = [f"{len(known['days'])} days, {known['valid']:.1%} of it data"]
    parts += [f"{known['filled']:.1%} filled"] if "filled" in known else []
    parts += [f"{known['cloudy']:.1%} still cloudy"] if known.get("cloudy") else []
    return ", ".join(parts)


def product_for(plan: Plan) -> Product:
    """The new product, or the one of an earlier run of this recipe; BadQuery when the name is another's."""
    recipe, source = plan.recipe, plan.source
    with transaction.atomic():
        existing = plan.dataset.products.filter(name=recipe.name).first()
        if existing is None:
            words = f"{recipe.days} days" if recipe.days > 1 else "1 day"
            title = recipe.title or f"{source.title or source.name}, {IN_WORDS[recipe.method]}, {words}"
            return Product.objects.create(
                dataset=plan.dataset, number=plan.dataset.next_product_number(), name=recipe.name, title=title[:160],
                credit=source.credit, source={"composite": recipe.core},
            )  # fmt: skip
    if existing.source.get("composite") != recipe.core:
        raise BadQuery(f"There is a product {recipe.name!r} already, made in another way: choose another name.")
    return existing


def file_of(product: Product, picture: Picture) -> Path:
    home = Path(settings.DATA_DIR) / "imagery" / product.dataset.slug / product.name
    return home / f"{keys.written(picture.day)}.tif"


def take_in(plan: Plan, product: Product, picture: Picture, path: Path) -> Scene:
    """The finished file as a scene, drawn as its sources are, at their levels."""
    choices = rasters.Choices(pyramid=plan.dataset.grid, home=path.parent)
    inspected = rasters.inspect(Item(path), choices)
    low, high = stretch_of(plan, picture)
    stretch: Stretch = {"bands": list(range(1, plan.bands + 1)), "low": low, "high": high}
    scene = storing.store_scene(product, picture.day, inspected, stretch)
    building.request(scene, plan.recipe.levels or levels_of(plan, scene))
    return scene


def stretch_of(plan: Plan, picture: Picture) -> tuple[list[float], list[float]]:
    values = picture.scenes[0].product.source.get("gibs", {})
    if plan.bands == 1 and values.get("colormap"):
        from search.imagery.tileset import values_of

        held = values_of(picture.scenes[0])
        return ([held.low], [held.high]) if held else ([0.0], [1.0])
    return limits(plan, picture)


def levels_of(plan: Plan, scene: Scene) -> list[int]:
    """Those of the product it was made of."""
    shards = Shard.objects.filter(scene__product=plan.source, encoder_id=plan.dataset.encoder_id)
    return sorted(set(shards.values_list("level", flat=True))) or importing.levels_of(scene)
