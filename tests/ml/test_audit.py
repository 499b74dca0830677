"""How many are still missing, and how sure that is."""

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from ml import audit
from ml.audit import Stratum
from ml.errors import BadAudit


def make_population(
    n: int, positives: int, apart: float, random: np.random.Generator, *, unseen: float = 0.0, bent: float = 1.0
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Truth (n,) and scores (n,). apart: how well they tell; unseen: share of positives that look like the others;
    bent: the scores' slope, over-confident above 1."""
    truth = np.arange(n) < positives
    known = truth & (random.random(n) >= unseen)
    value = random.normal(size=n) + apart * known
    odds = apart * value - apart**2 / 2 + np.log(positives / (n - positives))
    return truth, 1 / (1 + np.exp(-bent * odds))


class Held(NamedTuple):
    """Whether each interval held the truth."""

    total: bool
    precision: bool
    recall: bool
    missing: bool


def audited(
    truth: NDArray[np.bool_], scores: NDArray[np.float64], budget: int, random: np.random.Generator, known: int = 0
) -> tuple[audit.Estimate, audit.Estimate]:
    """What an audit estimates, and the truth in the same shape."""
    edges = audit.bands([scores], cuts=[0.5])
    band = audit.band_of(scores, edges)
    tiles = np.bincount(band, minlength=len(edges) - 1)
    expected = np.bincount(band, scores, len(tiles)) / np.maximum(tiles, 1)
    rows = audit.draw([band], audit.allocate(tiles.tolist(), expected.tolist(), budget), random)
    over = scores >= 0.5
    strata = audit.stratify(edges, tiles.tolist(), scores[rows], truth[rows], threshold=0.5, above=int(over.sum()))
    taken = over.copy()
    taken[rows] = truth[rows]
    found, total = known + (truth & taken).sum(), known + truth.sum()
    exact = [total, found / max(known + taken.sum(), 1), found / total, total - found]
    return audit.estimate(strata, threshold=0.5, known=known), audit.Estimate(*[(x, x, x) for x in exact], 0.5)


def held(estimated: audit.Estimate, exact: audit.Estimate) -> Held:
    pairs = zip(estimated[:4], exact[:4], strict=True)
    return Held(*(low - 1e-9 <= truth[0] <= high + 1e-9 for (_, low, high), truth in pairs))


REGIMES = {
    "one in 25": (12_800, 517, 3.0, 0.0, 1.0),
    "told apart badly": (12_800, 517, 1.5, 0.0, 1.0),
    "a fifth looks like the others": (12_800, 517, 3.0, 0.2, 1.0),
    "over-confident scores": (12_800, 517, 3.0, 0.1, 2.0),
    "20 in all": (12_800, 20, 3.0, 0.1, 1.0),
    "one in 300": (100_000, 300, 4.0, 0.05, 1.0),
    "common": (5000, 2000, 2.0, 0.0, 1.0),
}


@pytest.mark.parametrize("regime", REGIMES)
def test_intervals_hold_the_truth_as_often_as_they_say(regime: str) -> None:
    n, positives, apart, unseen, bent = REGIMES[regime]
    random, results = np.random.default_rng(1), list[Held]()
    for number in range(60):
        if number % 10 == 0:
            population = make_population(n, positives, apart, random, unseen=unseen, bent=bent)
        results.append(held(*audited(*population, 200, random)))
    assert np.mean(results, axis=0).min() >= 0.9  # 95 % is promised; 17 of 20 is the bar


def test_more_labels_make_narrower_intervals() -> None:
    random = np.random.default_rng(2)
    population = make_population(12_800, 517, 3.0, random)
    widths = []
    for budget in (100, 400, 1600):
        found = [audited(*population, budget, random)[0].recall for _ in range(8)]
        widths.append(np.mean([high - low for _, low, high in found]))
    assert widths[0] > 1.3 * widths[1] > 1.3**2 * widths[2]


def test_the_estimator_is_unbiased() -> None:
    random = np.random.default_rng(3)
    population = make_population(5000, 400, 2.0, random)
    found = [audited(*population, 300, random)[0].total[0] for _ in range(80)]
    assert np.mean(found) == pytest.approx(400, abs=4 * np.std(found) / 80**0.5)


def test_a_whole_population_that_was_audited_leaves_no_doubt() -> None:
    found = audit.estimate([Stratum(50, 50, 3, high=0.5), Stratum(10, 10, 8, low=0.5)], threshold=0.5, known=4)
    assert (found.total, found.recall, found.precision) == ((15, 15, 15), (1, 1, 1), (1, 1, 1))
    assert found.missing == (0, 0, 0)


def test_the_values_are_the_stratified_expansion() -> None:
    strata = [Stratum(1000, 50, 1, high=0.5), Stratum(100, 50, 40, low=0.5)]
    found = audit.estimate(strata, threshold=0.5, known=10)
    below, above, seen = 950 / 50, 50 * 40 / 50, 10 + 41
    assert found.total[0] == pytest.approx(seen + below + above)
    assert found.recall[0] == pytest.approx((seen + above) / (seen + below + above))
    assert found.precision[0] == pytest.approx((seen + above) / (seen + 50))
    assert found.missing[0] == pytest.approx(below)


def test_finding_nothing_is_not_knowing_that_there_is_nothing() -> None:
    """The rule of three: 3 / n of the tiles may be positives."""
    found = audit.estimate([Stratum(100_000, 100, 0, high=0.5)], threshold=0.5, known=100)
    assert found.missing[:2] == (0, 0)
    assert found.missing[2] == pytest.approx(100_000 * 0.03, rel=0.1)


def test_strata_without_a_find_do_not_add_up_to_phantoms() -> None:
    whole = audit.estimate([Stratum(100_000, 100, 0, high=0.5)], threshold=0.5, known=100)
    split = audit.estimate([Stratum(10_000, 10, 0, high=0.5)] * 10, threshold=0.5, known=100)
    assert split.missing[2] < 1.1 * whole.missing[2]


def test_a_stratum_that_nobody_has_looked_at_may_hold_anything() -> None:
    found = audit.estimate([Stratum(100, 0, 0, high=0.5, expected=0.1), Stratum(10, 10, 9, low=0.5)], threshold=0.5)
    assert found.missing == (pytest.approx(10), 0, 100)


def test_a_threshold_inside_a_stratum_parts_its_tiles() -> None:
    whole = Stratum(1000, 100, 50, low=0.4, high=0.6, above=(400, 40, 30))
    found = audit.estimate([whole], threshold=0.5)
    assert found.total[0] == pytest.approx(500)
    assert found.missing[0] == pytest.approx(540 / 2)
    assert found.precision[0] == pytest.approx((50 + 180) / (50 + 360))


def test_a_band_that_the_threshold_parts_is_told_so() -> None:
    scores, positive = np.array([0.1, 0.45, 0.55, 0.9]), np.array([False, False, True, True])
    low, middle, high = audit.stratify([0, 0.4, 0.6, 1], [70, 20, 10], scores, positive, threshold=0.5, above=18)
    assert (low.above, middle.above, high.above) == ((0, 0, 0), (8, 1, 1), (10, 1, 1))
    assert (middle.tiles, middle.audited, middle.positives) == (20, 2, 1)


def test_counts_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(BadAudit, match="5 positives in 3 of 10"):
        Stratum(10, 3, 5)


def test_bands_part_the_sum_of_deviations_evenly() -> None:
    scores = make_population(50_000, 3000, 2.5, np.random.default_rng(0))[1]
    edges = audit.bands([scores[:20_000], scores[20_000:]], 8)
    sums = np.bincount(audit.band_of(scores, edges), audit.deviation(scores))
    assert (len(edges), edges[0], edges[-1]) == (9, 0, 1)
    assert sums == pytest.approx(np.full(8, sums.mean()), rel=0.1)


def test_the_threshold_is_an_edge() -> None:
    edges = audit.bands([np.random.default_rng(0).random(1000)], 4, cuts=[0.437])
    assert 0.437 in edges
    assert edges == sorted(set(edges))


def test_equal_scores_stay_together() -> None:
    assert audit.bands([np.full(1000, 0.25)], 8) == [0, 1]


def test_nothing_to_audit_is_said() -> None:
    with pytest.raises(BadAudit, match="no tile of the archive is unlabelled"):
        audit.bands([np.empty(0)])


def test_allocation_is_neymans() -> None:
    assert audit.allocate([1000, 1000], [0.5, 0.1], 80, least=0) == [50, 30]  # S_h: 0.5 and 0.3


def test_every_stratum_is_looked_at_and_none_beyond_its_tiles() -> None:
    taken = audit.allocate([100_000, 500, 4, 0], [0.0001, 0.5, 0.9, 0.5], 200)
    assert sum(taken) == 200
    assert taken[2:] == [4, 0]
    assert min(taken[:2]) >= 10


def test_a_small_budget_is_shared() -> None:
    assert audit.allocate([1000] * 5, [0.1] * 5, 7) == [2, 2, 1, 1, 1]


def test_a_budget_beyond_all_tiles_takes_all_of_them() -> None:
    assert audit.allocate([3, 0, 5], [0.1, 0.1, 0.1], 100) == [3, 0, 5]


@pytest.mark.parametrize("seed", range(20))
def test_allocation_always_adds_up(seed: int) -> None:
    random = np.random.default_rng(seed)
    tiles = (random.random(8) ** 6 * 10_000).astype(int).tolist()
    taken = audit.allocate(tiles, random.random(8).tolist(), 200)
    assert sum(taken) == min(200, sum(tiles))
    assert all(0 <= n <= size for n, size in zip(taken, tiles, strict=True))


def test_each_tile_of_a_stratum_is_drawn_as_often() -> None:
    strata = np.array([0] * 10 + [1] * 5 + [-1] * 5)
    random, counts = np.random.default_rng(0), np.zeros(20)
    for _ in range(2000):
        rows = audit.draw([strata[:7], strata[7:]], [3, 1], random)
        assert len(set(rows.tolist())) == 4
        counts[rows] += 1
    assert counts[:10] / 2000 == pytest.approx(np.full(10, 0.3), abs=0.05)
    assert counts[10:15] / 2000 == pytest.approx(np.full(5, 0.2), abs=0.05)
    assert not counts[15:].any()


def test_a_seed_draws_the_same_tiles_however_the_archive_is_cut() -> None:
    strata = np.random.default_rng(0).integers(0, 3, 1000)
    whole, cut = (audit.draw(blocks, [5, 5, 5], np.random.default_rng(4)) for blocks in ([strata], np.split(strata, 8)))
    assert whole.tolist() == cut.tolist()
    assert strata[whole].tolist() == [0] * 5 + [1] * 5 + [2] * 5


def test_more_than_there_are_cannot_be_drawn() -> None:
    with pytest.raises(BadAudit, match="Stratum 1 has 2 tiles, 3 were to be drawn"):
        audit.draw([np.array([0, 1, 1])], [1, 3], np.random.default_rng(0))


LOW = [Stratum(10_000, 100, 0, high=0.1), Stratum(1000, 100, 2, low=0.1, high=0.5)]
TOP = Stratum(500, 100, 98, low=0.5)


def test_advice_counts_the_labels_that_the_next_find_costs() -> None:
    found = audit.estimate([*LOW, TOP], threshold=0.5)
    labels = audit.advise([*LOW, TOP], found).labels_per_find
    assert labels is not None
    assert labels[0] == pytest.approx(50)
    assert labels[1] < 50 < labels[2]


@pytest.mark.parametrize(
    ("known", "top", "code"),
    [(100_000, TOP, "enough"), (1000, TOP, "audit more"), (0, Stratum(20, 10, 9, low=0.5), "go on")],
)
def test_advice_is_about_the_recall_that_is_sure(known: int, top: Stratum, code: str) -> None:
    strata = [*LOW, top]
    assert audit.advise(strata, audit.estimate(strata, threshold=0.5, known=known)).code == code


def test_nothing_found_below_the_threshold_gives_no_price() -> None:
    strata = [LOW[0], TOP]
    assert audit.advise(strata, audit.estimate(strata, threshold=0.5)).labels_per_find is None
