"""What votes teach: chances and weights; and which tiles show the same ground."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labeling import settling
from labeling.models import Answer, Campaign, Card, Learner
from labeling.people import exclude
from labeling.rounds import labels, places
from search import keys
from search.models import Dataset, Scene
from tests.campaigns import make_campaign, make_people, vote

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(world: Dataset) -> Campaign:
    return make_campaign(world, tiles(world, 4), votes_wanted=3)


def tiles(world: Dataset, number: int, level: int = 5) -> list[int]:
    return [keys.TileAddress(world.number, 1, 38000, level, 3, 2 * col).pack() for col in range(number)]


def taught(campaign: Campaign) -> dict[int, tuple[float, float]]:
    """Of each card's id: target and weight."""
    found = labels.lesson(Learner.of(campaign)).labels
    known = dict(campaign.cards.values_list("key", "pk"))
    rows = zip(found.keys.tolist(), found.targets.tolist(), found.weights.tolist(), strict=True)
    return {known[key]: (round(target, 3), round(weight, 3)) for key, target, weight in rows}


def give(campaign: Campaign, card: Card, *answers: str) -> None:
    for person, answer in zip(make_people(campaign, len(answers)), answers, strict=True):
        vote(person, card, answer)


def test_more_votes_are_believed_more(campaign: Campaign) -> None:
    one, three, split, _ = campaign.cards.all()
    give(campaign, one, "yes")
    give(campaign, three, "no", "no", "no")
    give(campaign, split, "yes", "no")
    assert taught(campaign) == {one.pk: (0.75, 0.5), three.pk: (0.125, 0.75), split.pk: (0.5, 0.667)}


def test_what_people_are_unsure_about_or_cannot_see_teaches_nothing(campaign: Campaign) -> None:
    unsure, bad, mixed, _ = campaign.cards.all()
    give(campaign, unsure, "unsure", "unsure")
    give(campaign, bad, "bad")
    give(campaign, mixed, "unsure", "yes")
    assert taught(campaign) == {mixed.pk: (0.75, 0.5)}


def test_the_host_and_known_answers_outweigh_the_votes(campaign: Campaign) -> None:
    decided, gold, bad, _ = campaign.cards.all()
    for card in (decided, gold, bad):
        give(campaign, card, "no", "no", "no")
    yes = campaign.answers.get(code="yes")
    settling.decide([decided.pk], yes, None)
    settling.decide([bad.pk], campaign.answers.get(code="bad"), None)
    Card.objects.filter(pk=gold.pk).update(gold=yes)
    assert taught(campaign) == {decided.pk: (1.0, 1.0), gold.pk: (1.0, 1.0)}


def test_votes_of_somebody_excluded_teach_nothing(campaign: Campaign) -> None:
    card = campaign.cards.all()[0]
    [person] = make_people(campaign, 1)
    vote(person, card)
    exclude(person)
    assert taught(campaign) == {}


def test_any_answers_may_mean_yes_and_no(campaign: Campaign) -> None:
    Learner.of(campaign)
    Learner.objects.update(positive=["unsure", "yes"], negative=["bad"])
    first, second, third, _ = campaign.cards.all()
    give(campaign, first, "unsure")
    give(campaign, second, "bad")
    give(campaign, third, "no")
    assert taught(campaign) == {first.pk: (0.75, 0.5), second.pk: (0.25, 0.5)}


def test_skill_counts_where_the_campaign_says_so(campaign: Campaign) -> None:
    card = campaign.cards.all()[0]
    give(campaign, card, "yes", "no")
    Campaign.objects.update(consensus="skill")
    Card.objects.filter(pk=card.pk).update(
        skill_label=Answer.objects.get(campaign=campaign, code="no"), skill_share=0.9
    )
    assert taught(Campaign.objects.get(pk=campaign.pk))[card.pk][0] == 0.1


