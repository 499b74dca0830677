"""Celery tasks of search. The rows, not the broker, are the truth: `requeue` enqueues whatever is claimable."""

import logging

from celery import current_app, shared_task
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
    """Every few seconds: put back what dead workers held, give up what has failed too often, enqueue the rest.

    Nothing is enqueued while messages still wait in the broker. Once they are gone, taken or lost with a Redis that
    died, whatever is still claimable is sent again; a message too many is refused by `claim`.
    """
    Shard.objects.release_dead()
    Shard.objects.exhausted().update(status=Status.FAILED, worker="")
    Shard.objects.outdated().retry()
    if not in_broker():
        for shard_id in Shard.objects.claimable().order_by("queued_at", "pk").values_list("pk", flat=True)[:WINDOW]:
            enqueue(shard_id)


def in_broker() -> int:
    """Messages that no worker has fetched yet."""
    with current_app.connection_for_read() as connection:
        queue = connection.default_channel.queue_declare(current_app.conf.task_default_queue)
    return int(queue.message_count)


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
