"""The fixed factors of a product: metrics, typicality, likeness to examples.

Their scales have nothing to do with each other, so each becomes a rank: the share of the candidates that a row is at
least as good as, from 1 / c to 1, and equals share the middle of their ranks. A factor to the power of s has its mean
at 1 / (s + 1): the greater the strength, the nearer to the top the choice stays.

Typicality is the inverse of the mean distance to the nearest neighbours (Hacohen, Dekel and Weinshall 2022,
TypiClust); outliers are wanted the other way round.
"""

import numpy as np
from numpy.typing import NDArray

from ml.selection.vectors import Doubles, Floats, Progress, Rows, Vectors, blocks, silent

_EXAMPLES = 4096  # examples compared at once


def ranks(values: NDArray[np.floating], high: bool = True) -> Doubles:
    """(c,) -> (c,) in (0, 1], the best 1; NaN stays NaN, and counts for nobody."""
    known = ~np.isnan(values)
    found = np.full(len(values), np.nan)
    order = np.sort(values[known] if high else -values[known])
    wanted = values[known] if high else -values[known]
    below, upto = np.searchsorted(order, wanted, "left"), np.searchsorted(order, wanted, "right")
    found[known] = (below + upto + 1) / 2 / max(1, len(order))
    return found


def likeness(vectors: Vectors, rows: Rows, examples: Floats, on_progress: Progress = silent) -> Floats:
    """Cosine of each row with the most similar example (e, dim), of length 1: (m,)."""
    found = np.full(len(rows), -1, np.float32)
    for here, some in blocks(vectors, rows):
        for start in range(0, len(examples), _EXAMPLES):
            found[here] = np.maximum(found[here], (some @ examples[start : start + _EXAMPLES].T).max(axis=1))
        on_progress("similarity", here.stop, len(rows))
    return found
