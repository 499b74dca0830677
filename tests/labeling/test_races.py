"""At the same moment: threads with connections of their own, as on PostgreSQL (tests/webapp/test_postgres.py)."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from labeling import statistics
from labeling.dealing import deal
from labeling.models import Lease, Vote
from labeling.recording import record
from tests.campaigns import make_campaign, make_people, said

pytestmark = [
    pytest.mark.django_db(transaction=True),
]
AT_ONCE = 8


def together(work: list[Callable[[], Any]]) -> list[Any]:
    """What each returns, all begun at the same moment."""
    gate = Barrier(len(work))

    def run(one: Callable[[], Any]) -> Any:
        try:
            gate.wait(timeout=20)
            return one()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(work)) as threads:
        return list(threads.map(run, work))


def test_a_last_slot_is_dealt_to_one_of_those_who_ask_at_the_same_moment() -> None:
    campaign = make_campaign(keys=1, votes_wanted=1)
    people = make_people(campaign, AT_ONCE)
    dealt = together([lambda person=person: deal(person, 1) for person in people])
    assert sorted(len(cards) for cards in dealt) == [0] * (AT_ONCE - 1) + [1]
    assert Lease.objects.count() == 1
    assert campaign.cards.get().held == 1


def test_a_vote_sent_many_times_at_the_same_moment_is_stored_once() -> None:
    campaign = make_campaign(keys=1)
    person = make_people(campaign, 1)[0]
    one = said(person, campaign.cards.get())
    outcomes = together([lambda: record([one])[0] for _ in range(AT_ONCE)])
    assert all(outcome.ok for outcome in outcomes)
    assert Vote.objects.count() == 1
    assert campaign.cards.get().votes == 1


def test_tables_that_have_grown_are_counted_anew() -> None:
    statistics.renew_grown()
    make_campaign(keys=900)
    deadline = time.monotonic() + 30
    while "labeling_card" not in statistics.renew_grown():  # PostgreSQL gathers what has changed within a second or so
        assert time.monotonic() < deadline
        time.sleep(0.2)
