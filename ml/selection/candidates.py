"""Who can be chosen: what filter and thresholds leave, without near-duplicates and what is chosen already."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadSelection
from ml.selection.columns import Columns
from ml.selection.duplicates import copies
from ml.selection.factors import ranks
from ml.selection.recipe import Recipe, Weight
from ml.selection.vectors import Flags, Progress, Rows, Vectors, directed, usable


@dataclass
class Candidates:
    """rows: (c,) ascending.  allowed: (n,) what the filter left, of which shares are reckoned.  before: chosen already.

    considered: how many there were before near-duplicates went.  wanted: how many to choose, None: as many as can be.
    """

    rows: Rows
    allowed: Flags
    before: Rows
    considered: int
    wanted: int | None
    removed: int = 0
    notes: list[str] = field(default_factory=list)


def candidates(
    vectors: Vectors, recipe: Recipe, columns: Columns, allowed: Flags | None, before: Rows | None, progress: Progress
) -> Candidates:
    """BadSelection, with what to change, when nobody is left or too few are."""
    notes = []
    usable_rows = usable(vectors, allowed, progress)
    asked = vectors.shape[0] if allowed is None else int(allowed.sum())
    left = int(usable_rows.sum())
    if asked == 0:
        raise BadSelection("The filter leaves no tile to choose from: widen it.")
    if left < asked:
        notes.append(f"{asked - left:,} of {asked:,} tiles have a vector that is not finite or all 0: left out.")
    if left == 0:
        raise BadSelection(f"None of {asked:,} vectors is finite and other than 0: embed these tiles anew.")
    chosen = known_rows(before, vectors.shape[0], "What was chosen before")
    free = usable_rows.copy()
    free[chosen] = False
    if not free.any():
        raise BadSelection(f"All {left:,} tiles are chosen already: there is nothing to continue with.")
    kept = columns.within(recipe.thresholds, free)
    chosen = chosen[directed(vectors, chosen)]
    found = Candidates(np.flatnonzero(kept), usable_rows, chosen, int(kept.sum()), None, notes=notes)
    found.wanted = _wanted(recipe, left, found.considered)
    return found


def without_copies(
    found: Candidates, vectors: Vectors, recipe: Recipe, columns: Columns, first: Rows, progress: Progress
) -> None:
    """Take near-duplicates away: of each group the one stays that the weights prefer, or `first` (n,) among equals."""
    if recipe.duplicates is None:
        return
    better = np.zeros(len(found.rows))
    for one in recipe.objectives:
        if isinstance(one, Weight):
            rank = ranks(columns.numbers(one.column, "A weight")[found.rows], one.prefer == "high")
            better += one.strength * np.log(np.nan_to_num(rank, nan=1e-12))  # unknown: goes first
    order = np.lexsort((first[found.rows], -better))
    gone = copies(vectors, found.rows, recipe.duplicates, order, found.before, progress)
    found.rows, found.removed = found.rows[~gone], int(gone.sum())
    if not len(found.rows):
        raise BadSelection(
            f"Each of {found.considered:,} tiles is closer than {recipe.duplicates:g} to one that is chosen already. "
            "Lower the distance of duplicates."
        )


def known_rows(rows: NDArray[Any] | None, count: int, what: str) -> Rows:
    """Ascending, each once. BadSelection for positions that there are not; what: who names them."""
    found = np.unique(np.asarray([] if rows is None else rows, np.int64))
    if len(found) and (found[0] < 0 or found[-1] >= count):
        raise BadSelection(f"{what} names rows outside the {count:,} tiles there are. Choose it again.")
    return found


def _wanted(recipe: Recipe, left: int, considered: int) -> int | None:
    if recipe.share is not None:
        return max(1, round(recipe.share * left))
    if recipe.n is not None and recipe.n > considered:
        why = " that filter and thresholds leave" if considered < left or recipe.thresholds else ""
        raise BadSelection(
            f"You ask for {recipe.n:,} tiles of the {considered:,}{why}. Ask for {considered:,} or fewer."
        )
    return recipe.n
