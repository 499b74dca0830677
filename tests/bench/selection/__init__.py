"""Measurements of ml.selection: docs/benchmarks/selection.md has the tables."""
