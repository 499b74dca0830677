"""What beat does for campaigns; and two people who ask at the same moment."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, connections
from django.utils import timezone

from labeling import dealing, rounds, tasks
from labeling.models import Campaign, Card, Lease, Person, Round
from labeling.models.cards import LEASE
from tests.campaigns import make_campaign, make_people, vote


@pytest.mark.django_db
def test_cards_nobody_answers_return_to_the_queue() -> None:
    campaign = make_campaign(keys=3)
    dealing.deal(make_people(campaign, 1)[0], 2)
    Person.objects.update(seen_at=timezone.now() - LEASE - timedelta(seconds=1))
    tasks.expire_leases()
    assert not Lease.objects.exists()
    assert set(Card.objects.values_list("slots", flat=True)) == {3}


@pytest.mark.django_db
def test_campaigns_with_new_votes_are_reckoned_and_others_are_not() -> None:
    voted, idle = make_campaign(keys=1), make_campaign(keys=1)
    for person in make_people(voted, 2):
        vote(person, voted.cards.get())
    tasks.reckon_changed()
    reckoned = Campaign.objects.exclude(reckoned_at=None)
    assert [campaign.pk for campaign in reckoned] == [voted.pk]
    assert idle.pk != voted.pk


@pytest.fixture
def on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Copies SQLite's tables in memory into a file, as a site has them: there threads wait for each other's locks."""

    def copy() -> None:
        if connection.vendor == "sqlite":
            connection.ensure_connection()
            with closing(sqlite3.connect(tmp_path / "copy.sqlite3")) as file:
                connection.connection.backup(file)
            monkeypatch.setitem(connections.settings["default"], "NAME", str(tmp_path / "copy.sqlite3"))

    return copy


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_the_same_moment_do_not_get_the_same_last_slot(on_disk: Callable[[], None]) -> None:
    people = make_people(make_campaign(keys=1, votes_wanted=1), 2)
    on_disk()
    together = threading.Barrier(2)

    def ask(person: Person) -> tuple[int, int]:
        together.wait(5)
        try:
            return len(dealing.deal(person, 1)), Lease.objects.count()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        dealt, leases = zip(*threads.map(ask, people), strict=True)
    assert sorted(dealt) == [0, 1]
    assert set(leases) == {1}


@pytest.mark.django_db(transaction=True)
def test_two_triggers_at_the_same_moment_make_one_round(on_disk: Callable[[], None]) -> None:
    campaign = make_campaign(keys=1)
    on_disk()
    together = threading.Barrier(2)

    def trigger(kind: str) -> tuple[int, bool, int]:
        together.wait(5)
        try:
            one, new = rounds.begin(campaign, kind, background=False)
            return one.number, new, Round.objects.count()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        made = sorted(threads.map(trigger, ["labels", "host"]))
    assert made == [(1, False, 1), (1, True, 1)]
