"""Labelled images, decoded once, in parallel, into the packed cache that training reads (ml/train/cache.py)."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.embed import tile_of
from ml.encoders import Encoder
from ml.errors import BadImage, BadLabels
from ml.finetune.examples import Examples
from ml.train.cache import Cache, CacheWriter

MOST_REFUSED = 0.5  # share of the files
_TOGETHER, _THREADS = 256, 4
Progress = Callable[[str, int, int], None]  # stage, done, total


def packed(
    examples: Examples, encoder: Encoder, work: Path, *, most_refused: float = MOST_REFUSED,
    on_progress: Progress | None = None,
) -> tuple[Cache, Examples]:  # fmt: skip
    """(the images at the encoder's size, the examples that they are of, in one order).

    What cannot be read is in the cache's `refused`; more than a share of most_refused raises BadLabels.  A folder that
    was packed before, and whose files have not changed, is not decoded again.
    """
    folder = work / f"images-{_version(examples, encoder)}"
    cache = Cache.open(folder) if folder.is_dir() else _pack(examples, encoder, folder, most_refused, on_progress)
    row_of = {path: row for row, path in enumerate(examples.paths)}
    return cache, examples.take(np.array([row_of[name] for name in cache.names], np.int64))


def _version(examples: Examples, encoder: Encoder) -> str:
    stats = [(path, (examples.root / path).stat()) for path in examples.paths]
    facts = [encoder.size, encoder.bands, _stretch(encoder), [(p, s.st_size, s.st_mtime_ns) for p, s in stats]]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]


def _pack(
    examples: Examples, encoder: Encoder, folder: Path, most_refused: float, on_progress: Progress | None
) -> Cache:
    stretch, refused = _stretch(encoder), dict[str, str]()

    def look(path: str) -> NDArray[np.uint8] | None:
        try:
            return tile_of(examples.root / path, encoder.size, encoder.bands, stretch)
        except (BadImage, OSError) as error:
            refused[path] = str(error)
            return None

    size, bands, total = encoder.size, encoder.bands, len(examples)
    with CacheWriter(folder, size=size, bands=bands, total=total) as writer, ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, total, _TOGETHER):
            some = examples.paths[start : start + _TOGETHER]
            read = {path: tile for path, tile in zip(some, pool.map(look, some), strict=True) if tile is not None}
            if read:
                writer.append(np.stack(list(read.values())), names=list(read))
            if on_progress:
                on_progress("images", start + len(some), total)
        for path, reason in sorted(refused.items()):
            writer.refuse(path, reason)
        _check(refused, examples, most_refused)
        return writer.finish(source=examples.root.name, stretch=stretch)


def _check(refused: dict[str, str], examples: Examples, most: float) -> None:
    if len(refused) > most * len(examples) or len(refused) == len(examples):
        path, reason = next(iter(sorted(refused.items())))
        raise BadLabels(
            f"{len(refused)} of {len(examples)} images in {examples.root} cannot be read, the first is {path}: "
            f"{reason} Mend or remove them, or allow more with --most-refused."
        )


def _stretch(encoder: Encoder) -> list[list[float]] | None:
    given = getattr(encoder, "stretch", None)
    return [list(pair) for pair in given] if given else None
