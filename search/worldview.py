"""Addresses of NASA's Worldview: what they show, and the same view here.

https://worldview.earthdata.nasa.gov/?p=geographic|arctic|antarctic&v=minX,minY,maxX,maxY&l=A,B(hidden),C(opacity=0.5)
&t=YYYY-MM-DD-Thh:mm:ssZ; with `ca` two views are compared: `l1` and `t1`, `cm` how (swipe, opacity, spy), `cv` where.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from django.contrib.auth.models import AnonymousUser, User

from search import grid, keys
from search.errors import BadQuery
from search.models import Dataset, Product, Scene

ROOT = "https://worldview.earthdata.nasa.gov/"
PROJECTIONS = {"geographic": grid.GEOGRAPHIC, "arctic": grid.ARCTIC, "antarctic": grid.ANTARCTIC}
LAYER = re.compile(r"([\w.-]+)(?:\(([^)]*)\))?")
MOST = 4000  # characters of a parameter


@dataclass(frozen=True)
class Layer:
    name: str
    hidden: bool = False
    opacity: float = 1.0


@dataclass(frozen=True)
class View:
    """box: in units of the projection.  layers: topmost first, as Worldview lists them."""

    projection: grid.Grid
    box: grid.Bounds | None
    layers: tuple[Layer, ...]
    day: date | None


def read(given: Mapping[str, str], suffix: str = "") -> View:
    """The view of an address' parameters; suffix "1" is what it is compared with.

    What is missing is None or empty; BadQuery for what no Worldview writes.
    """
    name = given.get("p", "geographic")
    if name not in PROJECTIONS:
        raise BadQuery(f"p is {name[:40]!r}: Worldview knows geographic, arctic and antarctic.")
    layers = read_layers(given.get(f"l{suffix}", ""))
    return View(PROJECTIONS[name], read_box(given.get("v", "")), layers, read_day(given.get(f"t{suffix}", "")))


def read_layers(text: str) -> tuple[Layer, ...]:
    found = LAYER.findall(text[:MOST])
    return tuple(Layer(name, hidden(options), opacity(options)) for name, options in found)


def hidden(options: str) -> bool:
    return "hidden" in options.split(",")


def opacity(options: str) -> float:
    match = re.search(r"opacity=([\d.]+)", options)
    try:
        return min(1.0, max(0.0, float(match[1]))) if match else 1.0
    except ValueError:
        return 1.0


def read_box(text: str) -> grid.Bounds | None:
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text[:200].split(","))
    except ValueError as error:
        raise BadQuery(f"v is {text[:60]!r}: write four numbers, west, south, east, north.") from error
    if not all(map(math.isfinite, (west, south, east, north))) or west >= east or south >= north:
        raise BadQuery(f"v is {text[:60]!r}: west must lie below east and south below north.")
    return west, south, east, north


def read_day(text: str) -> date | None:
    """The day of 2012-07-09-T00:00:00Z, 2012-07-09T00:00:00Z or 2012-07-09."""
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise BadQuery(f"t is {text[:40]!r}: write a date as 2012-07-09.") from error


def opened(user: User | AnonymousUser, given: Mapping[str, str]) -> dict[str, str]:
    """The query of the map page that shows the same: the layer where this person has a dataset of it, the nearest date.

    `dataset` in the address says which is preferred; without any that has the layer, that one is opened at the place.
    """
    view = read(given)
    product = chosen(user, view, given.get("dataset", ""))
    dataset = product.dataset if product else preferred(user, given.get("dataset", ""))
    if dataset is None:
        raise BadQuery("There is no map here to open this view in. Import some imagery first.")
    found = {"dataset": dataset.slug, **shown(product, view)}
    if view.box:
        box = carried(view.box, view.projection, dataset.grid)
        found["v"] = ",".join(f"{value:.4f}".rstrip("0").rstrip(".") for value in box)
    return {**found, **compared(user, given, dataset)} if given.get("ca") else found


def shown(product: Product | None, view: View, suffix: str = "") -> dict[str, str]:
    """Product, date and opacity as the page's address has them."""
    if product is None:
        return {}
    scene = nearest(product, view.day)
    found = {f"product{suffix}": product.name, **({f"date{suffix}": scene.written_day} if scene else {})}
    strength = next((layer.opacity for layer in view.layers if is_of(product, layer)), 1.0)
    return {**found, **({"opacity": f"{strength:g}"} if strength < 1 and not suffix else {})}


