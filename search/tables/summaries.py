"""What a slider or a list of a column offers: its least and greatest number, or its most frequent texts."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from search.tables import kinds

SHOWN = 50  # texts


def summary(cells: pa.ChunkedArray, kind: str) -> dict[str, Any]:
    """low, high: None where nothing is known; dates are days since 1970-01-01.  values: the most frequent first."""
    if kind == kinds.TEXT:
        return {"low": None, "high": None, "values": frequent(cells)}
    found = kinds.days(cells) if kind == kinds.DATE else cells.to_numpy().astype(np.float64)
    known = found[np.isfinite(found)]
    ends = (float(known.min()), float(known.max())) if len(known) else (None, None)
    return {"low": ends[0], "high": ends[1], "values": []}


def frequent(cells: pa.ChunkedArray) -> list[str]:
    counts = cells.drop_null().value_counts()
    order = np.argsort(-counts.field("counts").to_numpy(), kind="stable")[:SHOWN]
    texts: list[str] = counts.field("values").cast(pa.string()).take(pa.array(order)).to_pylist()
    return texts


def is_silent(cells: pa.ChunkedArray) -> bool:
    return bool(pc.all(cells.is_null()).as_py() is not False)
