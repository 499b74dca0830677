"""Celery tasks of search. The rows, not the broker, are the truth: `requeue` enqueues whatever is claimable."""

import logging

from celery import current_app, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from search.models import QueryPicture, Shard, Status

log = logging.getLogger(__name__)
WINDOW = 1000  # rows enqueued at a time


@shared_task(acks_late=True, reject_on_worker_lost=True)
def build_shard(shard_id: int) -> None:
    from search import building

    shard = Shard.objects.select_related("scene__product__dataset", "encoder").filter(pk=shard_id).first()
    if shard is not None:  # else deleted meanwhile
        building.build_here(shard)  # False: redelivered, finished or cancelled


@shared_task
def requeue() -> None:
    """Every few seconds: enqueue what is claimable, give up what has failed too often."""
    Shard.objects.release_dead()
    Shard.objects.exhausted().update(status=Status.FAILED, worker="")
    Shard.objects.outdated().retry()
    for shard_id in Shard.objects.unsent().values_list("pk", flat=True)[:WINDOW]:
        enqueue(shard_id)


@shared_task
def tidy() -> None:
    """Now and then: forget query pictures nobody used for long, and folders no row points at."""
    from search import building

    QueryPicture.objects.expired().delete()
    building.sweep_folders()


def enqueue(shard_id: int) -> None:
    """Hand a shard to the workers. With the broker away the row waits for `requeue`."""
    try:
        with current_app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
            build_shard.apply_async((shard_id,), connection=connection)
    except (OperationalError, OSError) as error:
        log.warning("shard %s waits for the broker: %s", shard_id, error)
    else:
        Shard.objects.filter(pk=shard_id).update(enqueued_at=timezone.now())
