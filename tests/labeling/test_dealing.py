"""Who gets which card."""

from datetime import timedelta

import pytest
from django.utils import timezone

from labeling import dealing, leases
from labeling.models import Card, Lease, Person
from labeling.models.cards import LEASE
from tests.campaigns import make_campaign, make_link, make_people, make_person, vote

pytestmark = pytest.mark.django_db


def keys(cards) -> list[int]:
    return [card.key for card in cards]


def late() -> None:
    Person.objects.update(seen_at=timezone.now() - LEASE - timedelta(seconds=1))


def test_the_rounds_choice_comes_first():
    campaign = make_campaign(keys=3)
    campaign.cards.filter(key=3).update(priority=1)
    assert keys(dealing.deal(make_people(campaign, 1)[0], 3)) == [3, 1, 2]


def test_what_is_nearly_done_comes_before_what_is_not_begun():
    campaign = make_campaign(keys=3)
    ada, bob = make_people(campaign, 2)
    vote(ada, campaign.cards.get(key=3))
    assert keys(dealing.deal(bob, 1)) == [3]


def test_nobody_gets_what_they_have_answered():
    campaign = make_campaign(keys=2)
    ada = make_people(campaign, 1)[0]
    vote(ada, campaign.cards.get(key=1))
    assert keys(dealing.deal(ada, 5)) == [2]


def test_a_last_slot_is_dealt_once():
    campaign = make_campaign(keys=1, votes_wanted=1)
    ada, bob = make_people(campaign, 2)
    assert [len(dealing.deal(person, 5)) for person in (ada, bob)] == [1, 0]


def test_what_one_holds_is_dealt_again_and_not_twice():
    campaign = make_campaign(keys=5)
    ada = make_people(campaign, 1)[0]
    first = dealing.deal(ada, 2)
    assert keys(dealing.deal(ada, 4))[:2] == keys(first)
    assert Lease.objects.count() == 4


def test_what_is_shown_but_not_answered_returns_to_the_queue():
    campaign = make_campaign(keys=1, votes_wanted=1)
    ada, bob = make_people(campaign, 2)
    dealing.deal(ada, 1)
    late()
    assert keys(dealing.deal(bob, 1)) == [1]
    assert Card.objects.get().held == 1


def test_an_expired_lease_gives_its_slot_back_even_if_nobody_asks():
    campaign = make_campaign(keys=1)
    dealing.deal(make_people(campaign, 1)[0], 1)
    late()
    assert leases.expire() == 1
    assert Card.objects.get().slots == 3


def test_whoever_is_there_keeps_what_they_hold():
    campaign = make_campaign(keys=1)
    ada = make_people(campaign, 1)[0]
    dealing.deal(ada, 1)
    late()
    leases.renew([ada])
    assert leases.expire() == 0


def test_the_answer_of_a_late_person_is_taken_and_no_slot_is_lost():
    campaign = make_campaign(keys=1, votes_wanted=1)
    ada, bob = make_people(campaign, 2)
    card = dealing.deal(ada, 1)[0]
    late()
    dealing.deal(bob, 1)
    assert vote(ada, card).ok
    assert Card.objects.get().held == 0


def test_settled_tiles_are_not_asked_about():
    campaign = make_campaign(keys=1, votes_wanted=1)
    ada, bob = make_people(campaign, 2)
    vote(ada, campaign.cards.get())
    assert dealing.deal(bob, 1) == []


def test_settled_tiles_are_asked_about_where_the_campaign_wants_it():
    campaign = make_campaign(keys=1, votes_wanted=1, beyond_settled=True)
    ada, bob = make_people(campaign, 2)
    vote(ada, campaign.cards.get())
    assert keys(dealing.deal(bob, 1)) == [1]


@pytest.mark.parametrize("state", ["paused", "closed"])
def test_nothing_is_dealt_unless_the_campaign_is_open(state):
    campaign = make_campaign(state=state)
    assert dealing.deal(make_people(campaign, 1)[0], 5) == []


def test_known_tiles_are_mixed_in():
    campaign = make_campaign(keys=40)
    gold = list(campaign.cards.all()[:10])
    Card.objects.filter(pk__in=[card.pk for card in gold]).update(gold=campaign.answers.first(), settled=True)
    dealt = dealing.deal(make_people(campaign, 1)[0], 30)
    assert sum(card.gold_id is not None for card in dealt) == 3


def test_known_tiles_alone_are_not_dealt():
    campaign = make_campaign(keys=20)
    campaign.cards.update(gold=campaign.answers.first(), settled=True)
    assert dealing.deal(make_people(campaign, 1)[0], 30) == []


def test_what_one_gives_back_others_may_have():
    campaign = make_campaign(keys=1, votes_wanted=1)
    link, _ = make_link(campaign)
    ada, bob = make_person(link), make_person(link)
    dealing.deal(ada, 1)
    leases.give_back(ada)
    assert keys(dealing.deal(bob, 1)) == [1]
