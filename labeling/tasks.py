"""Tasks of labelling. As in search/tasks.py rows are the truth: `requeue` enqueues whatever is claimable."""

import logging

from celery import shared_task
from django.conf import settings

from labeling import leases, reckoning, statistics
from labeling.errors import LabelingError
from labeling.models import Campaign, Learner, Round, Sweep, SweepPart
from labeling.models.sweeps import UNFINISHED
from ml.errors import MLError
from search.errors import SearchError
from search.models import Status
from search.tasks import WINDOW, in_broker, send

log = logging.getLogger(__name__)


@shared_task
def expire_leases() -> None:
    """Cards shown but not answered go back to the queue, also where nobody asks for more."""
    leases.expire()


@shared_task
def renew_statistics() -> None:
    """Every 5 s: a question of a millisecond, unless a campaign is filling its tables."""
    statistics.renew_grown()


@shared_task
def reckon_changed() -> None:
    for campaign in reckoning.unreckoned():
        reckoning.reckon(campaign)


@shared_task(acks_late=True, reject_on_worker_lost=True)
def run_round(round_id: int) -> None:
    from labeling import rounds

    one = Round.objects.select_related("campaign__dataset__encoder").filter(pk=round_id).first()
    if one is None:
        return  # deleted meanwhile
    try:
        rounds.run_here(one)
    except (LabelingError, SearchError, MLError) as refusal:  # told to the host in its row
        log.info("%s failed: %s", one, refusal)


@shared_task(acks_late=True, reject_on_worker_lost=True)
def score_part(part_id: int) -> None:
    from labeling.sweeps import running

    part = SweepPart.objects.select_related("sweep__campaign__dataset").filter(pk=part_id).first()
    if part is None:
        return  # deleted meanwhile
    try:
        running.run_here(part)
    except (LabelingError, SearchError, MLError) as refusal:  # told to the host in its row
        log.info("%s failed: %s", part, refusal)


@shared_task
def consider_round(campaign_id: int) -> None:
    """After labels have changed: is it time for another round?"""
    from labeling import rounds

    learner = Learner.objects.select_related("campaign__dataset").filter(campaign=campaign_id).first()
    if learner is not None:
        rounds.consider(learner)


@shared_task
def requeue() -> None:
    """Every few seconds: put back what dead workers held, give up what has failed too often, enqueue the rest; and
    begin the rounds whose nudge was lost with a process."""
    from labeling import rounds

    Round.objects.release_dead()
    Round.objects.exhausted().update(status=Status.FAILED, worker="")
    for round_id in Round.objects.claimable().order_by("queued_at", "pk").values_list("pk", flat=True):
        enqueue_round(round_id)
    for learner in Learner.objects.filter(on=True, campaign__state=Campaign.State.OPEN).select_related(
        "campaign__dataset"
    ):
        rounds.consider(learner)


@shared_task
def requeue_sweeps() -> None:
    """As `requeue`, for the parts of sweeps; and ends those whose last part's worker died before it could."""
    from labeling.sweeps import finishing

    SweepPart.objects.release_dead()
    SweepPart.objects.exhausted().update(status=Status.FAILED, worker="")
    for sweep in Sweep.objects.filter(status__in=UNFINISHED):
        finishing.settle(sweep)
    if not in_broker(settings.SWEEPS_QUEUE):
        waiting = SweepPart.objects.wanted().claimable().order_by("queued_at", "pk")
        for part_id in waiting.values_list("pk", flat=True)[:WINDOW]:
            enqueue_part(part_id)


@shared_task
def tidy() -> None:
    """Now and then: remove what lies on disk of campaigns that are no more."""
    from labeling import rounds

    rounds.remove_orphans()


def enqueue_round(round_id: int) -> None:
    send(run_round, round_id)


def enqueue_part(part_id: int) -> None:
    send(score_part, part_id)


def enqueue_considering(campaign_id: int) -> None:
    send(consider_round, campaign_id)