def test_held_out_tiles_and_their_ground_never_train(campaign: Campaign, world: Dataset) -> None:
    held, other_date, parent, elsewhere = campaign.cards.all()
    address = held.address
    moved = keys.TileAddress(world.number, 1, 38060, 5, address.row, address.col).pack()
    Card.objects.filter(pk=other_date.pk).update(key=moved)
    Card.objects.filter(pk=parent.pk).update(key=keys.ancestor(held.key, 4))
    for card in (held, other_date, parent, elsewhere):
        give(campaign, card, "yes")
    Card.objects.filter(pk=held.pk).update(held_out=True)
    assert set(taught(campaign)) == {elsewhere.pk}
    lesson = labels.lesson(Learner.of(campaign))
    assert held.key in lesson.asked
    assert lesson.judges(np.array([held.key, moved, elsewhere.key])).tolist() == [True, True, False]


def test_offset_tiles_show_the_ground_of_the_squares_that_they_touch(world: Dataset) -> None:
    offset = keys.TileAddress(world.number, 1, 38000, 5, 3, 4, 1).pack()
    squares = [keys.TileAddress(world.number, 1, 38000, 5, row, col).pack() for row in (3, 4) for col in (4, 5, 6)]
    assert places.touching(world, np.array(squares), np.array([offset])).tolist() == [True, True, False] * 2
    assert places.touching(world, np.array([offset]), np.array(squares[:1])).tolist() == [True]


def test_nested_tiles_and_other_dates_are_one_place(world: Dataset) -> None:
    child = keys.TileAddress(world.number, 1, 38000, 5, 3, 4).pack()
    later = keys.TileAddress(world.number, 2, 38060, 5, 2, 5).pack()
    away = keys.TileAddress(world.number, 1, 38000, 5, 3, 6).pack()
    found = places.groups(world, np.array([child, later, away, keys.ancestor(child, 4)])).tolist()
    assert found[0] == found[1] == found[3] != found[2]


def test_without_tiles_there_is_no_ground(world: Dataset) -> None:
    nothing = np.empty(0, np.int64)
    assert places.touching(world, nothing, np.array([1])).tolist() == []
    assert places.touching(world, np.array([1]), nothing).tolist() == [False]
    assert len(places.groups(world, nothing)) == 0


def test_disputed_are_settled_tiles_with_votes_for_both(campaign: Campaign) -> None:
    disputed, agreed, waiting, decided = campaign.cards.all()
    give(campaign, disputed, "yes", "yes", "yes", "no")
    give(campaign, agreed, "yes", "yes", "yes")
    give(campaign, waiting, "yes", "no")
    give(campaign, decided, "yes", "yes", "yes", "no")
    settling.decide([decided.pk], campaign.answers.get(code="no"), None)
    found = labels.lesson(Learner.of(campaign)).disputes
    assert (found.keys.tolist(), found.yes.tolist(), found.no.tolist()) == ([disputed.key], [3], [1])


def test_examples_become_tiles_with_the_hosts_word_once(campaign: Campaign, world: Dataset) -> None:
    scene_day = Scene.objects.filter(product__dataset=world)[0].day
    first, second = [keys.TileAddress(world.number, 1, scene_day, 5, 7, col).pack() for col in (1, 2)]
    Learner.of(campaign).remember([first])
    campaign.examples.create(key=second, answer=campaign.answers.get(code="no"))
    for _ in range(2):
        labels.put_examples_in(Learner.of(campaign))
    found = campaign.cards.filter(why="example").order_by("key").values_list("key", "decision__code", "decisions")
    assert [(key, code) for key, code, _ in found] == [(first, "yes"), (second, "no")]


def test_many_labels_are_read_in_few_queries(
    campaign: Campaign, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for card in campaign.cards.all():
        give(campaign, card, "yes")
    learner = Learner.of(campaign)
    with django_assert_max_num_queries(6):
        labels.lesson(learner)
