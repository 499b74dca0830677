"""When rounds begin: learning is turned on, enough labels are new, or whoever is here has nothing left to answer."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from labeling import campaigns, nudging, settling, tasks
from labeling.models import Campaign, Learner, Person, Round
from labeling.people import HERE
from labeling.rounds import begin, change, consider, triggers
from labeling.rounds.labels import counts
from search.models import Dataset, Status
from search.query import Query
from tests.campaigns import make_people, vote
from tests.learning import answer, make_learning, make_round, some, truth

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(world: Dataset) -> dict[int, bool]:
    return truth(world)


@pytest.fixture
def asked(world: Dataset, known: dict[int, bool]) -> Campaign:
    """After a first round of ten tiles, none of which has an answer."""
    campaign = make_learning(world, some(known, 10, 10))
    answer(campaign, known)
    make_round(campaign)
    return campaign


def considered(campaign: Campaign) -> Round | None:
    return consider(Learner.of(Campaign.objects.get(pk=campaign.pk)))


def test_a_campaign_made_from_a_search_begins_with_the_tile_that_was_clicked(
    world: Dataset, known: dict[int, bool]
) -> None:
    clicked = some(known, 1, 0)[0]
    campaign = campaigns.create(None, world, "Is it bright?", votes_wanted=1)
    campaigns.add_search(campaign, Query(positives=(clicked,), levels=(5,), k=5))
    change(campaign, {"on": True, "batch": 10})
    one = Round.objects.get()
    assert (one.trigger, one.status) == ("start", "waiting")
    tasks.run_round(one.pk)
    reasons = [choice.why for choice in one.choices.all()]
    assert sorted(set(reasons)) == ["example-like", "random"]
    assert len(reasons) == 10
    example = campaign.cards.get(key=clicked)
    assert (example.label.code, example.label_from, example.why) == ("yes", "host", "example")  # type: ignore[union-attr]


def test_without_an_example_learning_waits_for_the_first_yes(world: Dataset, known: dict[int, bool]) -> None:
    campaign = make_learning(world, some(known, 1, 3))
    assert considered(campaign) is None
    card = campaign.cards.get(key=some(known, 1, 0)[0])
    vote(make_people(campaign, 1)[0], card)
    one = considered(campaign)
    assert one is not None
    assert one.trigger == "start"


def test_enough_new_labels_begin_the_next_round(asked: Campaign, known: dict[int, bool]) -> None:
    learner = Learner.of(asked)
    campaigns.add_keys(asked, some(known, 40, 20))
    answer(asked, known, most=9)  # ten are asked for
    assert considered(asked) is None
    answer(asked, known, most=1)
    one = considered(asked)
    assert one is not None
    assert (one.number, one.trigger, counts(learner).settled) == (2, "labels", 30)


def test_labels_that_teach_nothing_do_not_keep_people_waiting(asked: Campaign) -> None:
    [person] = make_people(asked, 1)
    for card in asked.cards.filter(settled=False):
        vote(person, card, "unsure")
    assert considered(asked) is not None


def test_people_who_have_answered_all_do_not_wait_for_those_who_are_not_here(
    asked: Campaign, known: dict[int, bool]
) -> None:
    Campaign.objects.filter(pk=asked.pk).update(votes_wanted=3)
    settling.resettle(Campaign.locked(asked.pk))
    mine = list(asked.cards.filter(round__number=1))
    ada, ben = make_people(asked, 2)
    Person.objects.exclude(pk__in=[ada.pk, ben.pk]).update(seen_at=timezone.now() - 2 * HERE)
    for card in mine:
        vote(ada, card, "yes" if known[card.key] else "no")
    assert considered(asked) is None  # ben is here too
    Person.objects.filter(pk=ben.pk).update(seen_at=timezone.now() - HERE - timedelta(seconds=1))
    assert considered(asked) is not None


def test_nobody_here_begins_no_round(asked: Campaign) -> None:
    Person.objects.update(seen_at=timezone.now() - 2 * HERE)
    assert considered(asked) is None


@pytest.mark.parametrize("fields", [{"on": False}, {"state": "paused"}, {"state": "closed"}])
def test_no_round_begins_by_itself_when_learning_is_off_or_the_campaign_is_not_open(
    asked: Campaign, known: dict[int, bool], fields: dict[str, Any]
) -> None:
    answer(asked, known)
    Campaign.objects.filter(pk=asked.pk).update(**{k: v for k, v in fields.items() if k == "state"})
    Learner.objects.filter(campaign=asked).update(**{k: v for k, v in fields.items() if k == "on"})
    assert considered(asked) is None


def test_while_a_round_waits_no_other_begins(asked: Campaign, known: dict[int, bool]) -> None:
    answer(asked, known)
    first, new = begin(asked, "host", background=False)
    assert (new, considered(asked)) == (True, None)
    assert begin(asked, "labels", background=False) == (first, False)


def test_a_trigger_that_comes_too_late_begins_nothing(asked: Campaign) -> None:
    """It counted before another trigger's round began, which has ended meanwhile."""
    made, new = begin(asked, "labels", after=0, background=False)
    assert (made.number, new) == (1, False)


def test_a_trigger_that_looked_before_another_round_began_finds_that_one(
    asked: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one is committed between this one's two looks at the table."""
    first, _ = begin(asked, "host", background=False)
    unfinished = list(triggers.UNFINISHED)
    monkeypatch.setattr(triggers, "UNFINISHED", [])
    assert begin(asked, "labels", background=False) == (first, False)
    assert Round.objects.filter(status__in=unfinished).count() == 1


def test_after_a_failed_round_the_next_one_waits_for_new_labels(asked: Campaign, known: dict[int, bool]) -> None:
    answer(asked, known)
    failed, _ = begin(asked, "host", background=False)
    Round.objects.filter(pk=failed.pk).update(status=Status.FAILED, settled=counts(Learner.of(asked)).settled)
    assert considered(asked) is None


def test_votes_set_a_clock_and_one_task_counts_for_all_of_them(
    asked: Campaign, known: dict[int, bool], monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    sent: list[int] = []
    monkeypatch.setattr(nudging, "PAUSE", 0.2)
    monkeypatch.setattr(tasks, "enqueue_considering", sent.append)
    [person] = make_people(asked, 1)
    with django_capture_on_commit_callbacks(execute=True):
        for card in asked.cards.filter(settled=False)[:5]:
            vote(person, card)
    assert sent == []
    time.sleep(0.5)
    assert sent == [asked.pk]


def test_votes_of_campaigns_that_do_not_learn_cost_nothing(
    asked: Campaign, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    Learner.objects.update(on=False)
    set_: list[object] = []
    monkeypatch.setattr(nudging.Clock, "set", lambda self, numbers: set_.append(numbers))
    with django_capture_on_commit_callbacks(execute=True):
        vote(make_people(asked, 1)[0], asked.cards.first())  # type: ignore[arg-type]
    assert set_ == []
