"""Sweeps begun, stopped and taken up again."""

from functools import partial

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from labeling import tasks
from labeling.errors import NoSuchSweep, SweepUnready
from labeling.models import Campaign, Learner, Round, Sweep, SweepPart
from labeling.models.sweeps import UNFINISHED
from labeling.rounds.learners import query_of
from labeling.sweeps import bounds, finishing
from search import filters, similarity
from search.models import Shard, Status


def begin(
    campaign: Campaign, user: User | None = None, number: int | None = None, *, background: bool = True
) -> tuple[Sweep, bool]:
    """A sweep with the classifier of that round, else the newest one; and whether it is new: one that still goes on
    with the same classifier is returned instead.

    background: hand its parts to the workers; else they wait for `running.run_here`.  SweepUnready without a
    classifier, or while another sweep goes on; NotIndexed and BadQuery when there is nothing to score.
    """
    chosen = round_of(campaign, number)
    learner = Learner.of(campaign)
    query = query_of(learner)
    shards, _ = similarity.chosen_shards(campaign.dataset, query)
    try:
        with transaction.atomic():
            last = campaign.sweeps.aggregate(last=Max("number"))["last"] or 0
            sweep = Sweep.objects.create(
                campaign=campaign, number=last + 1, round=chosen, classifier=chosen.folder, made_by=user,
                scope=filters.as_json(query), threshold=threshold_of(chosen),
            )  # fmt: skip
            bounds.keep(sweep)
            SweepPart.objects.bulk_create([part_of(sweep, shard) for shard in shards], batch_size=1000)
            finishing.tell(sweep)
    except IntegrityError:
        return unfinished(campaign, chosen), False
    if background:
        enqueue(sweep)
    return sweep, True


def round_of(campaign: Campaign, number: int | None) -> Round:
    with_classifier = campaign.rounds.exclude(folder="").order_by("-number")
    found = with_classifier.first() if number is None else with_classifier.filter(number=number).first()
    if found is None and number is not None:
        raise SweepUnready(f"Round {number} of this campaign made no classifier: choose another one.")
    if found is None:
        raise SweepUnready("There is no classifier yet: label some tiles yes and some no, and let a round end first.")
    return found


def unfinished(campaign: Campaign, chosen: Round) -> Sweep:
    going = campaign.sweeps.filter(status__in=UNFINISHED).first()
    if going is None or going.classifier != chosen.folder:
        which = f"Sweep {going.number}" if going else "Another sweep"
        raise SweepUnready(f"{which} of this campaign still goes on: wait for its end, or stop it.")
    return going


def threshold_of(chosen: Round) -> float:
    """Where its classifier says yes: probabilities are calibrated, so at one half unless it was measured elsewhere."""
    return float(chosen.metrics.get("threshold") or 0.5)


def part_of(sweep: Sweep, shard: Shard) -> SweepPart:
    scene = shard.scene
    return SweepPart(
        sweep=sweep, shard=shard, product=scene.product.name, day=scene.day, level=shard.level, total=shard.tiles
    )


def cancel(sweep: Sweep) -> Sweep:
    """What has been scored stays; workers notice at their next report. Nothing happens to one that has ended."""
    with transaction.atomic():
        mine = Sweep.objects.filter(pk=sweep.pk, status__in=UNFINISHED)
        if mine.update(status=Sweep.State.CANCELLED, finished_at=timezone.now()):
            sweep.parts.cancel()
            finishing.tell(sweep)
    sweep.refresh_from_db()
    return sweep


def resume(sweep: Sweep, *, background: bool = True) -> Sweep:
    """One that was stopped, or failed, goes on with what it has not scored; one that goes on is left alone."""
    if sweep.status in (Sweep.State.CANCELLED, Sweep.State.FAILED):
        try:
            with transaction.atomic():
                ended = Sweep.objects.filter(pk=sweep.pk, status=sweep.status)
                ended.update(status=Sweep.State.WAITING, finished_at=None, error="")
                sweep.parts.filter(status__in=[Status.CANCELLED, Status.FAILED]).retry()
                finishing.tell(sweep)
        except IntegrityError as error:
            raise SweepUnready("Another sweep of this campaign goes on: wait for its end, or stop it.") from error
    sweep.refresh_from_db()
    if background:
        enqueue(sweep)
    return sweep


def enqueue(sweep: Sweep) -> None:
    for part_id in sweep.parts.claimable().order_by("pk").values_list("pk", flat=True):
        transaction.on_commit(partial(tasks.enqueue_part, part_id))


def numbered(campaign: Campaign, number: int) -> Sweep:
    found = campaign.sweeps.select_related("round", "campaign__dataset").filter(number=number).first()
    if found is None:
        raise NoSuchSweep(f"This campaign has no sweep {number}.")
    found.campaign = campaign
    return found
