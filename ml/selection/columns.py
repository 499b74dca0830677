"""The columns that a recipe reads: numbers as they are, texts as (codes, the texts)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadSelection
from ml.selection.recipe import Range
from ml.selection.vectors import Doubles, Flags, Rows

Texts = tuple[NDArray[np.integer], list[str]]  # codes (n,), -1 for none; the texts
Column = NDArray[np.floating] | NDArray[np.integer] | Texts


@dataclass
class Columns:
    """data: name -> column of n rows.  notes: what was found out about them, in sentences."""

    data: Mapping[str, Column]
    count: int
    notes: list[str] = field(default_factory=list)

    def check(self, names: list[str]) -> None:
        """BadSelection for a name that there is not."""
        for name in names:
            self._found(name)

    def is_text(self, name: str) -> bool:
        return isinstance(self._found(name), tuple)

    def numbers(self, name: str, what: str) -> Doubles:
        """(n,), NaN where unknown. BadSelection when it holds texts; what: who asks."""
        column = self._found(name)
        if isinstance(column, tuple):
            raise BadSelection(f"{what} needs a column of numbers; {name} holds texts. Balance by it instead.")
        return np.asarray(column, np.float64)

    def texts(self, name: str) -> tuple[Rows, list[str]]:
        """(n,) codes, -1 where there is none; the texts."""
        column = self._found(name)
        if not isinstance(column, tuple):
            raise BadSelection(f"{name} holds numbers, not texts.")
        return np.asarray(column[0], np.int64), list(column[1])

    def within(self, thresholds: Mapping[str, Range], among: Flags) -> Flags:
        """Which of them every threshold lets through. BadSelection, with what each leaves, when it is none."""
        kept, left = among.copy(), []
        for name, (low, high) in thresholds.items():
            numbers = self.numbers(name, "A threshold")
            unknown = int((np.isnan(numbers) & among).sum())
            if unknown:
                self.notes.append(f"{unknown:,} tiles have no {name}: the threshold on it leaves them out.")
            passed = (numbers >= (-np.inf if low is None else low)) & (numbers <= (np.inf if high is None else high))
            kept &= passed
            left.append(f"{name} from {_end(low)} to {_end(high)} leaves {int((passed & among).sum()):,}")
        if not kept.any():
            said = "; ".join(left)
            raise BadSelection(f"The thresholds leave none of {int(among.sum()):,} tiles: {said}. Widen one of them.")
        return kept

    def _found(self, name: str) -> Column:
        if name not in self.data:
            known = ", ".join(sorted(self.data)) or "none"
            raise BadSelection(f"There is no column {name}. Known are: {known}.")
        column = self.data[name]
        length = len(column[0] if isinstance(column, tuple) else column)
        if length != self.count:
            raise BadSelection(f"The column {name} has {length:,} values for {self.count:,} tiles.")
        return column


def _end(bound: float | None) -> str:
    return "anything" if bound is None else f"{bound:g}"
