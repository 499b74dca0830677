"""What beat does for campaigns."""

from celery import shared_task

from labeling import leases, reckoning, statistics


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
