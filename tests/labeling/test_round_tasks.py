"""Rounds as tasks: sent twice, failed, taken over; and phones that make room for what a round asks about."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from labeling import dealing, live, tasks
from labeling.models import Campaign, Card, Chosen, Learner, Lease, Round
from labeling.rounds import begin, keeping, running
from search.errors import Cancelled
from search.models import Dataset, Status
from tests.campaigns import make_people
from tests.learning import answer, make_learning, make_round, some, truth

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(world: Dataset) -> dict[int, bool]:
    return truth(world)


@pytest.fixture
def taught(world: Dataset, known: dict[int, bool]) -> Campaign:
    campaign = make_learning(world, some(known, 10, 10))
    answer(campaign, known)
    return campaign


@pytest.fixture
def waiting(taught: Campaign) -> Round:
    return begin(taught, "host", background=False)[0]


def of(one: Round) -> Round:
    return Round.objects.get(pk=one.pk)


def test_a_round_that_is_sent_twice_is_run_once(waiting: Round) -> None:
    for _ in range(2):
        tasks.run_round(waiting.pk)
    assert of(waiting).status == Status.READY
    assert Card.objects.filter(round=waiting).count() == Chosen.objects.count() == 10


def test_a_round_that_is_gone_is_no_error(waiting: Round) -> None:
    waiting.delete()
    tasks.run_round(waiting.pk)


def test_the_database_holds_no_two_rounds_that_wait(waiting: Round) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Round.objects.create(campaign=waiting.campaign, number=9, trigger="host")


def test_what_fails_leaves_nothing_behind_and_is_tried_again(waiting: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(running.batch, "make_room", broken)
        with pytest.raises(OSError, match="No space"):
            tasks.run_round(waiting.pk)
    failed = of(waiting)
    assert (failed.status, failed.attempts, failed.error) == ("waiting", 1, "OSError: No space left on device")
    assert not Chosen.objects.exists()
    assert not Card.objects.filter(round=waiting).exists()
    tasks.run_round(waiting.pk)
    assert (of(waiting).status, Chosen.objects.count()) == ("ready", 10)


def test_three_attempts_are_enough(waiting: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(running.active, "run", broken)
    for _ in range(3):
        with pytest.raises(MemoryError):
            tasks.run_round(waiting.pk)
    assert of(waiting).status == Status.FAILED


def test_what_another_attempt_would_not_mend_is_told_at_once(taught: Campaign, waiting: Round) -> None:
    Learner.objects.update(scope={"levels": [5], "from": "2031-01-01"})
    tasks.run_round(waiting.pk)
    assert of(waiting).status == Status.FAILED
    assert of(waiting).error == "No imagery matches the filters: choose other products, dates or levels."


def test_a_round_whose_worker_died_is_taken_over_with_the_same_choice(waiting: Round) -> None:
    waiting.claim()
    Round.objects.filter(pk=waiting.pk).update(worker=waiting.worker.rpartition(":")[0] + ":1")  # a process long gone
    tasks.run_round(waiting.pk)
    assert of(waiting).status == Status.RUNNING  # not taken away from somebody who may live
    Round.objects.release_dead()
    tasks.run_round(waiting.pk)
    assert of(waiting).status == Status.READY


def test_who_was_taken_over_adds_nothing(waiting: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = running.active.run

    def slow(*args: Any, **kwargs: Any) -> Any:
        outcome = whole(*args, **{**kwargs, "on_progress": None})
        Round.objects.filter(pk=waiting.pk).update(worker="elsewhere:1:1")
        return outcome

    monkeypatch.setattr(running.active, "run", slow)
    tasks.run_round(waiting.pk)
    assert of(waiting).status == Status.RUNNING
    assert not Card.objects.filter(round=waiting).exists()


def test_a_campaign_that_is_deleted_meanwhile_is_no_error(waiting: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = running.active.run

    def slow(*args: Any, **kwargs: Any) -> Any:
        outcome = whole(*args, **{**kwargs, "on_progress": None})
        waiting.campaign.delete()
        return outcome

    monkeypatch.setattr(running.active, "run", slow)
    tasks.run_round(waiting.pk)
    assert not Round.objects.exists()


def test_two_attempts_choose_the_same_tiles(taught: Campaign, waiting: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[list[int]] = []

    def dies(one: Round, learner: Learner, found: running.Found) -> None:
        chosen.append([choice.key for choice in found.choices])
        raise OSError("killed")

    monkeypatch.setattr(running, "finish", dies)
    for _ in range(2):
        with pytest.raises(OSError, match="killed"):
            tasks.run_round(waiting.pk)
    assert chosen[0] == chosen[1]
    assert len(chosen[0]) == 10


def test_a_round_that_is_stopped_ends_quietly(waiting: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise Cancelled("stopped")

    monkeypatch.setattr(running, "choose", stopped)
    tasks.run_round(waiting.pk)
    assert not Chosen.objects.exists()


def test_beat_puts_back_what_was_lost_and_begins_what_is_due(
    taught: Campaign, waiting: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks, "enqueue_round", sent.append)
    tasks.requeue()
    assert sent == [waiting.pk]
    Round.objects.all().delete()
    tasks.requeue()
    assert Round.objects.get().trigger == "start"


def test_phones_make_room_for_the_batch(
    taught: Campaign, known: dict[int, bool], monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    old = some(known, 40, 40)[30:60]
    Card.objects.bulk_create([Card(campaign=taught, key=key, target=1, position=100) for key in old
                              if not taught.cards.filter(key=key).exists()])  # fmt: skip
    [person] = make_people(taught, 1)
    held = {card.pk for card in dealing.deal(person, 24)}
    told: list[set[int]] = []
    monkeypatch.setattr(live, "drop", lambda person, cards: told.append(set(cards)))
    with django_capture_on_commit_callbacks(execute=True):
        one = make_round(taught)
    fresh = set(taught.cards.filter(round=one).values_list("pk", flat=True))
    [dropped] = told
    assert dropped <= held
    assert len(dropped) == len(fresh) == 10
    assert Lease.objects.filter(person=person).count() == 14
    assert set(Card.objects.filter(pk__in=dropped).values_list("held", "slots")) == {(0, 1)}
    assert {card.pk for card in dealing.deal(person, 24)} == held - dropped | fresh


def test_audited_tiles_are_as_urgent_as_the_batch(taught: Campaign, known: dict[int, bool]) -> None:
    key = next(key for key in some(known, 30, 0) if not taught.cards.filter(key=key).exists())
    audited = Card.objects.create(campaign=taught, key=key, target=1, held_out=True, priority=1)
    one = make_round(taught)
    audited.refresh_from_db()
    assert audited.priority == taught.cards.filter(round=one).first().priority  # type: ignore[union-attr]
    assert audited.key not in one.choices.values_list("key", flat=True)


def test_tiles_that_wait_already_are_asked_about_sooner(taught: Campaign, known: dict[int, bool]) -> None:
    Learner.objects.update(batch=1000)
    key = next(key for key in some(known, 30, 0) if not taught.cards.filter(key=key).exists())
    card = Card.objects.create(campaign=taught, key=key, target=1, why="search")
    one = make_round(taught)
    card.refresh_from_db()
    assert (card.round, card.priority) == (one, 1)
    assert card.why != "search"
    assert taught.cards.filter(key=key).count() == 1


def test_files_of_campaigns_that_are_gone_are_removed(taught: Campaign, world: Dataset) -> None:
    gone = make_learning(world)
    for campaign in (taught, gone):
        with keeping.replacing(keeping.path_of(Learner.of(campaign), 1)) as path:
            path.touch()
    folders = [Learner.of(campaign).folder for campaign in (taught, gone)]
    gone.delete()
    tasks.tidy()
    assert [folder.exists() for folder in folders] == [True, False]
