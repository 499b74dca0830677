"""The tiles that a campaign may ask about: shards, areas, other levels; and the pool, which stays."""

import numpy as np
import pytest

from labeling.campaigns import add_keys
from labeling.models import Campaign, Learner
from labeling.rounds import archive, labels
from labeling.rounds.archive import SiteArchive
from ml.classify import Classifier
from search import keys
from search.errors import NotIndexed
from search.models import Dataset
from tests.factories import build_all, make_gallery
from tests.learning import answer, make_learning, make_round, some, truth

pytestmark = pytest.mark.django_db
BOX = [0.0, 0.0, 40.0, 40.0]


@pytest.fixture
def learner(world: Dataset) -> Learner:
    return Learner.of(make_learning(world))


def opened(learner: Learner) -> SiteArchive:
    return archive.opened(learner).archive


def test_it_has_the_tiles_of_its_scope(learner: Learner) -> None:
    assert len(opened(learner)) == 1600  # two dates
    learner.scope = {"levels": [4, 5], "to": "2004-01-31"}
    assert len(opened(learner)) == 1000


def test_without_levels_those_of_the_campaigns_tiles_count(world: Dataset, learner: Learner) -> None:
    learner.scope = {}
    assert len(opened(learner)) == 2000
    campaign = make_learning(world, [keys.ancestor(key, 4) for key in some(truth(world), 1, 0)], scope={})
    assert len(opened(Learner.of(campaign))) == 400
    learner.remember(some(truth(world), 1, 0))
    assert len(opened(learner)) == 1600


def test_only_tiles_of_its_area_are_asked_about(learner: Learner) -> None:
    learner.scope = {"levels": [5], "bbox": BOX}
    learner.save()
    found = archive.opened(learner)
    pool = archive.pool(learner, found)
    assert len(pool) == len(found.archive) == 2 * 4 * 4  # tiles of 9 degrees
    assert found.archive.allows(pool).all()
    near, likeness = found.archive.neighbours(int(pool[0]), 10)
    assert found.archive.allows(near).all()
    assert pool[0] not in near
    assert (np.diff(likeness) <= 0).all()
    drawn = found.archive.sample(20, np.random.default_rng(0))
    assert found.archive.allows(drawn).all()
    assert len(set(drawn.tolist())) == 20


def test_labels_outside_of_the_area_teach_too_and_nothing_there_is_asked(world: Dataset) -> None:
    known = truth(world)
    campaign = make_learning(world, some(known, 10, 10), scope={"levels": [5], "bbox": BOX})
    answer(campaign, known)
    one = make_round(campaign)
    asked = np.array(one.choices.values_list("key", flat=True))
    assert one.labels == 20
    assert len(asked) == 10
    assert opened(Learner.of(campaign)).allows(asked).all()


def test_labels_of_other_levels_cannot_teach(world: Dataset) -> None:
    known = truth(world)
    campaign = make_learning(world, some(known, 10, 10), scope={"levels": [4]})
    answer(campaign, known)
    assert labels.lesson(Learner.of(campaign)).enough
    one = make_round(campaign)
    assert one.folder == ""  # it began anew: nothing is known at that level
    assert {choice.why for choice in one.choices.all()} == {"random"}


def test_the_pool_is_chosen_once_and_anew_when_something_has_changed(learner: Learner) -> None:
    learner.pool = 300
    learner.save()
    first = archive.pool(learner, archive.opened(learner))
    [path] = learner.folder.glob("pool-*.npy")
    assert len(first) == 300
    assert archive.pool(learner, archive.opened(learner)).tolist() == first.tolist()
    learner.pool = 200
    assert len(archive.pool(learner, archive.opened(learner))) == 200
    assert not path.exists()
    learner.refresh_from_db()
    assert (learner.pool_tiles, learner.archive_tiles) == (200, 1600)


def test_other_levels_of_the_same_place_describe_a_tile_too(world: Dataset, learner: Learner) -> None:
    dim = world.encoder.dim
    learner.sources = ["parent"]
    found = opened(learner)
    key = some(truth(world), 1, 0)[0]
    features = found.features(np.array([key]))
    learner.scope, learner.sources = {"levels": [4]}, ["parent", "children"]
    above = opened(learner)
    assert features.shape == (1, 2 * dim)
    assert (features[0, dim:] == above.features(np.array([keys.ancestor(key, 4)]))[0, :dim]).all()
    assert above.dim == 5 * dim  # its four quarters; level 3 is not indexed
    quarter = archive.children(np.array([keys.ancestor(key, 4)]), down=0, right=1)
    learner.scope, learner.sources = {"levels": [5]}, []
    own = opened(learner).features(quarter)[0]
    assert (above.features(np.array([keys.ancestor(key, 4)]))[0, 2 * dim : 3 * dim] == own).all()


def test_a_classifier_says_what_its_features_are_made_of(world: Dataset) -> None:
    known = truth(world)
    campaign = make_learning(world, some(known, 10, 10), sources=["parent"])
    answer(campaign, known)
    own, parent = Classifier.load(make_round(campaign).path()).sources
    assert own["dim"] == parent["dim"] == world.encoder.dim
    assert parent["relation"] == "parent"


def test_offset_tiles_have_no_parents_and_no_children() -> None:
    offset = np.array([keys.TileAddress(1, 1, 1, 5, 3, 4, 1).pack()])
    assert archive.parents(offset).tolist() == archive.children(offset, down=0, right=0).tolist() == [0]


def test_pictures_of_a_gallery_are_learnt_from_too(tmp_path) -> None:
    gallery = build_all(make_gallery(tmp_path / "g", "learnt", count=40))
    campaign = make_learning(gallery, scope={})
    found = archive.opened(Learner.of(campaign)).archive
    keys_ = found.shards[0].keys.tolist()
    known = {key: i % 2 == 0 for i, key in enumerate(keys_)}
    add_keys(campaign, keys_[:20])
    answer(campaign, known)
    one = make_round(campaign)
    assert (one.status, one.labels, one.choices.count()) == ("ready", 20, 10)


def test_an_area_without_tiles_is_told(learner: Learner) -> None:
    learner.scope = {"levels": [5], "bbox": [0.1, 0.1, 0.2, 0.2]}
    with pytest.raises(NotIndexed, match="no tile in what this campaign learns from"):
        archive.opened(learner)


def test_everything_labelled_is_told(world: Dataset) -> None:
    known = truth(world)
    campaign: Campaign = make_learning(world, scope={"levels": [5], "bbox": BOX})
    inside = archive.pool(Learner.of(campaign), archive.opened(Learner.of(campaign))).tolist()
    half = {key: i % 2 == 0 for i, key in enumerate(inside)}
    add_keys(campaign, inside)
    answer(campaign, {**known, **half})
    one = make_round(campaign)
    assert one.choices.count() == 0
    assert one.advice["code"] == "exhausted"
