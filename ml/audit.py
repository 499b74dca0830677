"""How many are still missing: a random audit, stratified by score, of what nobody has labelled.

The audited tiles are drawn without replacement and with equal chances inside each stratum (a band of scores, or any
finer partition), labelled blind, and never trained on. What they say holds for the population they were drawn from,
however wrong the classifier's probabilities are: these only decide where to look (Cochran 1977, Sampling Techniques,
3rd ed., chapter 5).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadAudit

Floats = NDArray[np.floating]
Counts = NDArray[np.int64]
DOUBT = 0.005  # share of positives below which no calibrated score is believed when an audit is planned
_BINS = 2000
_STEEP = 12.0  # log-odds beyond which scores are not told apart
_DRAWS = 8000
_LIMITS = (0.025, 0.975)
_RULE_OF_THREE = 0.7  # its Beta(0.7, n) has 97.5 % below 3 / n
METHOD = (
    "Stratified random sample of unlabelled tiles, drawn without replacement and labelled blind. Values: stratified "
    "expansion estimator (Cochran 1977, eq. 5.1). 95 % intervals: simulated positives among the unaudited tiles, with "
    "shares from beta laws of each stratum's audit; strata without a find count together, by the rule of three."
)


@dataclass(frozen=True)
class Stratum:
    """tiles: of the population; audited: of those, labelled; positives: of those, what one looks for.

    low, high: its scores.  expected: mean calibrated score, None if unknown.
    above: (tiles, audited, positives) among them with a score at or above the threshold; None: all of them where low
    is at or above it, else none.
    """

    tiles: int
    audited: int
    positives: int
    low: float = 0.0
    high: float = 1.0
    expected: float | None = None
    above: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.positives <= self.audited <= self.tiles:
            raise BadAudit(
                f"An audit found {self.positives} positives in {self.audited} of {self.tiles} tiles: count them again."
            )


Interval = tuple[float, float, float]  # value, low, high


class Estimate(NamedTuple):
    """total: positives in all, known ones included.  missing: of those, what is in no list yet.

    precision, recall: of the collection: known positives, audited positives, unaudited tiles at or above the threshold.
    """

    total: Interval
    precision: Interval
    recall: Interval
    missing: Interval
    threshold: float
    method: str = METHOD


def share(part: Interval, rest: Interval, *, nothing: float) -> Interval:
    """part / (part + rest); each end takes the ends of both that move it furthest, so with at least 95 % it holds the
    truth.  nothing: what 0 / 0 is."""
    value, low, high = (
        a / (a + b) if a + b > 0 else nothing for a, b in ((part[i], rest[j]) for i, j in ((0, 0), (1, 2), (2, 1)))
    )
    return value, low, high


class Advice(NamedTuple):
    """code: "enough", "go on" or "audit more"; recall and missing as estimated; labels_per_find: [value, low, high]
    expected when one labels down the list of what is below the threshold, None when nothing seems to be missing."""

    code: str
    labels_per_find: Interval | None


def bands(scores: Iterable[Floats], count: int = 8, *, cuts: Sequence[float] = ()) -> list[float]:
    """Edges of about `count` bands of scores: [0, …, 1], with `cuts` (thresholds) among them.

    scores: calibrated probabilities, in blocks of any size.  Each band gets the same sum of standard deviations
    sqrt(p (1 - p)), so that the best sample takes as many tiles of each (Dalenius and Hodges 1959; Cochran 1977,
    section 5A.7). Equal scores are never parted, so there may be fewer.
    """
    weight = np.zeros(_BINS)
    for block in scores:
        wide = np.asarray(block, np.float64)
        weight += np.bincount(_bin(wide), deviation(wide), _BINS)
    if not weight.any():
        raise BadAudit("There is nothing to audit: no tile of the archive is unlabelled.")
    passed = np.cumsum(weight) / weight.sum()
    wanted = np.searchsorted(passed, np.arange(1, count) / count) + 1  # first bin of each band but the lowest
    inner = [first for first in np.unique(wanted) if first < _BINS and 0 < passed[first - 1] < 1]
    edges = {_score(first) for first in inner} | {float(cut) for cut in cuts if 0 < cut < 1}
    return [0.0, *sorted(edges), 1.0]


def deviation(expected: Floats) -> Floats:
    """Standard deviation of a label whose chance is expected (…), doubted below DOUBT and above 1 - DOUBT."""
    p = np.clip(expected, DOUBT, 1 - DOUBT)
    return np.sqrt(p * (1 - p))


def band_of(scores: Floats, edges: Sequence[float]) -> NDArray[np.int16]:
    """The number of each score's band: (n,), from 0. A band holds its lower edge."""
    return np.asarray(np.searchsorted(edges[1:-1], scores, side="right"), np.int16)


