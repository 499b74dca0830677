"""An audit is drawn, and its tiles become cards that nothing is learnt from."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from labeling import campaigns, live
from labeling.audits.population import OUTSIDE, SEEN, UNSEEN, Population
from labeling.errors import BadSweep, NoSuchSweep, SweepUnready
from labeling.models import Audit, AuditTile, Campaign, Card, Learner, Sweep
from labeling.settling import portions
from labeling.sweeps import answering, scores
from labeling.sweeps.finishing import tell
from ml import audit as sampling

FEWEST, USUAL, MOST = 20, 200, 5000  # tiles
BANDS = 8  # of the score
WHY = "audit"


@dataclass(frozen=True)
class Plan:
    """Of each stratum: whether its places were seen, its scores, how many tiles it has and their mean score.

    edges: of the strata of unseen and of seen places.
    """

    edges: dict[int, list[float]]
    kinds: list[int]
    tiles: list[int]
    expected: list[float]

    def number(self, kind: int, values: np.ndarray) -> np.ndarray:
        """(n,) scores of one kind -> (n,) their strata."""
        first = 0 if kind == UNSEEN else len(self.edges[UNSEEN]) - 1
        return sampling.band_of(values, self.edges[kind]) + first

    def told(self, drawn: list[int]) -> list[dict[str, object]]:
        spans = [span for kind in (UNSEEN, SEEN) for span in zip(self.edges[kind], self.edges[kind][1:], strict=False)]
        return [
            {"low": low, "high": high, "seen": kind == SEEN, "tiles": tiles, "drawn": n, "expected": mean}
            for (low, high), kind, tiles, n, mean in zip(
                spans, self.kinds, self.tiles, drawn, self.expected, strict=True
            )
        ]


def draw(sweep: Sweep, tiles: int, who: str, user: User | None = None, seed: int | None = None) -> tuple[Audit, bool]:
    """The sweep's audit, and whether it is new: one that was drawn before is returned as it is.

    SweepUnready for a sweep that has not ended; BadSweep when it has no tile without a label.
    """
    known = of(sweep)
    if known is not None:
        return known, False
    if sweep.status != Sweep.State.READY:
        raise SweepUnready("Tiles are drawn from all that were scored: wait for the end of the sweep.")
    seed = secrets.randbits(62) if seed is None else seed
    random = np.random.default_rng(seed)
    population = Population.of(sweep, scores.labelled_keys(sweep.campaign))
    if not len(population):
        raise BadSweep("Every tile of this sweep has a label: nothing can be missing.")
    plan = planned(population, sweep.threshold if sweep.threshold is not None else 0.5)
    drawn = sampling.allocate(plan.tiles, plan.expected, tiles)
    chosen = rows_of(population, plan, drawn, random)
    with transaction.atomic():
        Campaign.locked(sweep.campaign_id)
        known = of(sweep)
        if known is not None:
            return known, False
        audit = Audit.objects.create(sweep=sweep, who=who, seed=seed, made_by=user, strata=plan.told(drawn))
        keep(audit, population, positives(sweep))
        put(audit, *chosen, random)
        tell(sweep)
    return audit, True


def positives(sweep: Sweep) -> np.ndarray:
    """(m,) keys, ascending, of tiles whose label is what is looked for."""
    return scores.labelled_keys(sweep.campaign, label__code__in=Learner.of(sweep.campaign).positive)


def planned(population: Population, threshold: float) -> Plan:
    """Bands of the score, the threshold among their edges; of places that were seen only the two sides of it."""
    unseen = any(len(values) for values in population.values(UNSEEN))
    edges = {SEEN: sorted({0.0, threshold, 1.0}), UNSEEN: [0.0, 1.0]}
    if unseen:
        edges[UNSEEN] = sampling.bands(population.values(UNSEEN), BANDS, cuts=[threshold])
    kinds, tiles, expected = [], [], []
    for kind in (UNSEEN, SEEN):
        counts, sums = np.zeros(len(edges[kind]) - 1, np.int64), np.zeros(len(edges[kind]) - 1)
        for values in population.values(kind):
            bands = sampling.band_of(values, edges[kind])
            counts += np.bincount(bands, minlength=len(counts))
            sums += np.bincount(bands, values.astype(np.float64), minlength=len(counts))
        kinds += [kind] * len(counts)
        tiles += counts.tolist()
        expected += (sums / np.maximum(counts, 1)).tolist()
    return Plan(edges, kinds, tiles, expected)


def rows_of(
    population: Population, plan: Plan, drawn: list[int], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(m,) keys, scores and strata of the tiles that are drawn."""
    rows = sampling.draw(strata(population, plan), drawn, random)
    starts = np.cumsum([0, *(len(kinds) for kinds in population.kinds)])
    which = np.searchsorted(starts, rows, side="right") - 1
    at = rows - starts[which]
    keys, values = np.empty(len(rows), np.int64), np.empty(len(rows), np.float64)
    for part, one in enumerate(population.parts):
        mine = which == part
        keys[mine], values[mine] = one.keys[at[mine]], one.values[at[mine]]
    return keys, values, np.repeat(np.arange(len(drawn)), drawn)


