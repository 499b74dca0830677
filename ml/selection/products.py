"""The objectives of a recipe as one product: what is fixed about each candidate, what shrinks, what is balanced."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadSelection
from ml.selection import classes, factors
from ml.selection.balance import Classes, Shares
from ml.selection.candidates import Candidates, known_rows
from ml.selection.columns import Columns
from ml.selection.covering import Cover, stand_ins
from ml.selection.greedy import Powers, Shrinking
from ml.selection.neighbours import mean_distance
from ml.selection.recipe import Balance, Diversity, Objective, Recipe, Similarity, Typicality, Weight, kind_of
from ml.selection.spreading import Spread
from ml.selection.vectors import Doubles, Floats, Progress, Rows, Vectors, directed, unit


class Product:
    """fixed: title -> (c,) rank from 0 to 1, NaN where unknown.  shrinking, balances: by title.

    Objectives of strength 0 are left out.
    """

    def __init__(
        self,
        vectors: Vectors,
        recipe: Recipe,
        found: Candidates,
        columns: Columns,
        similar_to: Mapping[str, NDArray[Any]],
        rng: np.random.Generator,
        progress: Progress,
    ) -> None:
        self._vectors, self._recipe, self._found, self._columns = vectors, recipe, found, columns
        self._similar_to, self._rng, self._progress = similar_to, rng, progress
        self.approximations: list[str] = []
        self.fixed: dict[str, Doubles] = {}
        self.shrinking: dict[str, Shrinking] = {}
        self.balances: dict[str, Shares] = {}
        self._logs = np.zeros(len(found.rows))
        for one in recipe.objectives:
            if one.strength > 0:
                self._add(one, self._title(one))
        if recipe.min_distance is not None and not any(isinstance(one, Spread) for one in self.shrinking.values()):
            self.shrinking["diversity"] = self._spread(0.0)

    def powers(self, first: Rows) -> Powers:
        """first: (c,)."""
        return Powers(self._logs, first, list(self.shrinking.values()))

    def classes(self) -> Classes:
        return Classes(len(self._found.rows), list(self.balances.values()))

    def _title(self, one: Objective) -> str:
        about = getattr(one, "column", None) or getattr(one, "collection", None)
        title = f"{kind_of(one)}: {about}" if about else kind_of(one)
        taken = sum(name == title or name.startswith(f"{title} (") for name in self._all())
        return f"{title} ({taken + 1})" if taken else title

    def _all(self) -> list[str]:
        return [*self.fixed, *self.shrinking, *self.balances]

    def _add(self, one: Objective, title: str) -> None:
        if isinstance(one, Diversity):
            self.shrinking[title] = self._spread(one.strength) if one.method == "k-center" else self._cover(one)
        elif isinstance(one, Balance):
            found = self._found
            self.balances[title] = classes.shares(one, self._columns, found.allowed, found.rows, found.before)
        else:
            self.fixed[title] = self._rank(one)
            with np.errstate(invalid="ignore"):
                self._logs += np.nan_to_num(one.strength * np.log(self.fixed[title]), nan=-np.inf, neginf=-np.inf)

    def _rank(self, one: Typicality | Weight | Similarity) -> Doubles:
        rows = self._found.rows
        if isinstance(one, Typicality):
            far, said = mean_distance(self._vectors, rows, one.neighbours, self._rng, self._progress)
            self.approximations += [said] if said else []
            return factors.ranks(far, high=one.wanted == "outliers")
        if isinstance(one, Similarity):
            return factors.ranks(factors.likeness(self._vectors, rows, self._examples(one), self._progress))
        numbers = self._columns.numbers(one.column, "A weight")[rows]
        unknown = int(np.isnan(numbers).sum())
        if unknown == len(rows):
            raise BadSelection(
                f"None of {len(rows):,} tiles has a {one.column}. Weigh by another column, or measure it."
            )
        if unknown:
            self._columns.notes.append(f"{unknown:,} tiles have no {one.column}: the weight leaves them out.")
        return factors.ranks(numbers, high=one.prefer == "high")

    def _examples(self, one: Similarity) -> Floats:
        given = self._similar_to.get(one.collection)
        if given is None:
            known = ", ".join(sorted(self._similar_to)) or "none"
            raise BadSelection(f"There are no examples called {one.collection}. Known are: {known}.")
        wide = np.asarray(given)
        if not len(wide):
            raise BadSelection(f"{one.collection} is empty: add tiles to it, or choose other examples.")
        if wide.ndim == 1:
            return unit(self._vectors, self._known_examples(one, wide))
        vectors = wide.astype(np.float32)
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        if vectors.shape[1] != self._vectors.shape[1] or not (np.isfinite(length) & (length > 0)).all():
            raise BadSelection(f"The vectors of {one.collection} are not such as those of the tiles: embed them alike.")
        return vectors / length

    def _known_examples(self, one: Similarity, rows: NDArray[Any]) -> Rows:
        known = known_rows(rows, self._vectors.shape[0], one.collection)
        good = known[directed(self._vectors, known)]
        if not len(good):
            raise BadSelection(f"No tile of {one.collection} has a vector that is finite and other than 0: add others.")
        return good

    def _spread(self, strength: float) -> Spread:
        return Spread(self._vectors, self._found.rows, self._found.before, strength, self._recipe.min_distance or 0.0)

    def _cover(self, one: Diversity) -> Cover:
        rows = self._found.rows
        covered = stand_ins(rows, self._found.wanted, self._rng)
        self.approximations += covered.said
        return Cover(
            self._vectors, rows, covered, self._found.before, one.strength, self._rng,
            lambda done: self._progress("gains", done, len(rows)),
        )  # fmt: skip
