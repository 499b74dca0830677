"""Which tiles a sweep may find: those that its scope, a filter (search/filters), holds.

Its parts are scored one after the other, over days maybe, while collections may change: what they held when the sweep
began is kept beside its scores, so that all of its parts are of one population and its estimates are of that one.
"""

from dataclasses import replace
from functools import reduce
from pathlib import Path

import numpy as np

from labeling.models import Sweep
from labeling.sweeps import scores
from ml.shards import Shard as Columns
from search import collecting, filters
from search.filters import Filter


def keep(sweep: Sweep) -> None:
    """Write down what the collections of its scope hold now."""
    asked, dataset = filters.read(sweep.scope), sweep.campaign.dataset
    for path, names, join in (
        (within(sweep), asked.collections, np.intersect1d),
        (without(sweep), asked.not_collections, np.union1d),
    ):
        if names:
            held = reduce(join, (collecting.keys_of(collecting.named(dataset, name)) for name in names))
            path.parent.mkdir(parents=True, exist_ok=True)
            scores.store(path, held)


def inside(sweep: Sweep, columns: Columns) -> np.ndarray | None:
    """(n,) bool: the tiles of a shard that the sweep's scope holds; None for all."""
    scope = filters.read(sweep.scope)
    asked: Filter = replace(scope, collections=(), not_collections=())
    allowed = filters.compiled(sweep.campaign.dataset, asked, None).mask(columns) if columns.count else None
    kept = ((within(sweep), scope.collections, True), (without(sweep), scope.not_collections, False))
    for path, names, wanted in kept:
        if names:
            member = filters.contained(columns.keys, scores.mapped(path)) == wanted
            allowed = member if allowed is None else allowed & member
    return allowed


def within(sweep: Sweep) -> Path:
    return sweep.folder / "collections.npy"


def without(sweep: Sweep) -> Path:
    return sweep.folder / "not_collections.npy"
