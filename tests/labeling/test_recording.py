"""Votes: stored once, whatever is said twice, late or by whom it is not theirs to say."""

from uuid import uuid4

import pytest
from django.utils import timezone

from labeling import dealing, people
from labeling.models import Campaign, Card, Vote
from labeling.recording import Said, record
from tests.campaigns import make_campaign, make_people, said, vote

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(keys=3)


@pytest.fixture
def ada(campaign):
    return make_people(campaign, 1)[0]


def card(campaign, key: int = 1) -> Card:
    return campaign.cards.get(key=key)


def test_a_vote_is_stored_and_counted(campaign, ada):
    assert vote(ada, card(campaign)).ok
    assert card(campaign).votes == 1
    assert Vote.objects.get().answer.code == "yes"


def test_a_vote_sent_twice_counts_once(campaign, ada):
    first = said(ada, card(campaign))
    assert [outcome.ok for outcome in record([first]) + record([first])] == [True, True]
    assert Vote.objects.count() == 1
    assert card(campaign).votes == 1


def test_a_vote_twice_in_one_batch_counts_once(campaign, ada):
    first = said(ada, card(campaign))
    assert all(outcome.ok for outcome in record([first, first]))
    assert card(campaign).votes == 1


def test_a_second_answer_withdraws_the_first(campaign, ada):
    vote(ada, card(campaign), "yes")
    vote(ada, card(campaign), "no")
    assert Vote.objects.count() == 2
    assert Vote.objects.standing().get().answer.code == "no"
    assert card(campaign).votes == 1


def test_both_answers_may_come_in_one_batch(campaign, ada):
    record([said(ada, card(campaign), "yes"), said(ada, card(campaign), "no")])
    assert Vote.objects.count() == 2
    assert Vote.objects.standing().get().answer.code == "no"


def test_an_undo_withdraws_and_keeps_the_row(campaign, ada):
    first = said(ada, card(campaign))
    record([first])
    assert record([Said(uuid4(), ada.pk, ada.campaign_id, undoes=first.id)])[0].mine == 0
    assert Vote.objects.count() == 1
    assert card(campaign).votes == 0
    assert not card(campaign).label


def test_an_undo_may_be_sent_twice(campaign, ada):
    first = said(ada, card(campaign))
    undo = Said(uuid4(), ada.pk, ada.campaign_id, undoes=first.id)
    assert all(outcome.ok for outcome in record([first, undo]) + record([undo]))


def test_nobody_takes_back_what_another_said(campaign):
    ada, bob = make_people(campaign, 2)
    first = said(ada, card(campaign))
    record([first])
    assert record([Said(uuid4(), bob.pk, bob.campaign_id, undoes=first.id)])[0].code == "no_such_vote"


def test_an_id_belongs_to_whoever_used_it(campaign):
    ada, bob = make_people(campaign, 2)
    first = said(ada, card(campaign))
    record([first])
    assert vote(bob, card(campaign), id=first.id).code == "bad_message"


def test_a_tile_of_another_campaign_is_refused(campaign, ada):
    other = make_campaign(campaign.dataset, keys=1)
    assert vote(ada, other.cards.get()).code == "no_such_card"
    assert not Vote.objects.exists()


def test_an_unknown_answer_is_refused(campaign, ada):
    assert vote(ada, card(campaign), "maybe").code == "unknown_answer"
    assert not Vote.objects.exists()


def test_one_bad_vote_harms_no_other(campaign, ada):
    outcomes = record([said(ada, card(campaign), "maybe"), said(ada, card(campaign, 2))])
    assert [outcome.ok for outcome in outcomes] == [False, True]


def test_a_revoked_link_takes_no_votes(campaign, ada):
    campaign.links.update(revoked_at=timezone.now())
    assert vote(ada, card(campaign)).code == "no_such_link"
    assert not Vote.objects.exists()


def test_a_paused_campaign_takes_what_was_swiped(campaign, ada):
    Campaign.objects.update(state="paused")
    assert vote(ada, card(campaign)).ok


def test_a_closed_campaign_takes_only_what_is_in_hand(campaign, ada):
    held = dealing.deal(ada, 1)[0]
    Campaign.objects.update(state="closed")
    assert vote(ada, held).ok
    assert vote(ada, card(campaign, 3)).code == "campaign_closed"


def test_votes_of_somebody_excluded_are_kept_and_do_not_count(campaign, ada):
    people.exclude(ada)
    assert vote(ada, card(campaign)).ok
    assert Vote.objects.count() == 1
    assert card(campaign).votes == 0


def test_an_answer_frees_the_slot_that_was_held(campaign, ada):
    held = dealing.deal(ada, 1)[0]
    vote(ada, held)
    held.refresh_from_db()
    assert (held.votes, held.held, held.slots) == (1, 0, 2)


def test_gold_is_told_and_tallied(campaign, ada):
    Card.objects.filter(key=1).update(gold=campaign.answers.get(code="no"), settled=True)
    outcome = vote(ada, card(campaign), "yes")
    ada.refresh_from_db()
    assert (outcome.gold, outcome.right_answer) == (False, "no")
    assert (ada.gold_seen, ada.gold_right) == (1, 0)


def test_gold_is_not_told_where_the_host_does_not_want_it(campaign, ada):
    Campaign.objects.update(gold_feedback=False)
    Card.objects.filter(key=1).update(gold=campaign.answers.get(code="no"), settled=True)
    assert vote(ada, card(campaign)).gold is None
