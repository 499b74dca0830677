"""A round: train, score the pool, look around in the archive, choose the next batch."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import acquisition
from ml.active import reseeding
from ml.active.archive import Archive
from ml.active.frontier import EMPTY, Frontier, not_asked, without
from ml.active.settings import Choice, Cost, Disputes, Keys, Outcome, Progress, Settings
from ml.classify import Classifier, Labels, Space, fit

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
_BLOCK = 8192  # tiles scored at once
_CROWD = 1000  # candidates that are looked at closely for one reason


def run(
    archive: Archive,
    pool: Keys,
    labels: Labels,
    settings: Settings,
    *,
    rng: np.random.Generator,
    frontier: Keys = EMPTY,
    dry: int = 0,
    held_out: Keys = EMPTY,
    disputes: Disputes | None = None,
    groups: NDArray[np.integer] | None = None,
    on_progress: Progress | None = None,
) -> Outcome:
    """Choose what to ask about next.

    frontier: the last round's Outcome.frontier.  dry: rounds in a row that found nothing new.  held_out: tiles that
    never train and are never chosen, such as an audit's.  disputes: labelled tiles that people disagree about, which
    may be asked about again.  groups: (len(labels),) the place of each label, for cross-validation.
    on_progress(stage, done, total): stages "fits" and "scored".
    Raises TooFewLabels (use `begin` until there is a positive and a negative), BadLabels, ShardMismatch.
    """
    start = time.perf_counter()
    progress = on_progress or (lambda stage, done, total: None)
    labels, groups = _training(labels, groups, held_out)
    lesson = _learn(archive, pool, labels, settings, groups, progress)
    before = Frontier.unpack(frontier)
    blocked = (labels.keys, held_out)
    table = _scored(archive, lesson, without(np.concatenate([pool, before.keys]), *blocked), progress)
    pace = (time.perf_counter() - start - lesson.seconds) / max(1, len(table.keys))
    table, after, searches = _look_around(archive, table, labels, settings, before, blocked, rng)
    choices = _choose(table, labels, settings, dry, rng, pool)
    choices = _with_disputes(choices, table, disputes, held_out, settings)
    kept = _kept(table, pool, settings)
    cost = Cost(len(table.keys), searches, len(archive), time.perf_counter() - start, pace * len(archive))
    return Outcome(lesson.classifier, choices, lesson.classifier.metrics, cost, after.having(kept, EMPTY).pack())


@dataclass(frozen=True)
class Lesson:
    classifier: Classifier
    space: Space
    seconds: float


@dataclass(frozen=True)
class Table:
    """Candidates: keys (n,) ascending, p (n,)."""

    archive: Archive
    lesson: Lesson
    keys: Keys
    p: Floats

    def look(self, rows: Rows) -> NDArray[np.float64]:
        """Features of some rows, whitened: (m, r)."""
        return self.lesson.space.project(self.archive.features(self.keys[rows]))

    def look_at(self, keys: Keys) -> NDArray[np.float64]:
        return self.lesson.space.project(self.archive.features(keys))


def _training(
    labels: Labels, groups: NDArray[np.integer] | None, held_out: Keys
) -> tuple[Labels, NDArray[np.integer] | None]:
    """Without what is held out."""
    kept = ~np.isin(labels.keys, held_out)
    chosen = Labels(labels.keys[kept], labels.targets[kept], labels.weights[kept])
    return chosen, None if groups is None else groups[kept]


def _learn(
    archive: Archive,
    pool: Keys,
    labels: Labels,
    settings: Settings,
    groups: NDArray[np.integer] | None,
    progress: Progress,
) -> Lesson:
    start = time.perf_counter()
    step = max(1, len(pool) // settings.background)
    space = Space.of(archive.features(pool[::step]), settings.head)
    classifier = fit(
        archive.features(labels.keys), labels.targets, labels.weights, background=space, config=settings.head,
        groups=groups, labels_digest=labels.digest, sources=archive.sources, on_progress=progress,
    )  # fmt: skip
    return Lesson(classifier, space, time.perf_counter() - start)


def _scored(archive: Archive, lesson: Lesson, keys: Keys, progress: Progress | None = None) -> Table:
    p = np.empty(len(keys), np.float32)
    for first in range(0, len(keys), _BLOCK):
        block = slice(first, first + _BLOCK)
        p[block] = lesson.classifier.predict(archive.features(keys[block]))
        if progress:
            progress("scored", min(first + _BLOCK, len(keys)), len(keys))
    return Table(archive, lesson, keys, p)


def _look_around(
    archive: Archive,
    table: Table,
    labels: Labels,
    settings: Settings,
    frontier: Frontier,
    blocked: Sequence[Keys],
    rng: np.random.Generator,
) -> tuple[Table, Frontier, int]:
    """The neighbours, in the whole archive, of positives and of what the classifier is unsure about, scored too.

    Each tile's neighbours are asked for once.
    """
    if not settings.neighbours or not len(table.keys):
        return table, frontier, 0
    found = labels.keys[labels.positive]
    found = rng.permutation(found[not_asked(found, frontier)])[: settings.seeds]
    doubtful = table.keys[acquisition.top(acquisition.entropy(table.p), 4 * settings.seeds)]
    doubtful = doubtful[not_asked(doubtful, frontier)][: settings.seeds]
    seeds = np.concatenate([found, doubtful])
    near = [archive.neighbours(int(key), settings.neighbours)[0] for key in seeds]
    fresh = without(np.concatenate([EMPTY, *near]), table.keys, *blocked)
    more = _scored(archive, table.lesson, fresh)
    order = np.argsort(np.concatenate([table.keys, more.keys]))
    keys, p = np.concatenate([table.keys, more.keys])[order], np.concatenate([table.p, more.p])[order]
    return replace(table, keys=keys, p=p), frontier.having(frontier.keys, seeds), len(seeds)


def _kept(table: Table, pool: Keys, settings: Settings) -> Keys:
    """The likeliest tiles beyond the pool."""
    outside = np.flatnonzero(~np.isin(table.keys, pool))
    return np.sort(table.keys[outside[acquisition.top(table.p[outside], settings.frontier)]])


def _choose(
    table: Table, labels: Labels, settings: Settings, dry: int, rng: np.random.Generator, pool: Keys
) -> list[Choice]:
    """By reason, in the order of the mix; what a reason cannot fill is filled with the likeliest."""
    choosing = _Choosing(table, labels, rng, pool)
    mix = reseeding.divided(settings.mix, dry, settings.patience)
    for why, n in acquisition.quotas(mix, settings.batch).items():
        choosing.take(why, n)
    choosing.take("likely", settings.batch - len(choosing.choices))
    return choosing.choices


class _Choosing:
    """Takes rows from a table, each once."""

    def __init__(self, table: Table, labels: Labels, rng: np.random.Generator, pool: Keys) -> None:
        self._table, self._labels, self._rng, self._pool = table, labels, rng, pool
        self._free = np.ones(len(table.keys), bool)
        self.choices: list[Choice] = []

    def take(self, why: Any, n: int) -> None:
        free = np.flatnonzero(self._free)
        if n <= 0 or not len(free):
            return
        p = self._table.p[free]
        rows = free[getattr(self, f"_{why}")(p, free, n)]
        self._free[rows] = False
        self.choices += [Choice(int(self._table.keys[row]), why, float(self._table.p[row])) for row in rows]

    def _look(self, free: Rows, among: Rows) -> NDArray[np.float64]:
        return self._table.look(free[among])

    def _likely(self, p: Floats, free: Rows, n: int) -> Rows:
        among = acquisition.top(p, 4 * n)
        return among[acquisition.likely(p[among], self._look(free, among), n)]

    def _unsure(self, p: Floats, free: Rows, n: int) -> Rows:
        among = acquisition.top(acquisition.entropy(p), max(_CROWD, n))
        return among[acquisition.unsure(p[among], self._look(free, among), n, self._rng)]

    def _diverse(self, p: Floats, free: Rows, n: int) -> Rows:
        """Farthest from the labelled ones among the more uncertain tenth."""
        among = acquisition.top(acquisition.entropy(p), max(_CROWD, len(p) // 10))
        among = self._rng.permutation(among)[: max(_CROWD, n)]
        return among[acquisition.farthest(self._look(free, among), n, self._table.look_at(self._labels.keys))]

    def _random(self, p: Floats, free: Rows, n: int) -> Rows:
        inside = np.flatnonzero(np.isin(self._table.keys[free], self._pool))
        return self._rng.permutation(inside)[:n]

    def _far(self, p: Floats, free: Rows, n: int) -> Rows:
        among = acquisition.top(p, _CROWD)
        positives = self._table.look_at(self._labels.keys[self._labels.positive])
        return among[reseeding.far(p[among], self._look(free, among), n, positives)]

    def _cluster(self, p: Floats, free: Rows, n: int) -> Rows:
        among = self._rng.permutation(len(p))[: 4 * _CROWD]
        labelled = self._table.look_at(self._labels.keys)
        return among[reseeding.unexplored(p[among], self._look(free, among), n, labelled, self._rng)]


def _with_disputes(
    choices: list[Choice], table: Table, disputes: Disputes | None, held_out: Keys, settings: Settings
) -> list[Choice]:
    """Disputed tiles in place of new ones whose answer is worth less, from the batch's end."""
    if disputes is None or not len(disputes.keys):
        return choices
    may = ~np.isin(disputes.keys, held_out)
    keys, yes, no = disputes.keys[may], disputes.yes[may], disputes.no[may]
    p = table.lesson.classifier.predict(table.archive.features(keys))
    again = acquisition.worth(p, yes, no)
    fresh = acquisition.worth(np.array([choice.probability for choice in choices], float), *np.zeros((2, len(choices))))
    most = int(settings.relabel * settings.batch)
    places = np.argsort(fresh, kind="stable")[:most]
    kept = list(choices)
    for place, row in zip(places, acquisition.top(again, most), strict=False):
        if again[row] > fresh[place]:
            kept[place] = Choice(int(keys[row]), "disputed", float(p[row]))
    return kept
