"""A dataset summed up for its page: what it holds, and how far each part of its index can be trusted.

An archive of 20 years has thousands of shards: they are added up by the database, by product and level, and listed one
group and one page at a time.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, F, FloatField, Max, Min, Q, QuerySet, Sum, When

from ml.shards.files import MANIFEST
from search import keys
from search.errors import NoSuchTile
from search.models import Dataset, Scene, Shard, Status

PAGE = 100  # shards listed at once
SCAN = "scan"  # the engine of shards without an index
NAMES = {"annoy": "Annoy", "faiss": "faiss", SCAN: "full scan"}


@dataclass
class Group:
    """All shards of a product at a level.

    kilometres: across a tile.  recall: mean weighted by tiles; worst, best: of a shard; None if unknown.
    """

    product: str
    title: str
    level: int
    shards: int
    ready: int
    building: int
    broken: int
    tiles: int
    bytes: int
    recall: float | None
    worst: float | None
    best: float | None
    kilometres: int
    engines: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Totals:
    shards: int
    ready: int
    tiles: int
    bytes: int
    recall: float | None
    worst: float | None
    engines: list[str]

    @property
    def scanned(self) -> bool:
        """Whether every search compares every tile, for want of large shards."""
        return self.engines == [NAMES[SCAN]]


def groups(dataset: Dataset) -> list[Group]:
    """By product and level; four queries, whatever there is."""
    by = ("scene__product__name", "scene__product__title", "level")
    rows = of(dataset).values(*by).order_by("scene__product__number", "level").annotate(**SUMS)
    engines = engines_of(dataset)
    return [
        Group(
            row["scene__product__name"], row["scene__product__title"] or row["scene__product__name"], row["level"],
            row["shards"], row["ready"], row["building"], row["broken"], row["sum_tiles"] or 0, row["sum_bytes"] or 0,
            recall=mean(row["found"], row["measured"]), worst=row["worst"], best=row["best"],
            kilometres=dataset.grid.kilometres(row["level"]),
            engines=engines.get((row["scene__product__name"], row["level"]), []),
        )
        for row in rows
    ]  # fmt: skip


MEASURED = Q(recall__isnull=False) & ~Q(folder="")
FOUND = Case(When(MEASURED, then=F("recall") * F("tiles")), output_field=FloatField())
SUMS = {
    "shards": Count("pk"),
    "ready": Count("pk", filter=~Q(folder="")),
    "building": Count("pk", filter=Q(status__in=[Status.WAITING, Status.RUNNING])),
    "broken": Count("pk", filter=Q(status__in=[Status.FAILED, Status.DAMAGED])),
    "sum_tiles": Sum("tiles"),
    "sum_bytes": Sum("bytes", filter=~Q(folder="")),
    "found": Sum(FOUND),
    "measured": Sum("tiles", filter=MEASURED),
    "worst": Min("recall", filter=MEASURED),
    "best": Max("recall", filter=MEASURED),
}


def of(dataset: Dataset) -> QuerySet[Shard]:
    shards: QuerySet[Shard] = Shard.objects.of(dataset).order_by()
    return shards


def mean(found: float | None, measured: int | None) -> float | None:
    return found / measured if found is not None and measured else None


def engines_of(dataset: Dataset) -> dict[tuple[str, int], list[str]]:
    """The names of the engines in use, by product and level."""
    used: dict[tuple[str, int], list[str]] = {}
    known = of(dataset).exclude(folder="").exclude(engine="").order_by("engine")
    for product, level, engine in known.values_list("scene__product__name", "level", "engine").distinct():
        used.setdefault((product, level), []).append(NAMES.get(engine, engine))
    return used


def totals(parts: Iterable[Group]) -> Totals:
    parts = list(parts)
    measured = [part for part in parts if part.recall is not None]
    tiles = sum(part.tiles for part in measured)
    found = sum((part.recall or 0) * part.tiles for part in measured)
    worst = [part.worst for part in measured if part.worst is not None]
    return Totals(
        shards=sum(part.shards for part in parts), ready=sum(part.ready for part in parts),
        tiles=sum(part.tiles for part in parts), bytes=sum(part.bytes for part in parts),
        recall=mean(found, tiles), worst=min(worst, default=None),
        engines=sorted({name for part in parts for name in part.engines}),
    )  # fmt: skip


def dates(dataset: Dataset) -> dict[str, Any]:
    """How many dates there are, the first and the last of them."""
    row = Scene.objects.filter(product__dataset=dataset, day__gt=0).aggregate(
        count=Count("day", distinct=True), first=Min("day"), last=Max("day")
    )
    ends = {name: keys.date_of(row[name]) if row[name] else None for name in ("first", "last")}
    return {"count": row["count"], **ends}


def listed(dataset: Dataset, product: str, level: int, page: str) -> Page[Shard]:
    """One page of the shards of a product at a level, by date; NoSuchTile when there are none."""
    shards = Shard.objects.of(dataset).filter(scene__product__name=product, level=level).order_by("scene__day")
    if not shards.exists():
        raise NoSuchTile(f"{dataset.name} has no shards of {product[:80]!r} at level {level}.")
    return Paginator(shards, PAGE).get_page(page)


def described(shard: Shard) -> dict[str, Any]:
    return {
        "date": shard.scene.date, "status": shard.status, "searchable": bool(shard.folder), "tiles": shard.tiles,
        "done": shard.done, "total": shard.total, "bytes": shard.bytes if shard.folder else 0,
        "engine": NAMES.get(shard.engine, shard.engine) if shard.folder else "",
        "recall": shard.recall if shard.folder else None, "measured_on": measured_on(shard), "error": shard.error,
    }  # fmt: skip


def measured_on(shard: Shard) -> dict[str, Any]:
    """{"k", "queries"} from the shard's own record; empty where it says nothing."""
    if not shard.folder:
        return {}
    try:
        index = json.loads((shard.path() / MANIFEST).read_text()).get("index") or {}
    except (OSError, ValueError):  # it is being replaced or damaged: searching it will say so
        return {}
    measured: dict[str, Any] = index.get("measured_on") or {}
    return measured
