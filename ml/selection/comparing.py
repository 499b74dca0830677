"""How what is chosen differs from the whole, and from a random choice of as many."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadSelection
from ml.selection.candidates import known_rows
from ml.selection.cells import centres, nearest
from ml.selection.columns import Column
from ml.selection.vectors import Doubles, Flags, Floats, Progress, Rows, Vectors, silent, unit, usable
from ml.selection.workers import one_thread_each, pieces, rows_beside

BINS, VALUES = 32, 50
_PRODUCTS = 2 * 10**9  # pairs of a tile and a chosen one that are compared; of more tiles a sample is
_LEAST = 2000  # tiles in such a sample


def compare(
    vectors: Vectors,
    chosen: Rows,
    *,
    allowed: Flags | None = None,
    columns: Mapping[str, Column] | None = None,
    clusters: int = 100,
    seed: int = 0,
    on_progress: Progress = silent,
) -> dict[str, Any]:
    """As JSON; "all" are the allowed tiles, "random" a choice of as many of them.

    tiles, chosen: how many
    columns: name -> {"kind": "number", "edges": [33], "all": [32], "chosen": [32], "unknown": {"all", "chosen"}}
                     or {"kind": "text", "values": [{"value", "all", "chosen"}], "unknown": …}, the 50 most frequent
    coverage: {"chosen", "random": {"mean", "median", "p95", "max"}}: distance of a tile to the nearest chosen one
    clusters: {"count", "chosen", "random"}: share of k-means clusters with a chosen tile in them
    neighbours: {"edges": [33], "chosen": [32], "random": [32], "median": {…}}: distance of a chosen tile to the nearest
                other chosen one
    approximations: sentences
    """
    with one_thread_each():
        rows = np.flatnonzero(usable(vectors, allowed, on_progress))
        here = np.intersect1d(known_rows(chosen, vectors.shape[0], "What is chosen"), rows)
        if not len(here):
            raise BadSelection("Nothing is chosen among these tiles: choose some, or widen the filter.")
        rng = np.random.default_rng(seed)
        other = np.sort(rng.choice(rows, len(here), replace=False))
        sets = {"chosen": here, "random": other}
        said: list[str] = []
        return {
            "tiles": len(rows),
            "chosen": len(here),
            "columns": {name: _column(column, rows, here) for name, column in (columns or {}).items()},
            "coverage": _coverage(vectors, rows, sets, rng, said, on_progress),
            "clusters": _clusters(vectors, rows, sets, clusters, rng, on_progress),
            "neighbours": _neighbours(vectors, sets, rng, said, on_progress),
            "approximations": said,
        }


def _column(column: Column, rows: Rows, chosen: Rows) -> dict[str, Any]:
    if isinstance(column, tuple):
        return _texts(np.asarray(column[0]), column[1], rows, chosen)
    numbers = np.asarray(column, np.float64)
    known = numbers[rows][np.isfinite(numbers[rows])]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    return {
        "kind": "number",
        "edges": edges.tolist(),
        "all": np.histogram(known, edges)[0].tolist(),
        "chosen": np.histogram(numbers[chosen][np.isfinite(numbers[chosen])], edges)[0].tolist(),
        "unknown": _unknown(~np.isfinite(numbers), rows, chosen),
    }


def _texts(codes: NDArray[np.integer], names: list[str], rows: Rows, chosen: Rows) -> dict[str, Any]:
    whole = np.bincount(codes[rows][codes[rows] >= 0], minlength=len(names))
    some = np.bincount(codes[chosen][codes[chosen] >= 0], minlength=len(names))
    frequent = np.argsort(-whole, kind="stable")[:VALUES]
    values = [{"value": names[i], "all": int(whole[i]), "chosen": int(some[i])} for i in frequent if whole[i]]
    return {"kind": "text", "values": values, "unknown": _unknown(codes < 0, rows, chosen)}


def _unknown(flags: Flags, rows: Rows, chosen: Rows) -> dict[str, int]:
    return {"all": int(flags[rows].sum()), "chosen": int(flags[chosen].sum())}


def _coverage(
    vectors: Vectors, rows: Rows, sets: dict[str, Rows], rng: np.random.Generator, said: list[str], progress: Progress
) -> dict[str, dict[str, float]]:
    some = _sampled(rows, len(sets["chosen"]), rng)
    if len(some) < len(rows):
        said.append(f"Coverage is sampled: of {len(some):,} of {len(rows):,} tiles, drawn at random.")
    return {name: _spread(nearest(vectors, some, unit(vectors, one), progress)[1]) for name, one in sets.items()}


def _spread(distances: Floats) -> dict[str, float]:
    middle, high = np.percentile(distances, (50, 95)).tolist()
    return {"mean": float(distances.mean()), "median": middle, "p95": high, "max": float(distances.max())}


def _clusters(
    vectors: Vectors, rows: Rows, sets: dict[str, Rows], count: int, rng: np.random.Generator, progress: Progress
) -> dict[str, float]:
    middles = centres(vectors, rows, count, rng)
    taken = np.unique(nearest(vectors, rows, middles, progress)[0])  # those that have a tile
    reached = {name: np.unique(nearest(vectors, one, middles)[0]) for name, one in sets.items()}
    return {"count": len(taken)} | {name: len(one) / len(taken) for name, one in reached.items()}


def _neighbours(
    vectors: Vectors, sets: dict[str, Rows], rng: np.random.Generator, said: list[str], progress: Progress
) -> dict[str, Any]:
    far = {name: _apart(vectors, one, rng, progress) for name, one in sets.items()}
    if any(len(far[name]) < len(one) for name, one in sets.items()):
        said.append("Distances among the chosen are sampled: those of some, drawn at random, to all others.")
    high = max((float(one.max(initial=0)) for one in far.values()), default=0.0)
    edges = np.linspace(0, high or 1, BINS + 1)
    counts = {name: np.histogram(one, edges)[0].tolist() for name, one in far.items()}
    middles = {name: float(np.median(one)) if len(one) else None for name, one in far.items()}
    return {"edges": edges.tolist(), **counts, "median": middles}


def _apart(vectors: Vectors, chosen: Rows, rng: np.random.Generator, progress: Progress) -> Doubles:
    """Of each chosen row, or of a sample, the distance to the nearest other one; (0,) when there is none."""
    if len(chosen) < 2:
        return np.empty(0)
    everyone, some = unit(vectors, chosen), _sampled(np.arange(len(chosen)), len(chosen), rng)
    found = np.empty(len(some))
    for block in pieces(len(some), rows_beside(len(chosen))):
        here = some[block]
        likeness = everyone[here] @ everyone.T
        likeness[np.arange(len(here)), here] = -1
        found[block] = np.sqrt(np.maximum(2 - 2 * likeness.max(axis=1), 0))
        progress("comparing", block.stop, len(some))
    return found


def _sampled(rows: Rows, chosen: int, rng: np.random.Generator) -> Rows:
    most = max(_LEAST, _PRODUCTS // max(1, chosen))
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))