def strata(population: Population, plan: Plan) -> Iterator[np.ndarray]:
    """Of each part (n,): the stratum of each tile, OUTSIDE for those that are not drawn."""
    for one, kinds in zip(population.parts, population.kinds, strict=True):
        found = np.full(len(kinds), OUTSIDE, np.int16)
        for kind in (UNSEEN, SEEN):
            mine = kinds == kind
            found[mine] = plan.number(kind, np.asarray(one.values)[mine])
        yield found


def keep(audit: Audit, population: Population, positive: np.ndarray) -> None:
    """What estimates at any threshold need of tiles that were not drawn: the labels that there are, and the scores of
    places that were seen."""
    path: Path = audit.known_path
    known = np.isin(population.known_keys, positive)
    seen = np.sort(np.concatenate([np.empty(0, np.float32), *population.values(SEEN)]))
    fresh = path.with_name(f".{path.name}")
    with fresh.open("wb") as file:
        np.savez(file, keys=population.known_keys, scores=population.known_scores, positive=known, seen=seen)
    fresh.replace(path)


def put(audit: Audit, keys: np.ndarray, values: np.ndarray, numbers: np.ndarray, random: np.random.Generator) -> None:
    """In a random order, so that nobody can tell a tile's score from when it comes."""
    campaign, order = audit.sweep.campaign, random.permutation(len(keys))
    for_host = audit.who == Audit.Who.HOST
    priority = 0 if for_host else answering.priority(campaign)
    mixed: list[int] = keys[order].tolist()
    campaigns.add_keys(campaign, mixed, why=WHY, priority=priority)
    cards: dict[int, int] = {}
    for some in portions(mixed):
        mine = Card.objects.filter(campaign=campaign, key__in=some)
        mine.update(held_out=True, host_only=for_host, why=WHY, priority=priority)
        cards.update(mine.values_list("key", "pk"))
    AuditTile.objects.bulk_create(
        [
            AuditTile(audit=audit, card_id=cards[int(keys[i])], key=int(keys[i]), score=float(values[i]),
                      stratum=int(numbers[i]), position=position)
            for position, i in enumerate(order.tolist())
        ],
        batch_size=1000,
    )  # fmt: skip
    transaction.on_commit(lambda: live.new_cards(campaign.pk))


def of(sweep: Sweep) -> Audit | None:
    found = Audit.objects.filter(sweep=sweep).first()
    if found is not None:
        found.sweep = sweep
    return found


def existing(sweep: Sweep) -> Audit:
    found = of(sweep)
    if found is None:
        raise NoSuchSweep(f"Sweep {sweep.number} has no audit yet: draw one.")
    return found


def cards(audit: Audit) -> QuerySet[Card]:
    """In the order in which they are asked."""
    found: QuerySet[Card] = Card.objects.filter(audit_tiles__audit=audit).order_by("audit_tiles__position")
    return found


def above(sweep: Sweep, threshold: float) -> int:
    """Tiles of the sweep with a score at or above the threshold."""
    return sum(len(scores.opened(part).between(threshold)) for part in scores.ready(sweep))
