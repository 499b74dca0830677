"""One training from beginning to end: tiles into a cache, ml.train on it, the encoder into the model store.

Everything until then lies in the row's folder: tiles/ (read, one file each part), cache/, work/ (ml.train's
checkpoints). An attempt goes on with what an earlier one left there.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from ml import modelstore
from ml.evaluate.labelled import Labelled, balanced, from_names
from ml.shards.files import write_json
from ml.train import Cache, CacheWriter
from search import encoders
from search.errors import BadQuery
from search.heart import Heart
from search.models import Training
from search.training import gathering, options, pace
from search.training.options import Options
from search.training.reporting import Reporter

WATCHED = 2000  # labelled pictures that a training is measured on
PUBLISHED = "published.json"
SHORT = ("loss", "knn_20", "precision_10", "effective_rank", "collapsed", "seconds", "images", "images_per_second")


def run(job: Training, on_progress: Callable[[Training], None] | None = None) -> None:
    """The caller has claimed it. Raises Cancelled, and what ml.train raises."""
    chosen, report = Options.of(job.options), Reporter(job, on_progress)
    with Heart(job):
        place = published(job)
        if place is None:
            place = publish(job, learnt(job, chosen, gathered(job, chosen, report), report))
        report.storing()
        encoder = encoders.register(str(place))
        job.finish(encoder=encoder, version=place.name, summary=short(place))


def gathered(job: Training, chosen: Options, report: Reporter) -> Cache:
    """The tiles, packed; what an earlier attempt has read is not read again.  BadQuery when there are too few."""
    folder = job.folder / "cache"
    if (folder / "cache.json").is_file():
        return Cache.open(folder)
    found = options.scenes(job.dataset, chosen)
    size = gathering.native_size(found, chosen.levels, chosen.size)
    parts = gathering.parts(found, chosen.levels, most=chosen.most, seed=chosen.seed)
    kept = Kept(job.folder / "tiles", sum(len(part.keys) for part in parts), report)
    for number, part in enumerate(parts):
        kept.read(number, part, size)
    if kept.count < options.LEAST:
        raise BadQuery(f"Only {kept.count} tiles of {job.dataset.name} show something: bring in more imagery first.")
    return kept.packed(folder, size, source=f"{job.dataset.name}: {', '.join(str(scene) for scene in found[:20])}")


class Kept:
    """Parts of the tiles as files, so that a killed worker reads none of them twice."""

    def __init__(self, folder: Path, total: int, report: Reporter) -> None:
        self.folder, self.total, self._report = folder, total, report
        self.done = self.count = 0  # tiles looked at, and those that show something
        folder.mkdir(parents=True, exist_ok=True)

    def read(self, number: int, part: gathering.Part, size: int) -> None:
        path = self.folder / f"{number:06}.npz"
        if not path.is_file():
            found = []
            for looked, tiles in gathering.read(part, size):
                found.append(tiles)
                self._report.tiles(self.done + looked, self.total)
            columns = {name: np.concatenate([getattr(t, name) for t in found]) for name in gathering.Tiles._fields}
            save(path, columns)
        with np.load(path) as columns:
            self.count += len(columns["keys"])
        self.done += len(part.keys)

    def packed(self, folder: Path, size: int, source: str) -> Cache:
        packed = []
        with CacheWriter(folder, size=size, bands=3, total=self.count) as writer:
            for path in sorted(self.folder.glob("*.npz")):
                with np.load(path) as columns:
                    writer.append(columns["images"], columns["places"], columns["cells"])
                    packed.append(columns["keys"])
                self._report.tiles(self.total, self.total)
            np.save(self.folder.parent / "keys.npy", np.concatenate(packed))
            cache = writer.finish(source=source)
        shutil.rmtree(self.folder, ignore_errors=True)
        return cache


def save(path: Path, columns: dict[str, np.ndarray]) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with part.open("wb") as file:
        np.savez(file, **columns)  # type: ignore[arg-type]
    part.replace(path)


def learnt(job: Training, chosen: Options, cache: Cache, report: Reporter) -> Path:
    """ml.train's finished entry, not yet in the store."""
    import torch

    from ml.train import train

    torch.set_num_threads(settings.TRAINING_THREADS)
    config = chosen.config(size=cache.size, start=options.start_of(chosen))
    labels = gathering.labels_of(options.scenes(job.dataset, chosen), np.load(job.folder / "keys.npy"))
    work = job.folder / "work"
    return train(cache, config, work, on_update=report.learnt, labelled=watched(job.dataset.name, cache, labels))


def watched(name: str, cache: Cache, labels: list[str]) -> Labelled | None:
    """Labelled pictures whose neighbours tell how good the encoder is; they never teach it. None where there are no
    two classes."""
    counts = Counter(filter(None, labels))
    rows = np.array([row for row, label in enumerate(labels) if counts[label] > 1], np.int64)
    classes = [labels[row] for row in rows]
    if len(set(classes)) < 2:
        return None
    every = from_names(name, classes, lambda i: np.asarray(cache.pixels[rows[i]]))
    return every.take(balanced(every.labels, WATCHED // len(every.classes) + 2))


def publish(job: Training, entry: Path) -> Path:
    place = modelstore.publish(entry, options.models(), job.name)
    write_json(job.folder / PUBLISHED, {"folder": str(place)})
    pace.learn_from(place)
    return place


def published(job: Training) -> Path | None:
    """Where an earlier attempt, killed right after it, has put the encoder."""
    try:
        place = Path(json.loads((job.folder / PUBLISHED).read_text())["folder"])
    except (OSError, ValueError, KeyError):
        return None
    return place if (place / "encoder.json").is_file() else None


def short(place: Path) -> dict[str, Any]:
    """What of the report card people see beside the training."""
    try:
        card = json.loads((place / "card.json").read_text())
    except (OSError, ValueError):
        return {}
    return {name: card[name][-1] if isinstance(card[name], list) else card[name] for name in SHORT if card.get(name)}
