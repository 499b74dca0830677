"""Columns that people bring, CSV or Parquet, joined to the tiles; and those that a gallery was imported with."""

from search.tables.asking import columns_of, numbers, texts
from search.tables.bringing import Report, bring_in, described, remove, sweep
from search.tables.sending import bring_sent, check_may_remove, table_of

__all__ = [
    "Report",
    "bring_in",
    "bring_sent",
    "check_may_remove",
    "columns_of",
    "described",
    "numbers",
    "remove",
    "sweep",
    "table_of",
    "texts",
]  # fmt: skip
