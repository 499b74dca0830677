"""How good a classifier is: on an audit where there is one, and what the last tiles brought."""

import numpy as np
import pytest

from labeling.models import Audit, AuditTile, Campaign, Card, Learner, Sweep
from labeling.rounds import advice, labels, measuring
from labeling.rounds.measuring import Audited, judged
from search.models import Dataset
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


def make_audit(campaign: Campaign, known: dict[int, bool], keys: list[int], tiles: int) -> Audit:
    """Of one stratum of so many tiles; none has an answer yet."""
    sweep = Sweep.objects.create(campaign=campaign, number=1, classifier="none", status="ready")
    strata = [{"low": 0.0, "high": 1.0, "seen": False, "tiles": tiles, "drawn": len(keys), "expected": 0.1}]
    audit = Audit.objects.create(sweep=sweep, who="host", strata=strata, seed=1)
    sweep.folder.mkdir(parents=True, exist_ok=True)
    nothing = np.empty(0)
    np.savez(
        audit.known_path, keys=nothing.astype(np.int64), scores=nothing, positive=nothing.astype(bool), seen=nothing
    )
    for position, key in enumerate(keys):
        card = Card.objects.create(campaign=campaign, key=key, held_out=True, target=1, why="audit")
        AuditTile.objects.create(audit=audit, card=card, key=key, score=0.4, stratum=0, position=position)
    return audit


def test_a_complete_audit_judges_what_was_not_trained_on_its_ground(taught: Campaign, known: dict[int, bool]) -> None:
    drawn = [key for key in some(known, 40, 60) if not taught.cards.filter(key=key).exists()]
    make_audit(taught, known, drawn, 1500)
    before = make_round(taught)
    assert "labelled tiles" in before.metrics["measured_on"]
    answer(taught, known)
    one = make_round(taught)
    assert "drawn at random" in one.metrics["measured_on"]
    assert one.metrics["tiles"] == len(drawn)
    assert one.metrics["positives"] == sum(known[key] for key in drawn)
    for name in ("f1", "precision", "recall"):
        value, low, high = one.metrics[name]
        assert 0 <= low <= value <= high <= 1
    assert "labelled tiles" in one.metrics["cross_validated"]["measured_on"]
    lesson = labels.lesson(Learner.of(taught))
    assert not labels.places.touching(taught.dataset, lesson.labels.keys, np.array(drawn)).any()


def test_an_audit_of_one_stratum_counts_as_it_was_drawn() -> None:
    positive = np.array([True] * 4 + [False] * 6)
    said = np.array([True, True, True, False, True] + [False] * 5)
    found = judged(Audited(np.arange(10), positive, np.zeros(10, np.int64), [1000]), said)
    assert found["precision"][0] == found["recall"][0] == found["f1"][0] == 0.75  # type: ignore[index]


def test_strata_weigh_as_much_as_they_have_tiles() -> None:
    """One missed tile of a band of 900 outweighs nine found ones of a band of 9."""
    strata = np.array([0] * 9 + [1] * 9)
    positive, said = np.array([True] * 9 + [True] + [False] * 8), np.array([True] * 9 + [False] * 9)
    found = judged(Audited(np.arange(18), positive, strata, [9, 900]), said)
    assert found["recall"][0] == round(9 / 109, 4)  # type: ignore[index]
    assert found["precision"][0] == 1.0  # type: ignore[index]


def test_a_stretch_without_a_find_advises_to_look_whether_any_is_missing(
    taught: Campaign, known: dict[int, bool]
) -> None:
    nothing = dict.fromkeys(known, False)
    Learner.objects.update(batch=40, mix={"likely": 1, "unsure": 0, "diverse": 0, "random": 0})
    make_round(taught)
    assert said(taught)["code"] == "wait"
    answer(taught, nothing)
    told = said(taught)
    assert (told["code"], told["asked"], told["found"]) == ("dry", 40, 0)


def test_what_further_labels_bring_is_expected_from_the_last_ones(taught: Campaign, known: dict[int, bool]) -> None:
    Learner.objects.update(batch=20, mix={"likely": 1, "unsure": 0, "diverse": 0, "random": 0})
    make_round(taught)
    answer(taught, known)
    told = said(taught)
    found = taught.cards.filter(round__isnull=False, label__code="yes").count()
    value, low, high = told["per_hundred"]  # type: ignore[misc]
    assert told["code"] == "go_on"
    assert value == pytest.approx(100 * found / 20)
    assert low < value < high or value == 100


def said(campaign: Campaign) -> dict[str, object]:
    learner = Learner.of(campaign)
    return advice.advise(learner, labels.counts(learner), campaign.rounds.last())


def test_without_enough_labels_it_says_how_many_there_are(world: Dataset, known: dict[int, bool]) -> None:
    campaign = make_learning(world, some(known, 2, 3))
    answer(campaign, known)
    assert said(campaign)["text"] == "A classifier is trained from 5 yes and 5 no labels; there are 2 and 3."


def test_an_audit_without_a_find_judges_nothing(taught: Campaign, known: dict[int, bool]) -> None:
    audit = make_audit(taught, known, [key for key, one in known.items() if not one][100:110], 100)
    answer(taught, known)
    assert measuring.audited(Learner.of(taught), audit) is None


@pytest.mark.parametrize(("yes", "tiles", "code"), [(20, 60, "stop"), (20, 1500, "go_on")])
def test_a_complete_audit_advises_until_the_next_round(
    taught: Campaign, known: dict[int, bool], yes: int, tiles: int, code: str
) -> None:
    one = make_round(taught)
    drawn = [key for key in some(known, yes + 10, 60) if not taught.cards.filter(key=key).exists()][:60]
    audit = make_audit(taught, known, drawn, max(tiles, len(drawn)))
    Sweep.objects.update(round=one)
    assert "sweep" not in said(taught)
    answer(taught, known)
    assert (said(taught)["code"], said(taught)["sweep"]) == (code, audit.sweep.number)
    make_round(taught)
    assert "sweep" not in said(taught)
