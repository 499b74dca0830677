"""How far a dataset's shards are: the numbers, and their announcement to the pages that watch."""

import logging
import time

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db.models import Count, F, Q, Sum
from redis.exceptions import RedisError

from search.models import Dataset, Shard, Status

log = logging.getLogger(__name__)
PAUSE = 0.5  # seconds between announcements of one process
_last: dict[int, float] = {}
_heard: set[str] = {"somebody"}  # empty once Redis was away: it is said once, and again when it went anew


def group_of(dataset: Dataset) -> str:
    return f"jobs.{dataset.pk}"


def totals(dataset: Dataset) -> dict[str, int]:
    """Shards by status, and tiles: all there will be, and those searchable now."""
    shards = Shard.objects.of(dataset).order_by()
    counts = {f"n_{status}": Count("pk", filter=Q(status=status)) for status in Status}
    sums = shards.aggregate(n=Count("pk"), all_tiles=Sum("total"), searchable=Sum("tiles"), **counts)
    by_status = {str(status): sums[f"n_{status}"] for status in Status}
    return {"total": sums["n"], **by_status, "tiles": sums["all_tiles"] or 0, "tiles_ready": sums["searchable"] or 0}


def by_level(dataset: Dataset) -> list[dict[str, object]]:
    """One row a shard: product, date, level, status, done, tiles."""
    return [
        {
            "product": shard.scene.product.name,
            "date": shard.scene.written_day,
            "level": shard.level,
            "status": shard.status,
            "searchable": bool(shard.folder),
            "done": shard.done,
            "tiles": shard.total,
        }
        for shard in Shard.objects.of(dataset)
    ]


def by_size(dataset: Dataset) -> list[dict[str, object]]:
    """One row a product and level: its shards by state, its tiles; an archive of 20 years is a few rows."""
    states = {
        "shards": Count("pk"), "ready": Count("pk", filter=~Q(folder="")),
        "building": Count("pk", filter=Q(status__in=[Status.WAITING, Status.RUNNING])),
        "broken": Count("pk", filter=Q(status__in=[Status.FAILED, Status.DAMAGED])),
        "built": Sum("done"), "tiles": Sum("total"),
    }  # fmt: skip
    rows = Shard.objects.of(dataset).order_by("scene__product__number", "level")
    named = rows.values("level", product=F("scene__product__name"))
    return [dict(row) for row in named.annotate(**states)]


def message(dataset: Dataset) -> dict[str, object]:
    return {"type": "shards", "dataset": dataset.slug, "shards": totals(dataset), "levels": by_size(dataset)}


def announce(dataset: Dataset, *, at_once: bool = False) -> None:
    """Tell watching pages to look again. Without Redis they poll: a build never fails for want of an audience."""
    now = time.monotonic()
    if not at_once and now - _last.get(dataset.pk, 0) < PAUSE:
        return
    _last[dataset.pk] = now
    try:
        async_to_sync(get_channel_layer().group_send)(group_of(dataset), {"type": "shards.changed"})
    except (RedisError, OSError) as error:
        log.log(logging.WARNING if _heard else logging.DEBUG, "progress not announced: %s", error)
        _heard.clear()
    else:
        _heard.add("somebody")
