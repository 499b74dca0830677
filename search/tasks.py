"""Celery tasks of search. The rows, not the broker, are the truth: `requeue` enqueues whatever is claimable."""

import logging

from celery import Task, current_app, shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

from search.errors import SearchError
from search.models import Import, QueryPicture, Shard, Status

log = logging.getLogger(__name__)
WINDOW = 1000  # rows enqueued at a time


@shared_task(acks_late=True, reject_on_worker_lost=True)
def build_shard(shard_id: int) -> None:
    from search import building

    shard = Shard.objects.select_related("scene__product__dataset", "encoder").filter(pk=shard_id).first()
    if shard is not None:  # else deleted meanwhile
        building.build_here(shard)  # False: redelivered, finished or cancelled


@shared_task(acks_late=True, reject_on_worker_lost=True)
def run_import(import_id: int) -> None:
    from search import imports

    job = Import.objects.select_related("dataset__encoder", "owner").filter(pk=import_id).first()
    if job is None:
        return  # deleted meanwhile
    try:
        imports.run_here(job)
    except SearchError as refusal:  # told to the person in its row and log: nothing for the worker to report
        log.info("%s failed: %s", job, refusal)


@shared_task
def requeue() -> None:
    """Every few seconds: put back what dead workers held, give up what has failed too often, enqueue the rest.

    Nothing is enqueued while messages still wait in the broker. Once they are gone, taken or lost with a Redis that
    died, whatever is still claimable is sent again; a message too many is refused by `claim`.
    """
    Shard.objects.release_dead()
    Shard.objects.exhausted().update(status=Status.FAILED, worker="")
    Shard.objects.outdated().retry()
    Import.objects.release_dead()
    Import.objects.exhausted().update(status=Status.FAILED, worker="")
    if not in_broker(settings.IMPORTS_QUEUE):
        for import_id in Import.objects.claimable().order_by("queued_at", "pk").values_list("pk", flat=True)[:WINDOW]:
            enqueue_import(import_id)
    if not in_broker(settings.CELERY_TASK_DEFAULT_QUEUE):
        for shard_id in Shard.objects.claimable().order_by("queued_at", "pk").values_list("pk", flat=True)[:WINDOW]:
            enqueue(shard_id)


def in_broker(name: str) -> int:
    """Messages of a queue that no worker has fetched yet."""
    with current_app.connection_for_read() as connection:
        queue = connection.default_channel.queue_declare(name)
    return int(queue.message_count)


@shared_task
def tidy() -> None:
    """Now and then: forget query pictures nobody used for long, and folders no row points at."""
    from search import building

    QueryPicture.objects.expired().delete()
    building.sweep_folders()


def enqueue(shard_id: int) -> None:
    send(build_shard, shard_id)


def enqueue_import(import_id: int) -> None:
    send(run_import, import_id)


def send(task: Task, row_id: int) -> None:
    """Hand a row to the workers. With the broker away it waits for `requeue`."""
    try:
        with current_app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
            task.apply_async((row_id,), connection=connection)
    except (OperationalError, OSError) as error:
        log.warning("%s %s waits for the broker: %s", task.name, row_id, error)
