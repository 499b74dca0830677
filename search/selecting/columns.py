"""What a dataset's tiles may be coloured, weighted and balanced by: its columns, and those that are made here ('@…').

`@level`, `@product`, `@date`, `@cluster` and `@collection:<id>` are known here; whoever has more (labeling: labels and
scores) registers a Source for `@<prefix>:<which>`.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from django.contrib.auth.models import AnonymousUser, User

from search import collecting, keys
from search import columns as measured
from search.columns import Column
from search.errors import BadQuery
from search.frames import Frame
from search.layouts import pca
from search.models import Dataset

Person = User | AnonymousUser | None  # None: the site itself
Texts = tuple[np.ndarray, list[str]]
UNIX = keys.day_of(date(1970, 1, 1))
OUT_OF, IN = "not in it", "in it"


class Source(NamedTuple):
    """Columns that another part of the site has.

    listed: those of a dataset that a person may see, named by what follows the prefix.
    values: of every tile of a frame, (n,) float32 with NaN, or (n,) int32 codes with the texts.
    """

    listed: Callable[[Dataset, Person], list[Column]]
    values: Callable[[Frame, str, Person], np.ndarray | Texts]


_sources: dict[str, Source] = {}


def register(prefix: str, source: Source) -> None:
    _sources[prefix] = source


def columns_of(frame: Frame, user: Person) -> list[Column]:
    """Everything that `values` knows for this person."""
    days = dates(frame)
    low, high = (float(np.nanmin(days)), float(np.nanmax(days))) if not np.isnan(days).all() else (None, None)
    own = [
        Column("@cluster", "Cluster of similar tiles", "", "text", None, None, "made"),
        Column("@date", "Date", "", "date", low, high, "made"),
        Column("@level", "Level", "", "text", None, None, "made"),
        Column("@product", "Product", "", "text", None, None, "made"),
        *(
            Column(f"@collection:{row.pk}", f"In {row.name}", "", "text", None, None, "collection", (OUT_OF, IN))
            for row in frame.dataset.collections.all()
        ),
    ]
    for prefix, source in _sources.items():
        own += [one._replace(name=f"@{prefix}:{one.name}") for one in source.listed(frame.dataset, user)]
    return [*measured.columns_of(frame.dataset), *own]


def values(frame: Frame, name: str, user: Person) -> np.ndarray | Texts:
    """(n,) float32, NaN where unknown; of a text column (n,) int32 codes, -1 where unknown, and the texts.

    Dates are days since 1970-01-01. BadQuery for a column that there is not.
    """
    if not name.startswith("@"):
        kind = measured.column_named(frame.dataset, name).kind
        return measured.texts(frame, name) if kind == "text" else measured.numbers(frame, name)
    prefix, _, which = name[1:].partition(":")
    if name in MADE:
        return MADE[name](frame)
    if prefix == "collection":
        return membership(frame, which)
    if prefix in _sources:
        return _sources[prefix].values(frame, which, user)
    raise BadQuery(f"There is no column {name[:80]!r}: choose one of the list.")


def membership(frame: Frame, which: str) -> Texts:
    row = frame.dataset.collections.filter(pk=int(which)).first() if which.isdecimal() else None
    if row is None:
        raise BadQuery(f"There is no collection {which[:20]!r} any more: choose another column.")
    codes = np.zeros(frame.count, np.int32)
    codes[frame.rows_of(collecting.keys_of(row))] = 1
    return codes, [OUT_OF, IN]


def clusters(frame: Frame) -> Texts:
    codes = np.asarray(pca.clusters(frame), np.int32)
    return codes, [f"cluster {number + 1}" for number in range(int(codes.max()) + 1)]


def dates(frame: Frame) -> np.ndarray:
    """(n,) float32 days since 1970-01-01, NaN for undated tiles."""
    found = np.full(frame.count, np.nan, np.float32)
    for part in frame.parts:
        day = part.shard.scene.day
        found[part.rows] = day - UNIX if day else np.nan
    return found


def by_shard(frame: Frame, told: Callable[[Any], Any]) -> Texts:
    """A text that all tiles of a shard share; told: of a shard's row what sorts as it should be listed."""
    each = [told(part.shard) for part in frame.parts]
    texts, codes = sorted(set(each)), np.empty(frame.count, np.int32)
    for part, text in zip(frame.parts, each, strict=True):
        codes[part.rows] = texts.index(text)
    return codes, [str(text) for text in texts]


MADE: dict[str, Callable[[Frame], np.ndarray | Texts]] = {
    "@cluster": clusters, "@date": dates, "@level": lambda frame: by_shard(frame, lambda shard: shard.level),
    "@product": lambda frame: by_shard(frame, lambda shard: shard.scene.product.name),
}  # fmt: skip
