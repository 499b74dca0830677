"""Columns that people bring, CSV or Parquet, joined to the tiles; and those that a gallery was imported with."""

from search.tables.asking import columns_of, numbers, texts
from search.tables.bringing import Report, bring_in, described, remove

__all__ = ["Report", "bring_in", "columns_of", "described", "numbers", "remove", "texts"]
