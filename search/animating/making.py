"""A recipe becomes a film: one date is read, captioned and encoded at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from search import keys
from search.animating.captions import NO_DATA, Captions
from search.animating.film import Film
from search.animating.recipe import HOLD, Limits, Recipe, check
from search.animating.region import Region, region_of
from search.digests import version_of
from search.errors import BadQuery
from search.models import Dataset, Product, Scene

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Plan:
    """scenes: by date, all of one product."""

    recipe: Recipe
    product: Product
    scenes: list[Scene]
    region: Region
    captions: Captions

    @property
    def size(self) -> tuple[int, int]:
        return self.region.width, self.region.height + self.captions.height

    @property
    def version(self) -> str:
        """Of the imagery shown: changes with any scene of it."""
        return version_of(f"{scene.day} {scene.version}" for scene in self.scenes)


@dataclass
class Told:
    """What became of the dates; `skipped` and `held` had no data in the region."""

    frames: int = 0
    skipped: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)


def planned(dataset: Dataset, recipe: Recipe, limits: Limits) -> Plan:
    """The dates and the size of a film; BadQuery when it cannot be made, or is more than the limits allow."""
    check(recipe, limits)
    if dataset.kind != Dataset.Kind.MAP:
        raise BadQuery(f"{dataset.name} is a gallery: its pictures have no place, so no region can be filmed.")
    product = product_named(dataset, recipe.product)
    scenes = dated(product, recipe)
    region = region_of(dataset.grid, recipe.bbox, recipe.width)
    title = f"{dataset.name} · {product.title or product.name}"
    captions = Captions(region.width, title=title, credit=product.credit or dataset.credit, metres=region.metres)
    plan = Plan(recipe, product, scenes, region, captions)
    refuse_too_much(plan, limits)
    return plan


def product_named(dataset: Dataset, name: str) -> Product:
    """ "" is the first."""
    products = list(dataset.products.all())
    found = next((product for product in products if name in ("", product.name)), None)
    if found is None:
        known = ", ".join(product.name for product in products) or "none yet"
        raise BadQuery(f"{dataset.name} has no product {name!r}. It has: {known}.")
    return found


def dated(product: Product, recipe: Recipe) -> list[Scene]:
    first = keys.day_of(recipe.first) if recipe.first else 1
    last = keys.day_of(recipe.last) if recipe.last else keys.LIMITS["day"]
    scenes = product.scenes.filter(day__gte=first, day__lte=last).select_related("product__dataset").order_by("day")
    found = list(scenes)
    if len(found) < 2:
        span = f" from {recipe.first or 'the beginning'} to {recipe.last or 'the end'}"
        raise BadQuery(
            f"A film needs two dates or more; {product.title or product.name} has {len(found)}{span}. "
            "Choose a longer time, or another product."
        )
    return found


def refuse_too_much(plan: Plan, limits: Limits) -> None:
    (width, height), frames = plan.size, len(plan.scenes)
    if frames > limits.frames:
        raise BadQuery(f"That would be {frames:,} dates; {limits.frames:,} are allowed here. Choose a shorter time.")
    if plan.region.height > 4 * plan.region.width or height > limits.width * 2:
        raise BadQuery(f"The film would be {width} × {height} pixels: choose a box that is less high.")
    if frames * width * height > limits.pixels:
        raise BadQuery(
            f"{frames:,} dates of {width} × {height} pixels are {frames * width * height / 1e6:,.0f} megapixels; "
            f"{limits.pixels / 1e6:,.0f} are allowed here. Choose a smaller width or a shorter time."
        )


def animate(
    dataset: Dataset, recipe: Recipe, out: Path, on_progress: Progress | None = None, *, limits: Limits
) -> dict[str, Any]:
    """Make the film, whole or not at all, and say what is in it. BadQuery as `planned`, or when no date has data."""
    plan, told = planned(dataset, recipe, limits), Told()
    out.parent.mkdir(parents=True, exist_ok=True)
    with Film(out, recipe.form, plan.size, recipe.fps) as film:
        for frame in frames(plan, told, on_progress):
            film.write(frame)
            told.frames += 1
        if not told.frames:
            raise BadQuery(f"{plan.product.title or plan.product.name} has no data in this region on any of its dates.")
    return summary(plan, told, out)


def frames(plan: Plan, told: Told, on_progress: Progress | None = None) -> Iterator[np.ndarray]:
    """(height, width, 3) uint8 each."""
    last: np.ndarray | None = None
    total = len(plan.scenes)
    for number, scene in enumerate(plan.scenes, 1):
        picture, note = shown(plan, scene), ""
        if picture is None and last is not None and plan.recipe.missing == HOLD:
            picture, note = last, "no data: the picture before is held"
            told.held.append(scene.written_day)
        elif picture is None:
            told.skipped.append(scene.written_day)
        if picture is not None:
            yield np.vstack([picture, plan.captions.stamp(scene.written_day, note, number / total)])
        last = picture if picture is not None else last
        if on_progress:
            on_progress(number, total)


def shown(plan: Plan, scene: Scene) -> np.ndarray | None:
    """The region on a date, (height, width, 3) uint8; None without any data."""
    rgb, valid = plan.region.read(scene)
    if not valid.any():
        return None
    rgb[~valid] = NO_DATA
    return rgb


def summary(plan: Plan, told: Told, out: Path) -> dict[str, Any]:
    width, height = plan.size
    return {
        "frames": told.frames, "skipped": told.skipped, "held": told.held, "width": width, "height": height,
        "from": plan.scenes[0].written_day, "to": plan.scenes[-1].written_day, "product": plan.product.name,
        "fps": plan.recipe.fps, "seconds": round(told.frames / plan.recipe.fps, 2), "bytes": out.stat().st_size,
    }  # fmt: skip
