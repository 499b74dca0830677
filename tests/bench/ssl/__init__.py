"""Measurements of self-supervised training: docs/benchmarks/ssl.md has the tables."""
