"""Campaigns are made of questions, answers and tiles; what makes no sense is refused."""

import pytest
from django.contrib.auth.models import User

from labeling import campaigns, settling
from labeling.dealing import deal
from labeling.errors import BadCampaign, NoSuchCard, UnknownAnswer
from labeling.models import Campaign, Card, Vote
from search import deleting
from search.errors import SearchError
from search.models import Scene
from search.query import Query
from tests.campaigns import make_campaign, make_people, vote
from tests.factories import build_all, make_gallery, make_map

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    return Scene.objects.select_related("product__dataset").get(product__dataset=make_map())


@pytest.fixture
def campaign(scene: Scene) -> Campaign:
    return campaigns.create(None, scene.product.dataset, "Is there an island?")


def keys_of(scene: Scene, count: int) -> list[int]:
    return [scene.address(4, 3, col).pack() for col in range(count)]


def test_the_usual_answers_are_yes_no_not_sure_and_bad_imagery(campaign: Campaign) -> None:
    assert list(campaign.answers.values_list("code", flat=True)) == ["yes", "no", "unsure", "bad"]
    assert all(answer.icon and answer.colour for answer in campaign.answers.all())


def test_own_answers_get_codes_icons_and_colours(scene: Scene) -> None:
    given = [{"word": "Old ice"}, {"word": "Niño", "colour": "#AA0000"}, {"word": "日本"}]
    made = campaigns.create(None, scene.product.dataset, "Which?", given)
    assert [a.code for a in made.answers.all()] == ["old-ice", "nino", "answer-3"]
    assert made.answers.get(code="nino").colour == "#aa0000"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([{"word": "Yes"}], "2 to 20 answers"),
        ([{"word": "Yes"}, {"word": "yes"}], "called 'yes'"),
        ([{"word": ""}, {"word": "No"}], "needs a word"),
        ([{"word": "A", "code": "b c"}, {"word": "No"}], "short name"),
        ([{"word": "A", "colour": "red"}, {"word": "No"}], "not a colour"),
        ([{"word": str(i)} for i in range(21)], "2 to 20"),
    ],
)
def test_answers_that_nobody_could_choose_from_are_refused(scene: Scene, answers: list, words: str) -> None:
    with pytest.raises(BadCampaign, match=words):
        campaigns.create(None, scene.product.dataset, "Which?", answers)
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    "options", [{"question": "  "}, {"question": "x" * 201}, {"votes_wanted": 0}, {"votes_wanted": 26}]
)
def test_a_campaign_without_sense_is_refused(scene: Scene, options: dict) -> None:
    with pytest.raises(BadCampaign):
        campaigns.create(None, scene.product.dataset, **{"question": "Is there?"} | options)


def test_a_tile_comes_in_once(campaign: Campaign, scene: Scene) -> None:
    assert campaigns.add_keys(campaign, keys_of(scene, 3)) == 3
    assert campaigns.add_keys(campaign, keys_of(scene, 5) * 2) == 2
    assert list(campaign.cards.values_list("key", flat=True)) == keys_of(scene, 5)


def test_tiles_of_elsewhere_are_refused_and_none_is_added(campaign: Campaign, scene: Scene) -> None:
    good = keys_of(scene, 1)
    other = make_map("other")
    foreign = Scene.objects.get(product__dataset=other).address(4, 3, 1).pack()
    undated = scene.address(4, 3, 1).pack() + (1 << 32)
    for bad in (foreign, undated, 5, 0, -1):
        with pytest.raises(NoSuchCard):
            campaigns.add_keys(campaign, [*good, bad])
    with pytest.raises(SearchError):
        campaigns.add_keys(campaign, [*good, scene.address(4, 99, 1).pack()])
    assert not campaign.cards.exists()


def test_a_search_comes_in_with_its_best_first(scene: Scene) -> None:
    dataset = build_all(scene.product.dataset)
    campaign = campaigns.create(None, dataset, "Is there?")
    assert campaigns.add_search(campaign, Query(positives=(scene.address(4, 4, 9).pack(),), k=20)) == 20
    with pytest.raises(BadCampaign, match="no tiles"):
        campaigns.add_search(campaign, Query(positives=(scene.address(4, 4, 9).pack(),), k=20, min_score=1.0))


