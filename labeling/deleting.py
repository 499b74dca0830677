"""A campaign deleted: its work is stopped, its rows go at once, its files in the background."""

import logging
from functools import partial

from django.db import transaction

from labeling import live
from labeling.models import Campaign, Learner, Round, SweepPart
from search.deleting import throw_away

log = logging.getLogger(__name__)


def delete(campaign: Campaign) -> None:
    """With its votes, its rounds and their classifiers, its sweeps and their scores."""
    number, learner = campaign.pk, Learner(campaign=campaign)
    Round.objects.filter(campaign=campaign).cancel()
    SweepPart.objects.filter(sweep__campaign=campaign).cancel()
    doomed = [folder for folder in (learner.folder, learner.classifiers) if folder.exists()]
    with transaction.atomic():
        campaign.delete()
        transaction.on_commit(partial(throw_away, "", doomed))
        transaction.on_commit(partial(live.state_changed, number))
    log.info("campaign %d deleted, %d folders", number, len(doomed))