def _bin(scores: Floats) -> NDArray[np.intp]:
    """Bins of equal width on the log-odds, where the many low scores lie apart."""
    p = np.clip(scores, 1e-9, 1 - 1e-9)
    odds = np.clip(np.log(p / (1 - p)), -_STEEP, _STEEP)
    return np.asarray(np.minimum((odds + _STEEP) / (2 * _STEEP) * _BINS, _BINS - 1).astype(np.intp))


def _score(number: int) -> float:
    """The lowest score of a bin."""
    return float(1 / (1 + np.exp(_STEEP - number * 2 * _STEEP / _BINS)))


def allocate(tiles: Sequence[int], expected: Sequence[float], budget: int, *, least: int = 10) -> list[int]:
    """How many tiles of each stratum to audit, budget in all (or all there are).

    Neyman's allocation, n_h proportional to N_h S_h (Cochran 1977, eq. 5.26), with S_h of the expected share of
    positives; but at least `least` of each stratum (an equal share where the budget is too small for that), because
    that share is only the classifier's opinion.
    """
    sizes = np.asarray(tiles, np.int64)
    if sizes.sum() <= budget:
        return [int(size) for size in sizes]
    floor = np.minimum(sizes, min(least, budget // max(1, int((sizes > 0).sum()))))
    shares = sizes * deviation(np.asarray(expected, np.float64))
    return [int(n) for n in _filled(floor, sizes, shares, budget)]


def _filled(floor: Counts, ceiling: Counts, shares: Floats, budget: int) -> Counts:
    """Whole numbers between floor and ceiling that add up to budget, as nearly in proportion to shares as can be."""
    free = np.ones(len(floor), bool)
    taken = floor.astype(np.float64)
    while free.any():
        left = budget - taken[~free].sum()
        ideal = np.where(free, left * shares / max(shares[free].sum(), 1e-30), taken)
        low, high = free & (ideal < floor), free & (ideal > ceiling)
        missing, over = (floor - ideal)[low].sum(), (ideal - ceiling)[high].sum()
        fixed = low if missing >= over else high
        taken = np.where(free, ideal, taken)
        if not fixed.any():
            break
        taken[fixed] = np.where(low, floor, ceiling)[fixed]
        free &= ~fixed
    whole = np.floor(taken + 1e-9).astype(np.int64)
    rest = np.argsort(whole - taken, kind="stable")  # the largest remainders first
    rest = rest[whole[rest] < ceiling[rest]]
    whole[rest[: budget - whole.sum()]] += 1
    return whole


def draw(strata: Iterable[NDArray[np.integer]], take: Sequence[int], random: np.random.Generator) -> Counts:
    """Rows of take[h] tiles of each stratum h, drawn without replacement and with equal chances: (sum of take,).

    strata: the stratum of each tile, in blocks; below 0: not to be drawn (labelled already).  Rows count through all
    blocks.  Every tile gets a random number, the smallest of each stratum win: one pass, nothing is kept but these.
    Raises BadAudit when a stratum has fewer tiles.
    """
    best = [(np.empty(0), np.empty(0, np.int64)) for _ in take]  # numbers, rows
    start = 0
    for block in strata:
        numbers = random.random(len(block))
        for h, wanted in enumerate(take):
            rows = np.flatnonzero(block == h)
            both = np.concatenate([best[h][0], numbers[rows]]), np.concatenate([best[h][1], rows + start])
            chosen = np.argsort(both[0], kind="stable")[:wanted]
            best[h] = both[0][chosen], both[1][chosen]
        start += len(block)
    for h, wanted in enumerate(take):
        if len(best[h][1]) < wanted:
            raise BadAudit(f"Stratum {h} has {len(best[h][1])} tiles, {wanted} were to be drawn: draw fewer.")
    return np.concatenate([rows for _, rows in best]) if best else np.empty(0, np.int64)


def stratify(
    edges: Sequence[float],
    tiles: Sequence[int],
    scores: Floats,
    positive: NDArray[np.bool_],
    *,
    threshold: float,
    above: int,
    expected: Sequence[float] | None = None,
) -> list[Stratum]:
    """The strata of an audit by bands, for estimate: tiles (H,) in each band, and of the audited tiles scores (n,) and
    positive (n,).  above: tiles of the whole population with a score at or above the threshold."""
    number = band_of(scores, edges)
    split = int(band_of(np.array([threshold]), edges)[0])
    over = scores >= threshold
    higher = int(sum(tiles[split + 1 :]))
    found = []
    for h, size in enumerate(tiles):
        here = number == h
        parts = (int((here & over).sum()), int((here & over & positive).sum()))
        up = max(0, min(above - higher, size)) if h == split else size * (h > split)
        found.append(
            Stratum(
                size,
                int(here.sum()),
                int((here & positive).sum()),
                edges[h],
                edges[h + 1],
                None if expected is None else expected[h],
                (up, *parts),
            )
        )
    return found


def estimate(strata: Sequence[Stratum], *, threshold: float, known: int = 0, seed: int = 0) -> Estimate:
    """Totals, precision and recall of the collection, each with a 95 % interval.

    known: positives outside of the audited population, which were labelled before.
    Values are the stratified expansion estimator (Cochran 1977, eq. 5.1): x_h / n_h of each stratum's unaudited tiles.
    Intervals are quantiles of simulated positives among the unaudited tiles, binomial with a share drawn from a beta
    law of each stratum's audit (x of n). Two laws are used, as in the exact limits of Clopper and Pearson (1934):
        fewest   Beta(x, n - x + 1), 0 where nothing was found
        most     Beta(x + 1/2, n - x + 1/2), Jeffreys'; strata without a find are taken together: the one whose finds
                 would weigh most (N_h / n_h) gets Beta(0.7, n), the others 0. Its upper end is the rule of three's,
                 3 / n, the exact one-sided limit at 95 %: the lower end, 0, cannot fail. The worst stratum's is also
                 the largest total that all these zeros leave possible; a prior for each would add up phantoms.
    Where positives are the more common kind, the same is said of negatives.
    A stratum that was not audited at all can hold nothing or positives only.
    The lower end of recall takes the fewest above and the most below the threshold, and so on.
    """
    parts = [part for stratum in strata for part in _parts(stratum, threshold)]
    above, below = [part for part in parts if part.above], [part for part in parts if not part.above]
    random = np.random.default_rng(seed)
    a, b = _Sum.of(above, random), _Sum.of(below, random)
    seen = known + sum(stratum.positives for stratum in strata)
    taken = seen + sum(part.unaudited for part in above)
    return Estimate(
        _interval(seen + a.value + b.value, seen + a.fewest + b.fewest, seen + a.most + b.most),
        _interval(_ratio(seen + a.value, taken), _ratio(seen + a.fewest, taken), _ratio(seen + a.most, taken)),
        _interval(
            _ratio(seen + a.value, seen + a.value + b.value),
            _ratio(seen + a.fewest, seen + a.fewest + b.most),
            _ratio(seen + a.most, seen + a.most + b.fewest),
        ),
        _interval(b.value, b.fewest, b.most),
        threshold,
    )


class _Part(NamedTuple):
    """The unaudited tiles of a stratum on one side of the threshold, with the audit of the whole stratum."""

    unaudited: int
    audited: int
    positives: int
    expected: float | None
    above: bool


def _parts(stratum: Stratum, threshold: float) -> list[_Part]:
    """Two where the threshold lies inside the stratum: both have its share of positives, which favours neither."""
    whole = (stratum.tiles, stratum.audited, stratum.positives)
    over = stratum.above or (whole if stratum.low >= threshold else (0, 0, 0))
    sides = ((over[0] - over[1], True), (whole[0] - whole[1] - over[0] + over[1], False))
    return [_Part(left, stratum.audited, stratum.positives, stratum.expected, up) for left, up in sides if left > 0]


class _Sum(NamedTuple):
    """Positives among unaudited tiles: the estimated value, and draws (m,) of the fewest and the most."""

    value: float
    fewest: Counts
    most: Counts

    @classmethod
    def of(cls, parts: Sequence[_Part], random: np.random.Generator) -> "_Sum":
        rare = _heaviest([part if part.positives == 0 else None for part in parts])
        common = _heaviest([part if part.positives == part.audited else None for part in parts])
        value, fewest, most = 0.0, np.zeros(_DRAWS, np.int64), np.zeros(_DRAWS, np.int64)
        for number, (left, n, x, expected, _) in enumerate(parts):
            value += left * (x / n if n else 0.5 if expected is None else expected)
            low, high = _shares(n, x, random, heaviest=number in (rare, common))
            fewest += random.binomial(left, low)
            most += random.binomial(left, high)
        return cls(value, fewest, most)


def _heaviest(parts: Sequence[_Part | None]) -> int:
    """The number of the part whose audited tiles stand for most others; -1 when there is none."""
    weights = [part.unaudited / part.audited if part and part.audited else -1.0 for part in parts]
    return int(np.argmax(weights)) if weights and max(weights) >= 0 else -1


def _shares(n: int, x: int, random: np.random.Generator, *, heaviest: bool) -> tuple[Floats, Floats]:
    """Draws (m,) of a stratum's share of positives, by the law of the fewest and by that of the most."""
    if not n:
        return np.zeros(_DRAWS), np.ones(_DRAWS)
    if x > n / 2:  # negatives are the rare ones
        low, high = _shares(n, n - x, random, heaviest=heaviest)
        return 1 - high, 1 - low
    if not x:
        return np.zeros(_DRAWS), random.beta(_RULE_OF_THREE, n, _DRAWS) if heaviest else np.zeros(_DRAWS)
    return random.beta(x, n - x + 1, _DRAWS), random.beta(x + 0.5, n - x + 0.5, _DRAWS)


def _ratio(part: Any, whole: Any) -> Any:
    """part / whole, elementwise; 1 where there is nothing: of no positives none is missed."""
    return np.divide(part, whole, out=np.ones_like(np.asarray(whole + part, float)), where=np.asarray(whole) > 0)


def _interval(value: Any, fewest: NDArray[Any], most: NDArray[Any]) -> Interval:
    low, high = float(np.quantile(fewest, _LIMITS[0])), float(np.quantile(most, _LIMITS[1]))
    return float(value), min(low, float(value)), max(high, float(value))


def advise(strata: Sequence[Stratum], found: Estimate, *, wanted: float = 0.95) -> Advice:
    """Whether to stop: "enough" when recall is surely (at 95 %) at least `wanted`, "audit more" when it may be, "go on"
    when it surely is not, or is estimated not to be.

    labels_per_find: tiles below the threshold for each positive that is still among them, in the strata from the top
    down to where half of the missing ones lie: what labelling costs next.
    """
    value, low, _ = found.recall
    code = "enough" if low >= wanted else "audit more" if value >= wanted else "go on"
    return Advice(code, labels_per_find(strata, found.threshold))


def labels_per_find(strata: Sequence[Stratum], threshold: float, seed: int = 0) -> Interval | None:
    """Unaudited tiles for each positive among them, [value, fewest, most], in the strata below the threshold, from the
    top down to where half of what is missing lies; None when nothing was found below the threshold."""
    parts = [part for stratum in strata for part in _parts(stratum, threshold) if not part.above and part.audited]
    parts.reverse()
    finds = np.cumsum([part.unaudited * part.positives / part.audited for part in parts])
    if not len(finds) or not finds[-1]:
        return None
    top = parts[: int(np.searchsorted(finds, finds[-1] / 2)) + 1]
    there, tiles = _Sum.of(top, np.random.default_rng(seed)), sum(part.unaudited for part in top)
    low, high = np.quantile(there.most, _LIMITS[1]), np.quantile(there.fewest, _LIMITS[0])
    return tiles / there.value, tiles / max(float(low), 1.0), tiles / max(float(high), 1.0)
