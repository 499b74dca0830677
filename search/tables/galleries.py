"""What a gallery was imported with, as columns: each picture's class, a video's times, and what a list said besides."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from search.columns import IMPORT, Column
from search.imagery.gallery import SCHEMA, list_path
from search.models import Dataset, Scene
from search.tables import kinds, summaries

TITLES = {"label": "Class", "frame_time": "Time in the video", "frame_change": "Difference from the frame before"}
UNITS = {"frame_time": "s"}
Cells = tuple[np.ndarray, pa.ChunkedArray, str]  # keys, ascending; of each one value; their kind


def columns_of(dataset: Dataset) -> list[Column]:
    """None for a map."""
    return list(_columns(*listings(dataset)))


def column(dataset: Dataset, name: str) -> Cells | None:
    held = _held(*listings(dataset))
    return (held[0], *held[1][name]) if name in held[1] else None


def listings(dataset: Dataset) -> tuple[tuple[Path, ...], tuple[int, ...]]:
    """The scenes' lists, whose names change with their content, and what the keys of each begin with; in order."""
    if dataset.kind != Dataset.Kind.GALLERY:
        return (), ()
    scenes = Scene.objects.filter(product__dataset=dataset).exclude(version="").select_related("product__dataset")
    pairs = sorted((scene.address(0, 0, 0).pack(), list_path(scene)) for scene in scenes)
    return tuple(path for _, path in pairs), tuple(base for base, _ in pairs)


@lru_cache(maxsize=16)
def _columns(paths: tuple[Path, ...], bases: tuple[int, ...]) -> tuple[Column, ...]:
    found = []
    for name, (cells, kind) in _held(paths, bases)[1].items():
        told = summaries.summary(cells, kind)
        texts = tuple(told.pop("values"))
        found.append(
            Column(name, TITLES.get(name, name), UNITS.get(name, ""), kind, source=IMPORT, values=texts, **told)
        )
    return tuple(found)


@lru_cache(maxsize=8)
def _held(paths: tuple[Path, ...], bases: tuple[int, ...]) -> tuple[np.ndarray, dict[str, tuple[pa.ChunkedArray, str]]]:
    """Of all pictures: keys (n,), and each column with its kind; columns in which nothing is said are left out."""
    lists = [pq.read_table(path, schema=SCHEMA) for path in paths if path.is_file()]
    if not lists:
        return np.empty(0, np.int64), {}
    there = [base for base, path in zip(bases, paths, strict=True) if path.is_file()]
    keys = [base | one["number"].to_numpy().astype(np.int64) for base, one in zip(there, lists, strict=True)]
    table = pa.concat_tables(lists)
    own = {name: (table[name], kinds.TEXT if name == "label" else kinds.NUMBER) for name in TITLES}
    besides = {kinds.safe_name(name): typed(cells) for name, cells in said(table["meta"].to_pylist()).items()}
    every = {**besides, **own}
    return np.concatenate(keys), {name: value for name, value in every.items() if not summaries.is_silent(value[0])}


def said(metas: Sequence[str | None]) -> dict[str, pa.Array]:
    """JSON objects of texts -> their members as columns (n,), in the order in which they first appear."""
    found: dict[str, list[str | None]] = {}
    for row, meta in enumerate(metas):
        for name, value in json.loads(meta).items() if meta else ():
            found.setdefault(name, [None] * len(metas))[row] = str(value)
    return {name: pa.array(cells, pa.string()) for name, cells in found.items()}


def typed(cells: pa.Array) -> tuple[pa.ChunkedArray, str]:
    kind = kinds.guessed([cells])
    return pa.chunked_array([kinds.read(cells, kind)]), kind
