"""Bringing files in: what people name (files, folders, zips, lists, addresses) becomes files that may be looked at."""
