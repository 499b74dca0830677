"""When a card has its label, and whose."""

import pytest

from labeling import people, settling
from labeling.errors import NoSuchCard, UnknownAnswer
from labeling.models import Campaign, Card, Decision, Vote
from tests.campaigns import make_campaign, make_people, vote

pytestmark = pytest.mark.django_db


def card_with(*answers: str, **fields) -> Card:
    campaign = make_campaign(keys=1, **fields)
    for person, answer in zip(make_people(campaign, len(answers)), answers, strict=True):
        vote(person, campaign.cards.get(), answer)
    return campaign.cards.get()


def test_three_who_agree_settle_it():
    card = card_with("yes", "yes", "yes")
    assert card.settled
    assert card.label.code == "yes"
    assert card.share == 1


def test_disagreement_asks_two_more():
    card = card_with("yes", "yes", "no")
    assert not card.settled
    assert card.slots == 2
    assert card.label.code == "yes"


def test_the_fourth_may_settle_it():
    assert card_with("yes", "yes", "no", "yes").settled


def test_it_ends_at_the_most_votes():
    card = card_with("yes", "no", "yes", "no", "yes", "no", "yes")
    assert card.settled
    assert card.slots == 0
    assert card.label.code == "yes"


def test_a_tie_has_no_label():
    card = card_with("yes", "no", votes_wanted=2, votes_most=2)
    assert card.settled
    assert card.label is None
    assert card.label_from == ""


def test_a_disputed_tile_is_found():
    card = card_with("yes", "yes", "no")
    assert list(Card.objects.disputed()) == [card]


def test_the_hosts_word_outweighs_the_votes(admin_user):
    card = card_with("yes", "yes", "yes")
    settling.decide([card.pk], card.campaign.answers.get(code="no"), admin_user)
    card.refresh_from_db()
    assert card.label.code == "no"
    assert card.label_from == "host"
    assert Decision.objects.get().user == admin_user


def test_a_decision_is_taken_back(admin_user):
    card = card_with("yes", "yes", "yes")
    settling.decide([card.pk], card.campaign.answers.get(code="no"), admin_user)
    settling.decide([card.pk], None, admin_user)
    card.refresh_from_db()
    assert card.label.code == "yes"
    assert Decision.objects.count() == 2


def test_a_host_decides_on_no_other_campaigns_cards(admin_user):
    one, other = card_with("yes"), card_with("yes")
    with pytest.raises(NoSuchCard):
        settling.decide([one.pk, other.pk], one.campaign.answers.first(), admin_user)


def test_another_campaigns_answer_is_refused(admin_user):
    one, other = card_with("yes"), card_with("yes")
    with pytest.raises(UnknownAnswer):
        settling.decide([one.pk], other.campaign.answers.first(), admin_user)


def test_excluding_somebody_makes_labels_again_and_keeps_votes():
    campaign = make_campaign(keys=1, votes_wanted=1)
    ada = make_people(campaign, 1)[0]
    vote(ada, campaign.cards.get())
    people.exclude(ada)
    card = campaign.cards.get()
    assert card.label is None
    assert not card.settled
    assert Vote.objects.count() == 1
    people.include(ada)
    assert campaign.cards.get().label.code == "yes"


def test_the_skilled_may_make_the_label():
    card = card_with("yes", "yes", "no")
    Card.objects.update(skill_label=card.campaign.answers.get(code="no"))
    Campaign.objects.update(consensus="skill")
    Card.objects.update(votes=0)  # so that it is looked at again
    settling.settle(Campaign.objects.get(), [card.pk])
    card.refresh_from_db()
    assert card.label.code == "no"
    assert card.label_from == "skill"