def compared(user: User | AnonymousUser, given: Mapping[str, str], dataset: Dataset) -> dict[str, str]:
    """What the view is compared with, where the dataset has it."""
    other = read(given, "1")
    product = chosen(user, other, dataset.slug)
    if product is None or product.dataset != dataset:
        return {}
    try:
        share = min(1.0, max(0.0, float(given.get("cv", "50")) / 100))
    except ValueError:
        share = 0.5
    fade = given.get("cm") == "opacity"
    where = {"opacity": f"{share:g}"} if fade else {"split": f"{share:g}"}
    return {"compare": "fade" if fade else "swipe", **shown(product, other, "2"), **where}


def is_of(product: Product, layer: Layer) -> bool:
    return bool(product.source.get("gibs", {}).get("layer") == layer.name)


def chosen(user: User | AnonymousUser, view: View, slug: str) -> Product | None:
    """The topmost visible layer that a dataset has: the one of that slug, of the same projection, or any."""
    mine = Dataset.objects.visible_to(user).filter(kind=Dataset.Kind.MAP)
    for layer in (layer for layer in view.layers if not layer.hidden):
        found = Product.objects.select_related("dataset").filter(dataset__in=mine, source__gibs__layer=layer.name)
        fit = sorted(found, key=lambda p: (p.dataset.tms != view.projection.id, p.dataset.slug != slug, p.dataset_id))
        if fit:
            return fit[0]
    return None


def preferred(user: User | AnonymousUser, slug: str) -> Dataset | None:
    mine = Dataset.objects.visible_to(user).filter(kind=Dataset.Kind.MAP)
    return mine.filter(slug=slug).first() or mine.first()


def nearest(product: Product, day: date | None) -> Scene | None:
    """The product's scene of that day, or the one nearest to it; the latest when no day is given."""
    scenes = product.scenes.order_by("day")
    if day is None:
        return scenes.last()
    wanted = keys.day_of(day)
    after, before = scenes.filter(day__gte=wanted).first(), scenes.filter(day__lt=wanted, day__gt=0).last()
    both = [scene for scene in (after, before) if scene]
    return min(both, key=lambda scene: abs(scene.day - wanted)) if both else scenes.first()


def carried(box: grid.Bounds, source: grid.Grid, target: grid.Grid) -> grid.Bounds:
    """A box in the units of another pyramid."""
    return box if source.id == target.id else target.from_geographic(source.to_geographic(box))


def address(scene: Scene, box: grid.Bounds) -> str:
    """Of what Worldview shows of a scene's product and day there.  box: in units of the dataset's grid.

    Where it does not have the product, its usual layers; Web Mercator is shown in its geographic projection.
    """
    own, source = scene.product.dataset.grid, scene.product.source.get("gibs") or {}
    name = next((name for name, pyramid in PROJECTIONS.items() if pyramid.id == own.id), "geographic")
    view = carried(box, own, PROJECTIONS[name])
    digits = 4 if PROJECTIONS[name].is_geographic else 0
    when = f"{scene.written_day}-T00:00:00Z" if scene.date else ""
    corners = ",".join(f"{value:.{digits}f}" for value in view)
    fields = {"p": name, "v": corners, "l": quote(str(source.get("layer", ""))), "t": when}
    return ROOT + "?" + "&".join(f"{key}={value}" for key, value in fields.items() if value)