def test_an_area_brings_every_tile_that_it_touches(campaign: Campaign, scene: Scene) -> None:
    assert campaigns.add_area(campaign, scene, 4, (1, 1, 19, 19)) == 4
    assert campaigns.add_area(campaign, scene, 4, (171, 0, -171, 9)) == 2  # across the date line
    with pytest.raises(BadCampaign, match="south below north"):
        campaigns.add_area(campaign, scene, 4, (0, 9, 18, 0))
    with pytest.raises(BadCampaign, match="larger tiles"):
        campaigns.add_area(campaign, scene, 12, (-180, -90, 180, 90))


def test_all_pictures_of_a_gallery_come_in(tmp_path, campaign: Campaign) -> None:
    gallery = campaigns.create(None, make_gallery(tmp_path / "p"), "Is it sharp?")
    assert campaigns.add_pictures(gallery) == 5
    with pytest.raises(BadCampaign, match="is a map"):
        campaigns.add_pictures(campaign)
    with pytest.raises(NoSuchCard, match="no picture"):
        campaigns.add_keys(gallery, [gallery.cards.order_by("-key")[0].key + 1])


def test_more_tiles_than_a_campaign_holds_are_refused(campaign: Campaign, scene: Scene, monkeypatch) -> None:
    monkeypatch.setattr(campaigns, "MOST_CARDS", 4)
    campaigns.add_keys(campaign, keys_of(scene, 3))
    with pytest.raises(BadCampaign, match="at most"):
        campaigns.add_keys(campaign, keys_of(scene, 5))
    assert campaign.cards.count() == 3


def test_gold_is_settled_and_can_be_made_plain_again(campaign: Campaign, scene: Scene) -> None:
    campaigns.set_gold(campaign, keys_of(scene, 2), "yes")
    assert set(campaign.cards.values_list("settled", "label__code", "label_from")) == {(True, "yes", "gold")}
    campaigns.set_gold(campaign, keys_of(scene, 1), None)
    assert Card.objects.get(key=keys_of(scene, 1)[0]).settled is False
    with pytest.raises(UnknownAnswer, match="yes, no, unsure, bad"):
        campaigns.set_gold(campaign, keys_of(scene, 1), "perhaps")


def test_an_example_is_replaced_by_another_word_on_the_same_tile(campaign: Campaign, scene: Scene) -> None:
    [key] = keys_of(scene, 1)
    campaigns.add_example(campaign, key, "yes", "A clear one")
    campaigns.add_example(campaign, key, "no")
    assert [(e.answer.code, e.caption) for e in campaign.examples.all()] == [("no", "")]


def test_changed_votes_wanted_are_reckoned_at_once(campaign: Campaign, scene: Scene) -> None:
    campaigns.add_keys(campaign, keys_of(scene, 2))
    changed = campaigns.change(campaign, {"votes_wanted": 1, "question": "And now?"})
    assert (changed.question, changed.votes_wanted) == ("And now?", 1)
    assert set(campaign.cards.values_list("target", flat=True)) == {1}
    with pytest.raises(BadCampaign):
        campaigns.change(campaign, {"question": ""})


def test_only_states_that_there_are(campaign: Campaign) -> None:
    assert campaigns.set_state(campaign, "paused").state == "paused"
    with pytest.raises(BadCampaign, match="open, paused or closed"):
        campaigns.set_state(campaign, "gone")


def test_the_owner_hosts_it(scene: Scene) -> None:
    owner, other = User.objects.create_user("ann"), User.objects.create_user("bob")
    made = campaigns.create(owner, scene.product.dataset, "Is there?")
    assert list(Campaign.objects.hosted_by(owner)) == [made]
    assert not Campaign.objects.hosted_by(other).exists()


def test_a_campaign_is_deleted_with_its_votes(scene: Scene) -> None:
    made = make_campaign(scene.product.dataset, keys_of(scene, 3))
    person = make_people(made, 1)[0]
    vote(person, made.cards.first())
    deal(person, 2)
    settling.decide([made.cards.first().pk], made.answers.first(), None)
    campaigns.set_gold(made, keys_of(scene, 1), "yes")
    made.delete()
    assert not Vote.objects.exists()
    assert not Card.objects.exists()


def test_a_dataset_is_deleted_with_its_campaigns(scene: Scene) -> None:
    made = make_campaign(scene.product.dataset, keys_of(scene, 1))
    vote(make_people(made, 1)[0], made.cards.first())
    deleting.delete(scene.product.dataset)
    assert not Campaign.objects.exists()
