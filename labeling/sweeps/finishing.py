"""Where a sweep as a whole stands: it is as far as its parts."""

from functools import partial

import numpy as np
from django.db import transaction
from django.utils import timezone

from labeling import live
from labeling.models import Sweep
from labeling.models.sweeps import UNFINISHED
from search.models import Status

BANDS = 200  # of a histogram
State = Sweep.State


def begun(sweep: Sweep) -> None:
    """A part is being scored."""
    now = timezone.now()
    if Sweep.objects.filter(pk=sweep.pk, status=State.WAITING).update(status=State.RUNNING, started_at=now, error=""):
        tell(sweep)


def settle(sweep: Sweep) -> bool:
    """Whether the sweep has just ended: ready when all parts are, failed when some are and the others don't go on."""
    statuses = set(sweep.parts.order_by().values_list("status", flat=True).distinct())
    if statuses & {Status.WAITING, Status.RUNNING, Status.DAMAGED}:
        return False
    fields = failed(sweep) if Status.FAILED in statuses else finished(sweep)
    mine = Sweep.objects.filter(pk=sweep.pk, status__in=UNFINISHED)
    ended = bool(mine.update(finished_at=timezone.now(), **fields))
    if ended:
        tell(sweep)
    return ended


def failed(sweep: Sweep) -> dict[str, object]:
    part = sweep.parts.filter(status=Status.FAILED).order_by("pk").first()
    return {"status": State.FAILED, "error": f"{part}: {part.error}"[:2000] if part else ""}


def finished(sweep: Sweep) -> dict[str, object]:
    counts = [part for part in sweep.parts.order_by().values_list("histogram", flat=True) if part]
    total = np.sum(counts, axis=0).astype(int).tolist() if counts else [0] * BANDS
    return {"status": State.READY, "histogram": total, "error": ""}


def tell(sweep: Sweep) -> None:
    transaction.on_commit(partial(live.sweep_changed, sweep.campaign_id, sweep.number))
