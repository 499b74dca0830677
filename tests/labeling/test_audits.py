"""How many are missing: drawn blind, estimated, and true."""

from typing import Any

import numpy as np
import pytest

from labeling import audits, dealing, settling
from labeling.audits import drawing, estimating
from labeling.audits.population import OUTSIDE, SEEN, Population
from labeling.errors import BadSweep, NoSuchSweep, SweepUnready
from labeling.models import Audit, Campaign, Sweep
from labeling.phone.showing import Shower
from labeling.sweeps import answering, found
from labeling.sweeps.found import Asked
from search import keys
from search.models import Dataset
from tests.campaigns import make_campaign, make_people
from tests.sweeping import make_sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(world: Dataset) -> Campaign:
    return make_campaign(world, 0)


def chance(packed: np.ndarray) -> np.ndarray:
    """(n,) a calibrated score for each tile: mostly low, without any order."""
    return (((packed * 2654435761) % 99991 / 99991) ** 4).astype(np.float32)


def truth(packed: np.ndarray, seed: int = 0) -> np.ndarray:
    """(n,) bool: positives, as often as the scores say."""
    lots = np.array([np.random.default_rng((seed, key)).random() for key in packed.tolist()])
    found: np.ndarray = lots < chance(packed)
    return found


@pytest.fixture
def sweep(campaign: Campaign) -> Sweep:
    return make_sweep(campaign, chance)


def every_key(sweep: Sweep) -> np.ndarray:
    return found.best(sweep, Asked(), limit=5000).keys


def answer(audit: Audit, seed: int = 0, **codes: str) -> None:
    """By the host, all of them, as the truth is."""
    for code, wanted in (("yes", True), ("no", False)):
        cards = [card for card in audits.cards(audit) if truth(np.array([card.key]), seed)[0] == wanted]
        if cards:
            word = audit.sweep.campaign.answers.get(code=codes.get(code, code))
            settling.decide([card.pk for card in cards], word, None)


def test_tiles_are_drawn_from_every_band_and_become_cards(campaign: Campaign, sweep: Sweep) -> None:
    audit, is_new = audits.draw(sweep, 200, "host", seed=1)
    told = audits.describe(audit)
    assert (is_new, told["status"], told["tiles"], told["labelled"]) == (True, "labelling", 200, 0)
    assert sum(band["tiles"] for band in told["bands"]) == 2000
    assert all(one["drawn"] >= min(10, one["tiles"]) for one in audit.strata)
    assert (told["total"], told["advice"]["code"]) == (None, "label")
    assert campaign.cards.filter(held_out=True, host_only=True, why="audit").count() == 200


def test_a_sweep_has_one_audit(sweep: Sweep) -> None:
    first, _ = audits.draw(sweep, 50, "host")
    again, is_new = audits.draw(sweep, 100, "phones")
    assert (again.pk, is_new, again.tiles.count()) == (first.pk, False, 50)


def test_labelled_tiles_are_counted_and_never_drawn(campaign: Campaign, sweep: Sweep) -> None:
    labelled = every_key(sweep)[:300]
    answering.label(campaign, labelled[:200].tolist(), "yes", None)
    answering.label(campaign, labelled[200:].tolist(), "no", None)
    audit, _ = audits.draw(sweep, 100, "host", seed=2)
    assert not set(audit.tiles.values_list("key", flat=True)) & set(labelled.tolist())
    assert sum(one["tiles"] for one in audit.strata) == 1700
    for card in audits.cards(audit):
        settling.decide([card.pk], campaign.answers.get(code="no"), None)
    told = audits.describe(audit)
    assert (told["status"], told["total"][0], told["missing"][0]) == ("complete", 200, 0)
    assert told["recall"][0] == 1
    assert told["recall"][1] < 1


def test_places_that_were_seen_are_strata_of_their_own(campaign: Campaign, sweep: Sweep, world: Dataset) -> None:
    """A labelled tile of January: its March, its four quarters in both months, and nothing else."""
    one = next(key for key in every_key(sweep).tolist() if keys.unpack(key).level == 4)
    answering.label(campaign, [one], "yes", None)
    population = Population.of(sweep, np.array([one]))
    seen = sum(int((kinds == SEEN).sum()) for kinds in population.kinds)
    outside = sum(int((kinds == OUTSIDE).sum()) for kinds in population.kinds)
    assert (seen, outside) == (1 + 2 * 4, 1)
    audit, _ = audits.draw(sweep, 200, "host", seed=3)
    assert sum(band["tiles"] for band in audit.strata if band["seen"]) == 9


