"""`select`: thresholds first, then near-duplicates, then one greedy order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.selection.candidates import Candidates, candidates, without_copies
from ml.selection.columns import Column, Columns
from ml.selection.greedy import order
from ml.selection.products import Product
from ml.selection.recipe import Recipe
from ml.selection.spreading import Spread
from ml.selection.vectors import Flags, Floats, Progress, Rows, Vectors, silent, unit
from ml.selection.workers import one_thread_each, pieces, rows_beside

_TOLD = 50  # choices between two reports
_KNOWN = 20_000  # chosen tiles that are compared with each other only to tell their distances
_FEWER = f"How far the chosen tiles are apart is known of the first {_KNOWN:,} only."
NUMBER, DISTANCE, NOTHING_LEFT = "number", "min_distance", "nothing left"


@dataclass(frozen=True)
class Selection:
    """rows: (m,) in the order in which they were chosen, without those chosen before.
    distances: (m,) of each from what was chosen before it; 2, the largest there is, for the very first. Where no
    objective needs them, they are known of the first 20,000 only, and NaN after.
    values: objective -> (m,) what each row was worth for it when it was chosen: a rank from 0 to 1, a distance, a gain;
    of a balance the share that its class had of what was chosen then.
    considered: tiles that filter and thresholds left.  removed_duplicates: of them.
    stopped_by: "number", "min_distance", or "nothing left".
    approximations: what was not done exactly, in sentences.  notes: what else people should know (values missing).
    """

    rows: Rows
    distances: Floats
    values: dict[str, NDArray[np.floating]]
    considered: int
    removed_duplicates: int
    stopped_by: str
    approximations: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def closest(self) -> float | None:
        """The least distance of a chosen tile from one chosen before it; None when nothing is known."""
        known = self.distances[np.isfinite(self.distances)]
        return float(known.min()) if len(known) else None


def select(
    vectors: Vectors,
    recipe: Recipe,
    *,
    columns: Mapping[str, Column] | None = None,
    similar_to: Mapping[str, NDArray[Any]] | None = None,
    allowed: Flags | None = None,
    before: Rows | None = None,
    on_progress: Progress = silent,
) -> Selection:
    """Rows of vectors (n, dim), chosen by the recipe; the same for the same seed, whatever the number of threads.

    columns: name -> (n,) numbers with NaN for unknown, or (codes, texts).  similar_to: name -> rows (e,) of integers,
    or vectors (e, dim).  allowed: (n,) only these.  before: rows that are chosen already: they aren't chosen again, and
    what is near them is not diverse.  on_progress may raise, to stop.  BadSelection says what to change.
    """
    recipe.check()
    table = Columns(columns or {}, vectors.shape[0] if vectors.shape else 0)
    table.check(recipe.columns())
    rng = np.random.default_rng(recipe.seed)
    with one_thread_each():
        found = candidates(vectors, recipe, table, allowed, before, on_progress)
        first = rng.permutation(vectors.shape[0])
        without_copies(found, vectors, recipe, table, first, on_progress)
        product = Product(vectors, recipe, found, table, similar_to or {}, rng, on_progress)
        return _chosen(vectors, recipe, found, product, first, table.notes, on_progress)


def _chosen(
    vectors: Vectors,
    recipe: Recipe,
    found: Candidates,
    product: Product,
    first: Rows,
    notes: list[str],
    on_progress: Progress,
) -> Selection:
    most = len(found.rows) if found.wanted is None else min(found.wanted, len(found.rows))
    positions, told = [], []
    choices = order(product.powers(first[found.rows]), product.classes())
    for choice in choices:
        positions.append(choice.position)
        told.append(choice.told)
        if len(positions) % _TOLD == 0 or len(positions) == most:
            on_progress("choosing", len(positions), most)
        if len(positions) == most:
            break
    here = np.array(positions, np.int64)
    rows = found.rows[here]
    values = _values(product, here, np.array(told, np.float32).reshape(len(here), len(product.shrinking)))
    spread = [name for name, one in product.shrinking.items() if isinstance(one, Spread)]
    distances = values[spread[0]] if spread else _distances(vectors, rows, found.before)
    said = product.approximations + ([_FEWER] if np.isnan(distances).any() else [])
    return Selection(
        rows, distances.astype(np.float32), values, found.considered, found.removed,
        _stopped(recipe, found, len(rows)), said, [*found.notes, *notes],
    )  # fmt: skip


def _values(product: Product, here: Rows, told: Floats) -> dict[str, NDArray[np.floating]]:
    values: dict[str, NDArray[np.floating]] = {name: ranks[here] for name, ranks in product.fixed.items()}
    values |= {name: told[:, i] for i, name in enumerate(product.shrinking)}
    values |= {name: shares.shares_of(here) for name, shares in product.balances.items()}
    return values


def _stopped(recipe: Recipe, found: Candidates, count: int) -> str:
    if found.wanted is not None and count == found.wanted:
        return NUMBER
    return DISTANCE if recipe.min_distance is not None and count < len(found.rows) else NOTHING_LEFT


def _distances(vectors: Vectors, rows: Rows, before: Rows) -> Floats:
    """Of each row the distance from the nearest of those before it: (m,); NaN beyond _KNOWN of all."""
    found = np.full(len(rows), np.nan, np.float32)
    rows = rows[: max(0, _KNOWN - len(before))]
    everyone = unit(vectors, np.concatenate([before, rows]))
    for block in pieces(len(rows), rows_beside(len(everyone))):
        here = np.arange(block.start, block.stop)
        last = len(before) + here[-1]
        likeness = everyone[len(before) + here] @ everyone[:last].T if last else np.empty((1, 0), np.float32)
        likeness[np.arange(last) >= len(before) + here[:, None]] = -1
        found[here] = np.sqrt(np.maximum(2 - 2 * likeness.max(axis=1, initial=-1), 0))
    return found
