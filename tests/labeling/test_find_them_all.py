"""The whole way on real imagery: labels, rounds, the sweep, a blind audit, and what it says against what is true."""

import json

import numpy as np
import pytest

from labeling import audits, exporting
from labeling.models import Campaign, Sweep
from labeling.rounds import labels
from labeling.sweeps import answering, found, running, starting
from search.models import Dataset
from tests.learning import answer, make_learning, make_round, some, truth

pytestmark = pytest.mark.django_db
Known = dict[int, bool]


@pytest.fixture
def known(world: Dataset) -> Known:
    """160 of 1,600 tiles are ones: two months, level 5."""
    return truth(world)


@pytest.fixture
def campaign(world: Dataset, known: Known) -> Campaign:
    """20 labels and three rounds."""
    made = make_learning(world, some(known, 8, 12), batch=20)
    answer(made, known)
    for _ in range(3):
        make_round(made)
        answer(made, known)
    return made


def swept(campaign: Campaign) -> Sweep:
    sweep, _ = starting.begin(campaign, background=False)
    for part in sweep.parts.select_related("sweep__campaign__dataset"):
        running.run_here(part)
    sweep.refresh_from_db()
    assert sweep.status == "ready"
    return sweep


def label(campaign: Campaign, known: Known, keys: list[int]) -> None:
    for code, wanted in (("yes", True), ("no", False)):
        answering.label(campaign, [key for key in keys if known[key] == wanted], code, None)


def right(sweep: Sweep, known: Known) -> dict[str, float]:
    """Total, recall, precision and missing of the collection as it is."""
    mine = sweep.campaign.cards.filter(label__code="yes").values_list("key", flat=True)
    noes = set(sweep.campaign.cards.filter(label__code="no").values_list("key", flat=True))
    above = found.best(sweep, found.Asked(least=sweep.threshold), limit=5000).keys.tolist()
    taken = set(mine) | (set(above) - noes)
    ones = {key for key, one in known.items() if one}
    hits = len(ones & taken)
    return {
        "total": len(ones), "recall": hits / len(ones), "precision": hits / len(taken), "missing": len(ones) - hits,
    }  # fmt: skip


def test_the_audit_of_a_learnt_classifier_holds_the_truth(campaign: Campaign, known: Known) -> None:
    sweep = swept(campaign)
    audit, _ = audits.draw(sweep, 150, "host", seed=0)
    label(campaign, known, list(audit.tiles.values_list("key", flat=True)))
    told, true = audits.describe(audit), right(sweep, known)
    assert told["status"] == "complete"
    assert {name: told[name][1] <= true[name] <= told[name][2] for name in true} == dict.fromkeys(true, True)


def test_reviewing_the_queue_finds_what_is_missing(campaign: Campaign, known: Known) -> None:
    sweep = swept(campaign)
    audit, _ = audits.draw(sweep, 150, "host", seed=1)
    label(campaign, known, list(audit.tiles.values_list("key", flat=True)))
    before = audits.describe(audit)
    label(campaign, known, answering.queue(sweep, "top", 0.5, limit=300).keys.tolist())
    after, true = audits.describe(audit), right(sweep, known)
    assert after["recall"][0] >= before["recall"][0]
    assert after["recall"][1] <= true["recall"] <= after["recall"][2]
    assert after["missing"][1] <= true["missing"] <= after["missing"][2]


def test_what_an_audit_drew_never_trains(campaign: Campaign, known: Known) -> None:
    sweep = swept(campaign)
    audit, _ = audits.draw(sweep, 150, "host", seed=2)
    drawn = list(audit.tiles.values_list("key", flat=True))
    label(campaign, known, drawn)
    lesson = labels.lesson(campaign.learner)
    assert not set(lesson.labels.keys.tolist()) & set(drawn)
    make_round(campaign)
    assert not campaign.rounds.last().choices.filter(key__in=drawn).exists()


def test_the_phones_label_an_audit(campaign: Campaign, known: Known) -> None:
    audit, _ = audits.draw(swept(campaign), 40, "phones", seed=3)
    while audits.describe(audit)["status"] == "labelling":
        assert answer(campaign, known, most=20)
    told = audits.describe(audit)
    assert (told["labelled"], told["unsure"]) == (40, 0)
    assert told["total"][1] <= 160 <= told["total"][2]


def test_the_collection_is_what_was_found(campaign: Campaign, known: Known) -> None:
    sweep = swept(campaign)
    label(campaign, known, answering.queue(sweep, "top", 0.5, limit=200).keys.tolist())
    rows = exporting.Collection(campaign, sweep, sweep.threshold)
    text = "".join(str(part) for part in exporting.FORMATS["tiles.geojson"].write(rows))
    features = json.loads(text)["features"]
    ones = [feature for feature in features if feature["properties"].get("label") == "yes"]
    assert all(known[int(feature["id"])] for feature in ones)
    assert len(ones) == campaign.cards.filter(label__code="yes").count() > 120
    assert {feature["properties"]["classifier"] for feature in features} == {sweep.version}


def test_a_hosts_word_reaches_the_next_sweep(campaign: Campaign, known: Known) -> None:
    first = swept(campaign)
    label(campaign, known, answering.queue(first, "threshold", first.threshold, limit=60).keys.tolist())
    make_round(campaign)
    second = swept(campaign)
    assert (second.number, second.round.number) == (2, first.round.number + 1)
    ones = np.array([key for key, one in known.items() if one])
    assert share_above(second, ones) >= share_above(first, ones) - 0.05


def share_above(sweep: Sweep, keys: np.ndarray) -> float:
    above = found.best(sweep, found.Asked(least=0.5), limit=5000).keys
    return float(np.isin(keys, above).mean())
