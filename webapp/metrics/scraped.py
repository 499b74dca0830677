"""What is looked up when Prometheus asks: shards in the database, the queue, the site's processes."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psutil
from celery import current_app
from django.conf import settings
from django.db.models import Count, F, Min, Q, QuerySet, Sum
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis import Redis
from redis.exceptions import RedisError

from search.models import Shard, Status
from webapp.serve.record import Record

SHORT = {"socket_timeout": 1, "socket_connect_timeout": 1}  # seconds


class Shards(Collector):
    """By dataset, for the encoder that it uses now."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self.jobs()
        yield from self.recall()

    def jobs(self) -> Iterator[GaugeMetricFamily]:
        shards = GaugeMetricFamily("lookalike_shards", "Shards, by status of their build", labels=["dataset", "status"])
        tiles = GaugeMetricFamily("lookalike_tiles", "Tiles that can be searched", labels=["dataset"])
        counts = {str(status): Count("pk", filter=Q(status=status)) for status in Status}
        for row in by_dataset().annotate(**counts, searchable=Sum("tiles")):
            for status in counts:
                shards.add_metric([row["slug"], status], row[status])
            tiles.add_metric([row["slug"]], row["searchable"] or 0)
        yield from (shards, tiles)

    def recall(self) -> Iterator[GaugeMetricFamily]:
        """Of the indexes, as each was measured when it was built."""
        lowest = GaugeMetricFamily("lookalike_recall_min", "The worst shard's recall@50", labels=["dataset", "engine"])
        mean = GaugeMetricFamily("lookalike_recall_mean", "Recall@50, weighted by tiles", labels=["dataset", "engine"])
        weighted = {"least": Min("recall"), "sum": Sum(F("recall") * F("tiles")), "of": Sum("tiles")}
        for row in by_dataset("engine").filter(recall__isnull=False, tiles__gt=0).annotate(**weighted):
            whose = [row["slug"], row["engine"]]
            lowest.add_metric(whose, row["least"])
            mean.add_metric(whose, row["sum"] / row["of"])
        yield from (lowest, mean)


def by_dataset(*also: str) -> "QuerySet[Shard, Any]":
    mine = Shard.objects.filter(encoder_id=F("scene__product__dataset__encoder_id")).order_by()
    return mine.values(*also, slug=F("scene__product__dataset__slug"))


class Machine(Collector):
    """Queue and processes of this site."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self.queue()
        yield from self.memory()

    def queue(self) -> Iterator[GaugeMetricFamily]:
        """Without the length where Redis doesn't answer: a wrong number would be worse than none."""
        up = 0
        with suppress(RedisError, OSError), Redis.from_url(settings.REDIS_URL, **SHORT) as client:
            waiting = client.llen(current_app.conf.task_default_queue)
            yield GaugeMetricFamily("lookalike_queue", "Tasks that no worker has fetched yet", value=waiting)
            up = 1
        yield GaugeMetricFamily("lookalike_redis_up", "Whether Redis answers", value=up)

    def memory(self) -> Iterator[GaugeMetricFamily]:
        """shared: pages of files, which the system takes back when it needs them; the rest is the process' own."""
        resident = GaugeMetricFamily("lookalike_resident_bytes", "Resident memory", labels=["process"])
        shared = GaugeMetricFamily("lookalike_shared_bytes", "Of it, pages of files", labels=["process"])
        for name, processes in self.processes().items():
            used = [process.memory_info() for process in processes]
            resident.add_metric([name], sum(one.rss for one in used))
            shared.add_metric([name], sum(getattr(one, "shared", 0) for one in used))
        yield from (resident, shared)

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Those that the supervisor wrote down, each with its own children; else this one."""
        children = Record(settings.RUN_DIR).living() or {"web": psutil.Process()}
        return {name: [process, *process.children(recursive=True)] for name, process in children.items()}