def test_the_estimate_holds_the_truth(campaign: Campaign, sweep: Sweep) -> None:
    """20 campaigns' worth of draws and truths: total, recall, precision and missing, at least 17 times each."""
    packed, held = every_key(sweep), dict.fromkeys(("total", "recall", "precision", "missing"), 0)
    scores = chance(packed)
    for seed in range(20):
        Audit.objects.all().delete()
        campaign.cards.all().delete()
        audit, _ = audits.draw(sweep, 200, "host", seed=seed)
        answer(audit, seed)
        positive = truth(packed, seed)
        known = np.isin(packed, list(audit.tiles.values_list("key", flat=True)))
        taken = (scores >= 0.5) & ~known | known & positive
        right = {
            "total": positive.sum(), "recall": positive[taken].sum() / positive.sum(),
            "precision": positive[taken].mean(), "missing": positive[~taken].sum(),
        }  # fmt: skip
        told = audits.describe(audit)
        for name, value in right.items():
            held[name] += told[name][1] <= value <= told[name][2]
    assert all(times >= 17 for times in held.values()), held


def test_any_threshold_may_be_asked_about(sweep: Sweep) -> None:
    audit, _ = audits.draw(sweep, 300, "host", seed=4)
    answer(audit)
    low, high = audits.describe(audit, 0.1), audits.describe(audit, 0.9)
    assert low["recall"][0] > high["recall"][0]
    assert low["precision"][0] < high["precision"][0]
    assert low["total"][0] == pytest.approx(high["total"][0], rel=0.2)
    packed = every_key(sweep)
    strata = estimating.strata_of(audit, estimating.answers(audit), estimating.known(audit), 0.3)
    assert sum(stratum.above[0] for stratum in strata) == (chance(packed) >= 0.3).sum()


def test_the_classifier_is_judged_on_unseen_places(campaign: Campaign, sweep: Sweep) -> None:
    packed = every_key(sweep)
    answering.label(campaign, packed[:20].tolist(), "yes", None)
    audit, _ = audits.draw(sweep, 400, "host", seed=5)
    answer(audit)
    told = audits.describe(audit)["unseen"]
    population = Population.of(sweep, np.sort(packed[:20]))
    fresh = np.concatenate(
        [one.keys[kinds == 0] for one, kinds in zip(population.parts, population.kinds, strict=True)]
    )
    over = chance(fresh) >= 0.5
    assert told["precision"][1] <= truth(fresh)[over].mean() <= told["precision"][2]
    assert told["recall"][1] <= truth(fresh)[over].sum() / truth(fresh).sum() <= told["recall"][2]


def test_answers_that_say_nothing_count_as_not_audited(sweep: Sweep) -> None:
    audit, _ = audits.draw(sweep, 200, "host", seed=6)
    answer(audit, no="unsure")
    told = audits.describe(audit)
    yes = sum(truth(np.array([key]))[0] for key in audit.tiles.values_list("key", flat=True))
    assert (told["status"], told["unsure"]) == ("complete", 200 - yes)
    assert sum(band["audited"] for band in told["bands"]) == yes
    assert "neither yes nor no" in told["method"]


def test_what_is_found_after_the_draw_is_missing_no_more(campaign: Campaign, sweep: Sweep) -> None:
    audit, _ = audits.draw(sweep, 300, "host", seed=10)
    answer(audit)
    before, packed = audits.describe(audit), every_key(sweep)
    drawn = np.isin(packed, list(audit.tiles.values_list("key", flat=True)))
    more = packed[(chance(packed) < 0.5) & ~drawn & truth(packed)][:20]
    answering.label(campaign, more.tolist(), "yes", None)
    above = packed[(chance(packed) >= 0.5) & ~drawn & truth(packed)][:5]
    answering.label(campaign, above.tolist(), "yes", None)
    after = audits.describe(audit)
    assert after["missing"][0] == pytest.approx(before["missing"][0] - 20)
    assert after["total"] == before["total"]
    assert after["recall"][0] == pytest.approx(before["recall"][0] + 20 / before["total"][0])
    truly = truth(packed)
    taken = (chance(packed) >= 0.5) | np.isin(packed, more) | drawn & truly
    assert after["recall"][1] <= truly[taken].sum() / truly.sum() <= after["recall"][2]


