"""A dataset goes over to another encoder, once all of its shards are built with it: searches never wait for one.

While they are built, `dataset.next_encoder` says which (search/reembedding.py begins and stops it). Whoever has built a
shard, and the periodic `requeue`, ask here whether it is time.
"""

import logging
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from search import progress, tasks
from search.models import Dataset, Shard, Status
from search.models.shards import ShardQuerySet, shards_folder

log = logging.getLogger(__name__)
NOTICED = timedelta(seconds=90)  # a search that began before the change has ended by then (REQUEST_SECONDS is 60)


def of(dataset: Dataset) -> ShardQuerySet:
    """The shards that are being built for the change; none without one."""
    return Shard.objects.filter(scene__product__dataset=dataset, encoder_id=dataset.next_encoder_id or 0)


def in_use() -> Q:
    """Shards of the encoder that their dataset uses, or is going over to."""
    dataset = "scene__product__dataset__"
    return Q(encoder_id=F(f"{dataset}encoder_id")) | Q(encoder_id=F(f"{dataset}next_encoder_id"))


def consider(dataset_id: int) -> bool:
    """Change over when nothing is missing any more; whether it did. Any number of processes may ask at once."""
    dataset = Dataset.objects.filter(pk=dataset_id, next_encoder__isnull=False).first()
    if dataset is None or missing(dataset):
        return False
    switch = {"encoder": dataset.next_encoder_id, "next_encoder": None, "encoder_changed_at": timezone.now()}
    same = Dataset.objects.filter(pk=dataset_id, next_encoder=dataset.next_encoder_id)
    if not same.update(**switch):
        return False  # another process was faster, or it was stopped
    log.info("%s is searched with %s from now on", dataset, dataset.next_encoder)
    dataset.refresh_from_db()
    transaction.on_commit(partial(tasks.enqueue_removal, dataset_id, seconds=int(NOTICED.total_seconds()) + 5))
    progress.announce(dataset, at_once=True)
    return True


def consider_all() -> None:
    for dataset_id in Dataset.objects.filter(next_encoder__isnull=False).values_list("pk", flat=True):
        consider(dataset_id)


def missing(dataset: Dataset) -> bool:
    """Whether something that can be searched now could not be with the next encoder."""
    ready = of(dataset).filter(status=Status.READY, scene_version=F("scene__version")).exclude(folder="")
    done = set(ready.values_list("scene_id", "level"))
    now = Shard.objects.filter(scene__product__dataset=dataset, encoder_id=dataset.encoder_id).searchable()
    wanted = set(now.values_list("scene_id", "level")) | set(of(dataset).values_list("scene_id", "level"))
    return bool(wanted - done)


def replaced(dataset: Dataset) -> ShardQuerySet:
    """Shards of encoders that the dataset neither uses nor is going over to."""
    used = [dataset.encoder_id, dataset.next_encoder_id or dataset.encoder_id]
    return Shard.objects.filter(scene__product__dataset=dataset).exclude(encoder_id__in=used)


def remove_replaced(dataset: Dataset, *, wanted: bool = False) -> int:
    """Their rows at once, their folders too; how many shards.

    Without `wanted` only where the change is a while ago and the person did not choose to keep them.
    """
    if not wanted:
        fresh = dataset.encoder_changed_at is None or timezone.now() - dataset.encoder_changed_at < NOTICED
        if dataset.keeps_replaced or dataset.next_encoder_id or fresh:
            return 0
    from search import deleting

    doomed = replaced(dataset)
    homes = {home_of(shard) for shard in doomed.select_related("scene__product__dataset", "encoder")}
    doomed.cancel()
    count, _ = doomed.delete()
    deleting.throw_away(dataset.slug, sorted(home for home in homes if home.exists()))
    return count


def remove_all_replaced() -> None:
    """Now and then, where a message was lost."""
    for dataset in Dataset.objects.filter(keeps_replaced=False, next_encoder=None, encoder_changed_at__isnull=False):
        if replaced(dataset).exists():
            remove_replaced(dataset)


def home_of(shard: Shard) -> Path:
    """The folder of all shards of its dataset and encoder."""
    return shards_folder() / Path(*Path(shard.place()).parts[:2])


def forget_unfinished(dataset: Dataset, encoder_id: int) -> None:
    """Of a change that was stopped: what is complete stays, for another try."""
    shards = Shard.objects.filter(scene__product__dataset=dataset, encoder_id=encoder_id)
    shards.cancel()
    shards.filter(folder="").delete()
