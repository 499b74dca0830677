"""A round: what it trains on, what it asks about, and what it leaves behind."""

import pytest

from labeling.models import Campaign, Learner
from labeling.rounds import labels
from ml.classify import Classifier
from search.models import Dataset
from tests.learning import answer, make_learning, make_round, some, truth

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(world: Dataset) -> dict[int, bool]:
    return truth(world)


@pytest.fixture
def taught(world: Dataset, known: dict[int, bool]) -> Campaign:
    """With ten labels for each side."""
    campaign = make_learning(world, some(known, 10, 10))
    answer(campaign, known)
    return campaign


def test_a_round_trains_and_asks_about_new_tiles_first(taught: Campaign, known: dict[int, bool]) -> None:
    one = make_round(taught)
    assert (one.status, one.labels, one.positives, one.negatives, one.found) == ("ready", 20, 10, 10, 10)
    asked = list(taught.cards.filter(round=one))
    assert len(asked) == one.choices.count() == 10
    assert {card.priority for card in asked} == {1}
    assert all(known[card.key] is not None and not card.settled for card in asked)
    assert {choice.why for choice in one.choices.all()} >= {"likely", "unsure", "random"}


def test_the_classifier_is_kept_with_its_labels_and_how_good_it_is(taught: Campaign) -> None:
    one = make_round(taught)
    classifier = Classifier.load(one.path())
    assert classifier.labels_digest == one.digest == labels.lesson(Learner.of(taught)).labels.digest
    value, low, high = one.metrics["f1"]
    assert low <= value <= high
    assert "labelled tiles" in one.metrics["measured_on"]
    assert one.cost["archive"] == 1600


def test_rounds_find_what_is_looked_for(taught: Campaign, known: dict[int, bool]) -> None:
    for _ in range(6):
        one = make_round(taught)
        answer(taught, known)
    found = taught.cards.filter(label__code="yes").count()
    assert one.number == 6
    assert found > 10 + 3 * 6  # one in ten would be by chance
    assert one.advice["code"] == "go_on"
