"""Celery tasks of search. The rows, not the broker, are the truth: `requeue` enqueues whatever is claimable."""

import logging
from collections.abc import Callable
from typing import Any

from celery import Task, current_app, shared_task
from django.conf import settings
from django.db.models import QuerySet
from kombu.exceptions import OperationalError

from ml.errors import MLError
from search.errors import SearchError
from search.models import (
    Animation,
    Buildable,
    Dataset,
    Evaluation,
    Import,
    Layout,
    QueryPicture,
    Scene,
    Selection,
    Shard,
    Status,
    Training,
)
from search.models.curation import DatasetJob

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


@shared_task(acks_late=True, reject_on_worker_lost=True)
def make_animation(animation_id: int) -> None:
    from search import animating

    animation = Animation.objects.select_related("dataset").filter(pk=animation_id).first()
    if animation is None:
        return  # deleted meanwhile
    try:
        animating.make_here(animation)
    except SearchError as refusal:  # told to the person in its row
        log.info("%s failed: %s", animation, refusal)


@shared_task
def make_overviews(scene_id: int) -> None:
    """Downloaded tiles: make the coarser ones that the map shows, and forget those of earlier versions."""
    from search import imagery, tilesets

    scene = Scene.objects.select_related("product__dataset").filter(pk=scene_id).first()
    if scene is None:
        return  # deleted meanwhile
    with imagery.opened(scene) as reader:
        if isinstance(reader, imagery.TilesetReader):
            for _ in reader.make_overviews():
                pass
    tilesets.sweep(scene)


@shared_task(acks_late=True, reject_on_worker_lost=True)
def run_training(training_id: int) -> None:
    from search import training

    job = Training.objects.select_related("dataset__encoder", "owner").filter(pk=training_id).first()
    if job is None:
        return  # deleted meanwhile
    try:
        training.run_here(job)
    except (SearchError, MLError) as refusal:  # told to the person in its row
        log.info("%s failed: %s", job, refusal)


@shared_task(acks_late=True, reject_on_worker_lost=True)
def make_selection(selection_id: int) -> None:
    from search import selecting

    _work_on(Selection, selection_id, selecting.make_here)


@shared_task(acks_late=True, reject_on_worker_lost=True)
def make_layout(layout_id: int) -> None:
    from search import layouts

    _work_on(Layout, layout_id, layouts.make_here)


@shared_task(acks_late=True, reject_on_worker_lost=True)
def make_evaluation(evaluation_id: int) -> None:
    from search import evaluating

    _work_on(Evaluation, evaluation_id, evaluating.make_here)


def _work_on(kind: type[DatasetJob], row_id: int, work: Callable[[Any], object]) -> None:
    rows: QuerySet[Any] = kind._default_manager.all()
    job = rows.select_related("dataset__encoder", "owner").filter(pk=row_id).first()
    if job is None:
        return  # deleted meanwhile
    try:
        work(job)
    except (SearchError, MLError) as refusal:  # told to the person in its row
        log.info("%s failed: %s", job, refusal)


@shared_task
def measure_pace(backbone: str) -> None:
    """How fast this machine learns, for the estimates that people see before they begin."""
    from search.training import pace

    pace.measure(backbone)


@shared_task
def requeue() -> None:
    """Every few seconds: put back what dead workers held, give up what has failed too often, enqueue the rest.

    Nothing is enqueued while messages still wait in the broker. Once they are gone, taken or lost with a Redis that
    died, whatever is still claimable is sent again; a message too many is refused by `claim`.
    """
    from search import switching

    for kind in JOBS:
        rows = kind._default_manager.all()
        rows.release_dead()
        rows.exhausted().update(status=Status.FAILED, worker="")
    Shard.objects.filter(pk__in=Shard.objects.filter(switching.in_use()).outdated().values("pk")).retry()
    switching.consider_all()
    idle = {task: not in_broker(queue_of(task)) for task in JOBS.values()}
    for kind, task in JOBS.items():
        waiting = kind._default_manager.all().claimable().order_by("queued_at", "pk")
        for row_id in waiting.values_list("pk", flat=True)[:WINDOW] if idle[task] else []:
            send(task, row_id)


def queue_of(task: Task) -> str:
    routed: dict[str, str] = settings.CELERY_TASK_ROUTES.get(task.name, {})
    return routed.get("queue", settings.CELERY_TASK_DEFAULT_QUEUE)


def in_broker(name: str) -> int:
    """Messages of a queue that no worker has fetched yet."""
    with current_app.connection_for_read() as connection:
        queue = connection.default_channel.queue_declare(name)
    return int(queue.message_count)


@shared_task
def tidy() -> None:
    """Now and then: forget query pictures nobody used for long, old films and uploads, folders no row points at."""
    from search import animating, building, jobs, switching, tables, training, uploads
    from search.layouts import cache

    QueryPicture.objects.expired().delete()
    animating.sweep()
    building.sweep_folders()
    uploads.tidy()
    switching.remove_all_replaced()
    training.tidy()
    cache.tidy()
    jobs.tidy()
    tables.sweep()


@shared_task
def empty_trash(slug: str) -> None:
    """Remove the files of a dataset that was deleted."""
    from search import deleting

    deleting.empty_trash(slug)


@shared_task
def remove_replaced(dataset_id: int) -> None:
    """Shards of the encoder that a dataset used before, unless they are to be kept."""
    from search import switching

    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is not None:
        switching.remove_replaced(dataset)


JOBS: dict[type[Buildable], Task] = {
    Training: run_training, Selection: make_selection, Layout: make_layout, Evaluation: make_evaluation,
    Animation: make_animation, Import: run_import, Shard: build_shard,
}  # fmt: skip


def enqueue_curation(job: DatasetJob) -> None:
    send(JOBS[type(job)], job.pk)


def enqueue(shard_id: int) -> None:
    send(build_shard, shard_id)


def enqueue_overviews(scene_id: int) -> None:
    send(make_overviews, scene_id)


def enqueue_import(import_id: int) -> None:
    send(run_import, import_id)


def enqueue_animation(animation_id: int) -> None:
    send(make_animation, animation_id)


def enqueue_training(training_id: int) -> None:
    send(run_training, training_id)


def enqueue_measurement(backbone: str) -> None:
    send(measure_pace, backbone)


def enqueue_removal(dataset_id: int, *, seconds: int) -> None:
    send(remove_replaced, dataset_id, seconds)


def enqueue_emptying(slug: str, *, seconds: int = 0) -> None:
    send(empty_trash, slug, seconds)


def send(task: Task, row_id: int | str, seconds: int = 0) -> None:
    """Hand a row to the workers, in so many seconds. With the broker away it waits for `requeue`."""
    try:
        with current_app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
            task.apply_async((row_id,), connection=connection, countdown=seconds or None)
    except (OperationalError, OSError) as error:
        log.warning("%s %s waits for the broker: %s", task.name, row_id, error)
