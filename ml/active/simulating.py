"""Rounds whose labels come from a file instead of people: how many labels a search takes."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.active.archive import Archive
from ml.active.beginning import begin
from ml.active.frontier import EMPTY
from ml.active.rounds import run
from ml.active.settings import Choice, Cost, Keys, Outcome, Settings
from ml.classify import Classifier, Labels

Truth = Callable[[Keys], NDArray[np.bool_]]
Groups = Callable[[Keys], NDArray[np.integer]]


@dataclass(frozen=True)
class Until:
    """When to stop: at so many labels, at a share of all positives; else when every tile that is known is labelled."""

    labels: int | None = None
    recall: float | None = None


@dataclass(frozen=True)
class Row:
    """A round. labels, found: of all rounds so far, examples included; recall: found / all positives.

    keys: what it asked about, in order; answers: what it was told; true: what is so (they differ by the noise).
    chosen: how many for each reason.  classifier: None while there was none.
    """

    number: int
    labels: int
    found: int
    recall: float
    keys: Keys
    answers: NDArray[np.bool_]
    true: NDArray[np.bool_]
    chosen: dict[str, int]
    metrics: dict[str, Any]
    cost: Cost | None
    classifier: Classifier | None


@dataclass
class _State:
    keys: Keys
    answers: NDArray[np.bool_]
    found: int
    frontier: Keys = field(default_factory=lambda: EMPTY)
    dry: int = 0

    @property
    def labels(self) -> Labels:
        return Labels(self.keys, self.answers.astype(np.float32), np.ones(len(self.keys), np.float32))

    @property
    def is_taught(self) -> bool:
        return bool(self.answers.any() and not self.answers.all())


def simulate(
    archive: Archive,
    pool: Keys,
    truth: Truth,
    examples: Sequence[int],
    settings: Settings,
    *,
    positives: int,
    rng: np.random.Generator,
    until: Until = Until(),
    noise: float = 0.0,
    held_out: Keys = EMPTY,
    groups: Groups | None = None,
    on_row: Callable[[Row], None] | None = None,
) -> list[Row]:
    """Whole campaigns by `begin` and `run`, as live ones.

    truth: keys (n,) -> (n,) bool.  positives: how many there are, for the recall.  noise: chance that an answer is
    wrong (those to the examples are not).  groups: keys -> the place of each.  on_row: after each round.
    """
    known = np.array(list(dict.fromkeys(examples)), np.int64)
    state = _State(known, np.ones(len(known), bool), int(truth(known).sum()))
    rows: list[Row] = []
    while not _is_over(state, until, positives):
        outcome, choices = _round(archive, pool, examples, state, settings, held_out, groups, rng)
        if until.labels is not None:
            choices = choices[: until.labels - len(state.keys)]
        if not choices:
            break
        rows.append(_answered(state, choices, outcome, truth, noise, positives, len(rows) + 1, rng))
        if on_row:
            on_row(rows[-1])
    return rows


def _is_over(state: _State, until: Until, positives: int) -> bool:
    enough = until.labels is not None and len(state.keys) >= until.labels
    return enough or (until.recall is not None and state.found >= until.recall * positives)


def _round(
    archive: Archive,
    pool: Keys,
    examples: Sequence[int],
    state: _State,
    settings: Settings,
    held_out: Keys,
    groups: Groups | None,
    rng: np.random.Generator,
) -> tuple[Outcome | None, list[Choice]]:
    if not state.is_taught:
        known = np.concatenate([state.keys, held_out])
        return None, begin(archive, pool, examples, settings, rng=rng, known=known)
    outcome = run(
        archive, pool, state.labels, settings, rng=rng, frontier=state.frontier, dry=state.dry, held_out=held_out,
        groups=None if groups is None else groups(state.keys),
    )  # fmt: skip
    return outcome, outcome.choices


def _answered(
    state: _State,
    choices: list[Choice],
    outcome: Outcome | None,
    truth: Truth,
    noise: float,
    positives: int,
    number: int,
    rng: np.random.Generator,
) -> Row:
    keys = np.array([choice.key for choice in choices], np.int64)
    true = np.asarray(truth(keys), bool)
    answers = true ^ (rng.random(len(keys)) < noise)
    state.keys, state.answers = np.concatenate([state.keys, keys]), np.concatenate([state.answers, answers])
    state.found += int(true.sum())
    state.dry = 0 if answers.any() else state.dry + 1
    if outcome is not None:
        state.frontier = outcome.frontier
    return Row(
        number, len(state.keys), state.found, state.found / max(1, positives), keys, answers, true,
        dict(Counter(choice.why for choice in choices)), outcome.metrics if outcome else {},
        outcome.cost if outcome else None, outcome.classifier if outcome else None,
    )  # fmt: skip
