"""What is known of a dataset's tiles as columns: the metrics of its shards and what people brought (search/tables.py).

By these names filters, histograms, selections and maps of embeddings ask for them.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ml.metrics import METRICS
from ml.shards.files import TILES
from search.errors import BadQuery
from search.frames import Frame
from search.models import Dataset, Shard

LOOKED_AT = 32  # shards, those finished the longest ago, in which metrics newer than they are would be missing
METRIC, TABLE, IMPORT = "metric", "table", "import"


class Column(NamedTuple):
    """kind: "number", "text" or "date".  low, high: what a slider offers; None where nothing is known.

    source: "metric", "table" (people brought it), "import" (a gallery's own).  values: a text column's most frequent.
    measured: False when some shards were built before this metric was and do not have it; `manage.py measure` adds it.
    """

    name: str
    title: str
    unit: str
    kind: str
    low: float | None
    high: float | None
    source: str
    values: tuple[str, ...] = ()
    measured: bool = True

    def as_json(self) -> dict[str, object]:
        return {**self._asdict(), "values": list(self.values)}


METRIC_COLUMNS = {m.name: Column(m.name, m.title, m.unit, "number", m.low, m.high, METRIC) for m in METRICS}


def columns_of(dataset: Dataset) -> list[Column]:
    """Metrics first, then what people brought; a brought column that is called like a metric is not one of them."""
    missing = unmeasured(dataset)
    metrics = [column._replace(measured=name not in missing) for name, column in METRIC_COLUMNS.items()]
    return [*metrics, *brought(dataset)]


def brought(dataset: Dataset) -> list[Column]:
    from search import tables  # which takes its Column from here

    return [column for column in tables.columns_of(dataset) if column.name not in METRIC_COLUMNS]


def column_named(dataset: Dataset, name: str, kind: str = "") -> Column:
    """kind: "number" (or date), "text", or any; BadQuery, with those that there are, for a name that is none."""
    if name in METRIC_COLUMNS and kind in ("", "number"):
        return METRIC_COLUMNS[name]
    known = [*METRIC_COLUMNS.values(), *brought(dataset)]
    found = next((column for column in known if column.name == name), None)
    if found is not None and fits(found, kind):
        return found
    if found is not None:
        field = "values" if found.kind == "text" else "metrics"
        raise BadQuery(f"{name} is a column of {found.kind}s: ask for it in `{field}`.")
    usable = ", ".join(column.name for column in known if fits(column, kind))
    told = f"use {usable}." if usable else f"{dataset.name} has none: bring a table with one first."
    raise BadQuery(f"There is no {NAMES[kind]} {name[:80]!r}: {told}")


def fits(column: Column, kind: str) -> bool:
    """Dates are numbers: days since 1970-01-01."""
    return not kind or (column.kind == "text") == (kind == "text")


NAMES = {"": "column", "number": "metric", "text": "text column"}


def numbers(frame: Frame, name: str) -> np.ndarray:
    """(n,) float32, NaN where unknown, of dates days since 1970-01-01; BadQuery for no such column."""
    if name in METRIC_COLUMNS:
        return frame.column(name)
    from search import tables

    column_named(frame.dataset, name, "number")
    return tables.numbers(frame.dataset, name, frame.keys)


def texts(frame: Frame, name: str) -> tuple[np.ndarray, list[str]]:
    """(n,) int32 codes, -1 for none, and the texts; BadQuery for no such column."""
    from search import tables

    column_named(frame.dataset, name, "text")
    return tables.texts(frame.dataset, name, frame.keys)


def unmeasured(dataset: Dataset) -> set[str]:
    """Metrics that shards built long ago do not have."""
    old = Shard.objects.of(dataset).searchable().order_by("finished_at", "pk")[:LOOKED_AT]
    held = [names_in(shard.path()) for shard in old]
    return {name for name in METRIC_COLUMNS if any(known and name not in known for known in held)}


def names_in(folder: Path) -> frozenset[str]:
    """Columns of a finished shard's folder, which never change; none of one that cannot be read just now."""
    try:
        return _names_in(folder)
    except (OSError, pa.ArrowException):
        return frozenset()


@lru_cache(maxsize=4096)
def _names_in(folder: Path) -> frozenset[str]:
    return frozenset(pq.read_schema(folder / TILES).names)
