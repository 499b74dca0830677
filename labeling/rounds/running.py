"""A round, from the labels so far to the next tiles on people's phones.

Nothing is locked while it trains: votes go on, and those that come too late are the next round's. What it found goes
into the database in one transaction with its end, so that a worker that dies before has done nothing, and one that
dies after nothing twice.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from labeling import live, tasks
from labeling.errors import LabelingError
from labeling.models import Campaign, Learner, Round
from labeling.rounds import archive, batch, keeping, labels, measuring
from labeling.rounds.advice import advise
from ml import active
from ml.classify import Config
from ml.errors import DamagedShard, MLError, ShardMismatch
from search.errors import Cancelled, NotIndexed, SearchError
from search.models import Status

log = logging.getLogger(__name__)
BEAT = 20.0  # seconds
PAUSE = 0.5  # seconds between two words about its progress
STEPS = 100  # that a round's progress is told in
REFUSALS = (LabelingError, SearchError, MLError)
PASSING = (DamagedShard, ShardMismatch, NotIndexed)  # shards are built anew, or mended, just now
STAGES = {"fits": (30, 50), "scored": (50, 90)}  # of ml.active: from which hundredth to which
MOST_DRY = 20  # rounds looked back
Progress = Callable[[int, int], None]


@dataclass
class Found:
    """What a round ends with. fields: of its row."""

    choices: Sequence[active.Choice]
    fields: dict[str, Any] = field(default_factory=dict)


def run_here(one: Round, on_progress: Progress | None = None) -> bool:
    """Run it in this process; False when another one has it, or it was cancelled. Errors are kept, and raised."""
    if not one.claim():
        return False
    try:
        with beating(one):
            run(one, reporter(one, on_progress))
    except Cancelled as stop:
        log.info("%s", stop)
        return False
    except BaseException as error:  # Ctrl-C too: the row must not stay claimed
        one.fail(error, final=isinstance(error, REFUSALS) and not isinstance(error, PASSING))
        live.learning_changed(one.campaign_id)
        raise
    return True


def reporter(one: Round, on_progress: Progress | None) -> Progress:
    """Tells the row and whoever watches, now and then."""
    told = -PAUSE

    def report(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= PAUSE:
            told = time.monotonic()
            one.report(min(STEPS, STEPS * done // max(1, total)), STEPS)
            live.learning_changed(one.campaign_id, wait=False)
        if on_progress:
            on_progress(done, total)

    return report


@contextmanager
def beating(one: Round) -> Iterator[None]:
    """The row's heart beats while a single step takes long: shards are opened, an archive is looked through."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT):
            Round.objects.filter(pk=one.pk, status=Status.RUNNING, worker=one.worker).update(
                heartbeat_at=timezone.now()
            )
            connection.close()

    thread = threading.Thread(target=beat, name="heart", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def run(one: Round, report: Progress) -> None:
    """The caller has claimed it."""
    learner = Learner.of(one.campaign)
    report(0, STEPS)
    labels.put_examples_in(learner)
    now, lesson = labels.counts(learner), labels.lesson(learner)
    begun = {"started_at": timezone.now(), "labels": len(lesson.labels), "positives": lesson.positives,
             "negatives": lesson.negatives, "settled": now.settled, "found": now.found,
             "digest": lesson.labels.digest}  # fmt: skip
    Round.objects.filter(pk=one.pk).update(**begun)
    found = choose(one, learner, lesson, report)
    finish(one, learner, found)


def choose(one: Round, learner: Learner, lesson: labels.Lesson, report: Progress) -> Found:
    """The next tiles: by a classifier, as soon as there are labels to train one; else around what is known."""
    opened = archive.opened(learner)
    report(10, STEPS)
    pool = archive.pool(learner, opened)
    report(30, STEPS)
    lesson = lesson.within(opened.archive.has)
    random = np.random.default_rng([one.campaign_id, one.number])
    avoided = opened.archive, lesson
    if not lesson.enough:
        examples = lesson.positive_keys.tolist()
        pool = free(pool, *avoided)
        choices = active.begin(opened.archive, pool, examples, settings(learner), rng=random, known=lesson.asked)
        cost = {"scored": 0, "neighbours": len(examples), "archive": len(opened.archive)}
        return Found(wanted(choices, *avoided, random), {"cost": cost})
    outcome = active.run(
        opened.archive, free(pool, *avoided), lesson.labels, settings(learner), rng=random,
        frontier=frontier(one, learner), dry=dry(one), held_out=lesson.no_lesson, disputes=lesson.disputes,
        groups=lesson.places, on_progress=staged(report),
    )  # fmt: skip
    keeping.write(learner, one.number, lesson.labels, outcome.classifier.held_out, outcome.frontier)
    fields = {
        "folder": keeping.save(learner, one, outcome.classifier), "cost": outcome.cost._asdict(),
        "metrics": measuring.measured(learner, outcome.classifier, opened.archive),
    }  # fmt: skip
    return Found(wanted(outcome.choices, *avoided, random), fields)


def settings(learner: Learner) -> active.Settings:
    head = Config(head=learner.head)  # type: ignore[arg-type]
    return active.Settings(batch=learner.batch, mix=dict(learner.mix), neighbours=learner.neighbours, head=head)


def free(pool: np.ndarray, tiles: archive.SiteArchive, lesson: labels.Lesson) -> np.ndarray:
    """Those of the pool that may be asked about: in the scope, and not where an audit judges the classifier."""
    return pool[tiles.allows(pool) & ~lesson.judges(pool)]


def wanted(
    choices: Sequence[active.Choice], tiles: archive.SiteArchive, lesson: labels.Lesson, random: np.random.Generator
) -> list[active.Choice]:
    """As `free`, of what neighbours have brought in; in no order, so that nobody can tell why a tile was chosen."""
    found = np.array([choice.key for choice in choices], np.int64)
    good = tiles.allows(found) & ~lesson.judges(found)
    return [choices[i] for i in random.permutation(np.flatnonzero(good))]


def frontier(one: Round, learner: Learner) -> np.ndarray:
    """What the last round left to look around from."""
    last = one.campaign.rounds.filter(number__lt=one.number, status=Status.READY).exclude(folder="").last()
    record = keeping.read(learner, last.number) if last else None
    return record.frontier if record else np.empty(0, np.int64)


def dry(one: Round) -> int:
    """How many rounds have ended since the last find."""
    earlier = one.campaign.rounds.filter(number__lt=one.number, status=Status.READY).order_by("-number")
    found = list(earlier.values_list("found", flat=True)[:MOST_DRY])
    now = Round.objects.values_list("found", flat=True).get(pk=one.pk)
    return next((i for i, before in enumerate(found) if before < now), len(found))


def staged(report: Progress) -> Callable[[str, int, int], None]:
    """Stages as ml.active tells them, as what is left of the round's hundredths."""

    def tell(stage: str, done: int, total: int) -> None:
        first, last = STAGES.get(stage, (30, 90))
        report(first + (last - first) * done // max(1, total), STEPS)

    return tell


def finish(one: Round, learner: Learner, found: Found) -> None:
    """The tiles, why they were chosen and the end of the round, in one transaction."""
    with transaction.atomic():
        one.report(STEPS, STEPS)  # Cancelled, when it is no longer ours
        campaign = Campaign.locked(one.campaign_id)
        one.finish(**found.fields)  # the same, and nothing stays
        batch.put(one, campaign, found.choices)
        advice = advise(learner, labels.counts(learner), one)
        Round.objects.filter(pk=one.pk).update(advice=advice)
        transaction.on_commit(lambda: live.new_cards(campaign.pk))
        transaction.on_commit(lambda: live.changed([campaign.pk]))
        transaction.on_commit(lambda: live.learning_changed(campaign.pk))
        transaction.on_commit(lambda: tasks.enqueue_considering(campaign.pk))  # for the labels that came meanwhile
