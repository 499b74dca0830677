"""A dataset embedded with another encoder: new shards beside the old ones, and a change over when they are complete.

One mechanism for the button, the API, `manage.py embed --encoder` and the demo's newer default.
"""

import logging
from collections.abc import Collection
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from search import building, encoders, progress, switching, tasks
from search.errors import BadQuery
from search.models import Dataset, Encoder, Scene, Shard, Status

log = logging.getLogger(__name__)
BANDS = 3  # of the tiles that the site draws


def start(dataset: Dataset, encoder: Encoder, *, keep: bool = False, levels: Collection[int] = (),
          background: bool = True) -> bool:  # fmt: skip
    """Have every shard built with this encoder, and change over once they are; whether it has changed over already.

    keep: the old shards stay on disk.  levels: besides those that are searchable.  A change to yet another encoder that
    is under way is stopped.  Where nothing is searchable yet the change is at once.  BadQuery when it cannot be used.
    """
    if dataset.encoder_id == encoder.pk:
        raise BadQuery(f"{dataset.name} is embedded with {encoder.name} already.")
    check(dataset, encoder)
    if dataset.next_encoder_id not in (None, encoder.pk):
        stop(dataset)
    given = [(scene, levels_of(scene, levels)) for scene in scenes(dataset)]
    with transaction.atomic():
        if not Shard.objects.of(dataset).searchable().exists():
            at_once(dataset, encoder)
        else:
            dataset.next_encoder, dataset.keeps_replaced = encoder, keep
            dataset.save(update_fields=["next_encoder", "keeps_replaced"])
    log.info("%s is being embedded with %s", dataset, encoder)
    for scene, wanted in given:
        scene.product.dataset = dataset
        building.request(scene, wanted, background=background)
    progress.announce(dataset, at_once=True)
    return dataset.next_encoder_id is None or switching.consider(dataset.pk)


def at_once(dataset: Dataset, encoder: Encoder) -> None:
    """Nothing is lost: there is nothing to search yet."""
    switching.forget_unfinished(dataset, dataset.encoder_id)
    dataset.encoder, dataset.next_encoder, dataset.encoder_changed_at = encoder, None, timezone.now()
    dataset.save(update_fields=["encoder", "next_encoder", "encoder_changed_at"])


def stop(dataset: Dataset) -> bool:
    """Keep the encoder that is in use; whether a change was under way. Shards that are complete stay until tidied."""
    coming = dataset.next_encoder_id
    if not Dataset.objects.filter(pk=dataset.pk, next_encoder__isnull=False).update(
        next_encoder=None, encoder_changed_at=timezone.now()
    ):
        return False
    dataset.refresh_from_db()
    switching.forget_unfinished(dataset, coming or 0)
    progress.announce(dataset, at_once=True)
    return True


def retry(dataset: Dataset) -> None:
    """Build again what failed."""
    stuck = switching.of(dataset).filter(status__in=[Status.FAILED, Status.CANCELLED, Status.DAMAGED])
    numbers = list(stuck.values_list("pk", flat=True))
    Shard.objects.filter(pk__in=numbers).retry()
    for number in numbers[: tasks.WINDOW]:
        transaction.on_commit(partial(tasks.enqueue, number))
    progress.announce(dataset, at_once=True)


def check(dataset: Dataset, encoder: Encoder) -> None:
    """BadQuery, BadEncoder or NoWeights when the dataset's tiles cannot be embedded with it."""
    model = encoders.loaded(encoder)
    if model.bands != BANDS:
        raise BadQuery(
            f"{encoder.name} looks at {model.bands} bands, and the tiles of {dataset.name} have {BANDS}: red, green "
            "and blue as they are drawn. Teach one on these tiles, or embed your files with it: python -m ml.embed."
        )


def scenes(dataset: Dataset) -> list[Scene]:
    found = Scene.objects.filter(product__dataset=dataset).select_related("product__dataset__encoder")
    return list(found.order_by("-day"))


def levels_of(scene: Scene, further: Collection[int]) -> list[int]:
    """The levels at which the scene is, or is to be, searchable now, and those that are asked for besides."""
    mine = scene.shards.filter(encoder_id=scene.product.dataset.encoder_id).values_list("level", flat=True)
    return sorted({*mine} or {*scene.product.dataset.levels()} | {*further})


def describe(dataset: Dataset) -> dict[str, Any] | None:
    """How far a change of encoder is; None without one."""
    coming = dataset.next_encoder
    if coming is None:
        return None
    at = {name: Count("pk", filter=Q(status=name)) for name in (Status.READY, Status.FAILED, Status.CANCELLED)}
    sums = switching.of(dataset).aggregate(n=Count("pk"), built=Sum("done"), all_tiles=Sum("total"), **at)
    return {
        "encoder": coming.name, "version": version_of(coming), "shards": sums["n"], "ready": sums["ready"],
        "failed": sums["failed"] + sums["cancelled"], "tiles": sums["all_tiles"] or 0, "done": sums["built"] or 0,
        "keep": dataset.keeps_replaced,
    }  # fmt: skip


def version_of(encoder: Encoder) -> str:
    """In the model store; empty for encoders that come with Lookalike."""
    return encoder.path().name if encoder.folder and encoder.path().name.isdecimal() else ""
