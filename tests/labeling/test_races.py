"""At the same moment: threads with connections of their own, as on PostgreSQL (tests/webapp/test_postgres.py)."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection

from labeling import statistics
from labeling.dealing import deal
from labeling.models import Lease, Round, Vote
from labeling.recording import record
from labeling.rounds import begin, running
from tests.campaigns import make_campaign, make_people, said
from tests.factories import build_all, make_map
from tests.learning import answer, make_learning, make_round, some, truth

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


def test_triggers_at_the_same_moment_make_one_round() -> None:
    campaign = make_campaign(keys=1)
    made = together([lambda: begin(campaign, "host", background=False) for _ in range(AT_ONCE)])
    assert sorted(new for _, new in made) == [False] * (AT_ONCE - 1) + [True]
    assert {one.number for one, _ in made} == {1}
    assert Round.objects.count() == 1


def test_votes_go_on_while_a_round_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = build_all(make_map("raced", levels=(5,)))
    known = truth(dataset)
    campaign = make_learning(dataset, some(known, 10, 11))
    answer(campaign, known, most=20)
    last = campaign.cards.get(settled=False)
    [person] = make_people(campaign, 1)
    training, voted, whole = Event(), Event(), running.active.run

    def slow(*args: Any, **kwargs: Any) -> Any:
        training.set()
        assert voted.wait(20)
        return whole(*args, **kwargs)

    def swipe() -> bool:
        assert training.wait(60)
        found = record([said(person, last)])[0].ok
        voted.set()
        return found

    monkeypatch.setattr(running.active, "run", slow)
    one, ok = together([lambda: make_round(campaign), swipe])
    assert (one.status, one.labels, ok) == ("ready", 20, True)
    assert Vote.objects.filter(card=last).count() == 1
    assert one.choices.count() == 10


def test_tables_that_have_grown_are_counted_anew() -> None:
    statistics.renew_grown()
    make_campaign(keys=900)
    deadline = time.monotonic() + 30
    while "labeling_card" not in statistics.renew_grown():  # PostgreSQL gathers what has changed within a second or so
        assert time.monotonic() < deadline
        time.sleep(0.2)
