"""Agreement, skills and flags of a whole campaign."""

import pytest

from labeling import reckoning
from labeling.models import Campaign, Vote
from labeling.recording import record
from tests.campaigns import make_campaign, make_people, said, vote

pytestmark = pytest.mark.django_db


def test_a_campaigns_agreement_is_reckoned():
    campaign = make_campaign(keys=2)
    ada, bob = make_people(campaign, 2)
    first, second = campaign.cards.all()
    record([said(ada, first), said(bob, first), said(ada, second, "yes"), said(bob, second, "no")])
    reckoning.reckon(campaign)
    campaign.refresh_from_db()
    assert [card.agreement for card in campaign.cards.all()] == [1, 0]
    assert campaign.kappa == pytest.approx((0.5 - 0.625) / (1 - 0.625))
    assert [person.agreement for person in campaign.people.all()] == [0.5, 0.5]


def test_answers_of_one_kind_agree():
    campaign = make_campaign(keys=1)
    campaign.answers.filter(code="bad").update(top="no")
    for person, answer in zip(make_people(campaign, 2), ["no", "bad"], strict=True):
        vote(person, campaign.cards.get(), answer)
    reckoning.reckon(campaign)
    assert campaign.cards.get().agreement == 1


def test_who_answers_without_looking_is_flagged():
    campaign = make_campaign(keys=20)
    ada = make_people(campaign, 1)[0]
    record([said(ada, card, took=90) for card in campaign.cards.all()])
    reckoning.reckon(campaign)
    ada.refresh_from_db()
    assert ada.flags == ["fast"]
    assert Vote.objects.count() == 20


def test_who_answers_against_the_gold_is_flagged():
    campaign = make_campaign(keys=5)
    campaign.cards.update(gold=campaign.answers.get(code="no"), settled=True)
    ada = make_people(campaign, 1)[0]
    record([said(ada, card, "yes", took=900) for card in campaign.cards.all()])
    reckoning.reckon(campaign)
    ada.refresh_from_db()
    assert ada.flags == ["against-gold"]


def test_only_what_has_changed_is_reckoned_again():
    campaign = make_campaign(keys=1)
    ada, bob = make_people(campaign, 2)
    assert not reckoning.unreckoned()
    vote(ada, campaign.cards.get())
    assert list(reckoning.unreckoned()) == [campaign]
    reckoning.reckon(campaign)
    assert not reckoning.unreckoned()
    vote(bob, campaign.cards.get())
    assert list(reckoning.unreckoned()) == [campaign]


def test_skill_makes_the_labels_where_the_campaign_wants_it():
    campaign = make_campaign(keys=3, consensus=Campaign.Consensus.SKILL)
    ada, bob = make_people(campaign, 2)
    for card in campaign.cards.all():
        vote(ada, card), vote(bob, card)
    reckoning.reckon(campaign)
    assert {card.label_from for card in campaign.cards.all()} == {"skill"}