def test_half_an_audit_says_that_it_is_half(sweep: Sweep) -> None:
    audit, _ = audits.draw(sweep, 200, "host", seed=7)
    cards = list(audits.cards(audit)[:100])
    settling.decide([card.pk for card in cards], sweep.campaign.answers.get(code="no"), None)
    told = audits.describe(audit)
    assert (told["status"], told["labelled"]) == ("labelling", 100)
    assert told["advice"]["text"].startswith("So far")


def test_phones_do_not_get_the_hosts_audit(campaign: Campaign, sweep: Sweep) -> None:
    [person] = make_people(campaign, 1)
    audits.draw(sweep, 30, "host")
    assert dealing.deal(person, 10) == []


def test_phones_get_their_audit_before_all_else_and_no_score(campaign: Campaign, sweep: Sweep) -> None:
    packed = every_key(sweep)
    answering.ask(campaign, packed[:10].tolist())
    [person] = make_people(campaign, 1)
    audit, _ = audits.draw(sweep, 30, "phones")
    dealt = dealing.deal(person, 20)
    mine = set(audit.tiles.values_list("key", flat=True))
    assert len(dealt) == 20
    assert all(card.key in mine for card in dealt)
    shown = Shower(campaign).cards(dealt)
    assert {name for card in shown for name in card} == {"id", "image", "date"}


def test_the_order_of_an_audit_tells_nothing(sweep: Sweep) -> None:
    audit, _ = audits.draw(sweep, 400, "host", seed=8)
    scores = np.array(list(audit.tiles.order_by("position").values_list("score", flat=True)))
    assert abs(np.corrcoef(np.arange(400), scores)[0, 1]) < 0.15
    positions = list(audits.cards(audit).values_list("position", flat=True))
    assert positions == sorted(positions)


def test_nobody_sees_the_score_of_a_tile_that_an_audit_waits_for(campaign: Campaign, sweep: Sweep) -> None:
    audit, _ = audits.draw(sweep, 100, "host", seed=9)
    waiting = set(audit.tiles.values_list("key", flat=True))
    page = answering.queue(sweep, "top", 0.5, limit=2000)
    assert not waiting & set(page.keys.tolist())
    assert set(found.blind(campaign).tolist()) == waiting
    answer(audit)
    assert len(found.blind(campaign)) == 0


def test_an_audit_is_drawn_of_a_sweep_that_has_ended(campaign: Campaign, sweep: Sweep) -> None:
    Sweep.objects.filter(pk=sweep.pk).update(status="running")
    sweep.refresh_from_db()
    with pytest.raises(SweepUnready, match="wait for the end"):
        audits.draw(sweep, 100, "host")
    with pytest.raises(NoSuchSweep, match="has no audit yet"):
        audits.existing(sweep)


def test_nothing_is_missing_where_everything_has_a_label(campaign: Campaign, sweep: Sweep) -> None:
    answering.label(campaign, every_key(sweep).tolist(), "no", None)
    with pytest.raises(BadSweep, match="nothing can be missing"):
        audits.draw(sweep, 100, "host")


def test_an_audit_larger_than_what_there_is_takes_all(sweep: Sweep) -> None:
    audit, _ = audits.draw(sweep, 5000, "host")
    answer(audit)
    told = audits.describe(audit)
    assert audit.tiles.count() == 2000
    assert told["total"] == [truth(every_key(sweep)).sum()] * 3
    assert told["recall"] == [1, 1, 1]


def advice_of(recall: Any, missing: Any, per_find: Any, code: str) -> str:
    from types import SimpleNamespace
    from unittest.mock import patch

    found_ = SimpleNamespace(recall=recall, missing=missing)
    with patch.object(estimating, "advise", lambda *_: SimpleNamespace(code=code, labels_per_find=per_find)):
        return estimating.advice([], found_, complete=True)["text"]  # type: ignore[arg-type]


def test_advice_is_a_sentence() -> None:
    assert advice_of((0.97, 0.95, 0.99), (3, 1, 5), (40, 20, 90), "enough") == (
        "About 97 % are found (95 % to 99 %); 3 may be missing (1 to 5). You can stop. "
        "Below the threshold, one in about 40 tiles is a further find."
    )
    assert "none below the threshold" in advice_of((1, 0.9, 1), (0, 0, 9), None, "audit more")


def test_a_tile_that_waits_for_votes_is_drawn_as_well(campaign: Campaign, sweep: Sweep) -> None:
    packed = every_key(sweep)
    answering.ask(campaign, packed.tolist())
    audit, _ = audits.draw(sweep, 40, "host")
    assert campaign.cards.count() == 2000
    assert campaign.cards.filter(held_out=True, host_only=True).count() == 40
    assert drawing.of(sweep) == audit
