"""When a round begins: learning is turned on, there are enough new labels, or a host asks for it.

At most one round of a campaign waits or runs, which the database holds to (models.Round): of two triggers at the same
moment the second finds the round of the first.
"""

from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import Max

from labeling import people, tasks
from labeling.errors import BadCampaign
from labeling.models import Campaign, Learner, Round, Vote
from labeling.rounds.labels import Counts, counts
from search.models import Status
from search.models.buildable import UNFINISHED


def begin(campaign: Campaign, trigger: str, *, after: int | None = None, background: bool = True) -> tuple[Round, bool]:
    """The round that waits or runs, else a new one; and whether it is new.

    after: number of the last round that the trigger knew of; a later one makes the trigger void, however it ended.
    background: hand it to the workers.
    """
    unfinished = campaign.rounds.filter(status__in=UNFINISHED).first()
    if unfinished is not None:
        return unfinished, False
    last = (campaign.rounds.aggregate(last=Max("number"))["last"] or 0) if after is None else after
    try:
        with transaction.atomic():
            made = Round.objects.create(campaign=campaign, number=last + 1, trigger=trigger)
    except IntegrityError:  # another trigger was first, in one way or the other; its round is the last
        return campaign.rounds.order_by("-number")[0], False
    if background:
        transaction.on_commit(partial(tasks.enqueue_round, made.pk))
    return made, True


def consider(learner: Learner) -> Round | None:
    """A new round, where it is time for one."""
    campaign = learner.campaign
    if not (learner.on and campaign.is_open) or campaign.rounds.filter(status__in=UNFINISHED).exists():
        return None
    last = campaign.rounds.order_by("number").last()
    now = counts(learner)
    if last is None:
        trigger = Round.Trigger.START if now.positive or has_examples(learner) else None
    else:
        trigger = Round.Trigger.LABELS if is_time(learner, last, now) else None
    if trigger is None:
        return None
    made, new = begin(campaign, trigger, after=last.number if last else 0)
    return made if new else None


def has_examples(learner: Learner) -> bool:
    return bool(learner.examples) or learner.campaign.examples.filter(answer__code__in=learner.positive).exists()


def fresh(last: Round | None, now: Counts) -> int:
    """Labels that are new since the last round."""
    return max(0, now.settled - (last.settled if last else 0))


def is_time(learner: Learner, last: Round, now: Counts) -> bool:
    """There are enough new labels; or whoever is here has answered all that was asked, however few of the answers teach
    anything, and would have nothing to do."""
    return fresh(last, now) >= learner.every or (last.status == Status.READY and is_answered(last))


def is_answered(last: Round) -> bool:
    """Whether whoever is here has answered all that the round asked about; False for a round that asked nothing."""
    asked = last.cards.filter(held_out=False)
    still_open = list(asked.filter(settled=False).values_list("pk", flat=True))
    if not still_open:
        return asked.exists()
    around = list(people.here(last.campaign).filter(excluded_at=None).values_list("pk", flat=True))
    given = Vote.objects.standing().filter(card__in=still_open, person__in=around).count()
    return bool(around) and given >= len(around) * len(still_open)


def ask_for_one(campaign: Campaign, *, background: bool = True) -> tuple[Round, bool]:
    """A host's: whatever there is to learn from, also where learning is off. BadCampaign where there is nothing."""
    learner = Learner.of(campaign)
    if not has_examples(learner) and not counts(learner).positive:
        raise BadCampaign("There is nothing to learn from yet: label one tile as yes, or make a known example of one.")
    return begin(campaign, Round.Trigger.HOST, background=background)
