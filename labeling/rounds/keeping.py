"""What rounds keep on disk: their classifiers, what each knew and where it left off.

campaigns/<id>/pool-….npy         the tiles that rounds score, until shards or settings change
campaigns/<id>/rounds/<n>.npz     keys, targets, held_out: what it trained on, and what it thought of each without it;
                                  frontier: tiles whose neighbourhoods the next round goes on with
models/campaign-<id>/<n>/         its classifier
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings

from labeling.models import Campaign, Learner, Round
from ml.classify import Classifier, Labels


@dataclass(frozen=True)
class Record:
    keys: np.ndarray
    targets: np.ndarray
    held_out: np.ndarray
    frontier: np.ndarray


def path_of(learner: Learner, number: int) -> Path:
    return learner.folder / "rounds" / f"{number}.npz"


def write(learner: Learner, number: int, labels: Labels, held_out: np.ndarray, frontier: np.ndarray) -> None:
    with replacing(path_of(learner, number)) as fresh, fresh.open("wb") as file:
        np.savez(file, keys=labels.keys, targets=labels.targets, held_out=held_out, frontier=frontier)


def read(learner: Learner, number: int) -> Record | None:
    """None when there is none: of a round without a classifier, or because the folder was cleared."""
    try:
        with np.load(path_of(learner, number), allow_pickle=False) as file:
            return Record(*(file[name] for name in ("keys", "targets", "held_out", "frontier")))
    except FileNotFoundError:
        return None


def save(learner: Learner, one: Round, classifier: Classifier) -> str:
    """The classifier's folder, below the data folder. What a worker that was killed has left there goes first: no row
    points at it."""
    folder = learner.classifiers / str(one.number)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    classifier.save(folder)
    return str(folder.relative_to(settings.DATA_DIR))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside it to write to, which takes its place when all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        yield fresh
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def remove_orphans() -> int:
    """Folders of campaigns that are no more."""
    data = Path(settings.DATA_DIR)
    found = {folder: folder.name for folder in (data / "campaigns").glob("*")}
    found |= {folder: folder.name.removeprefix("campaign-") for folder in (data / "models").glob("campaign-*")}
    living = {str(pk) for pk in Campaign.objects.values_list("pk", flat=True)}
    gone = [folder for folder, number in found.items() if number.isdecimal() and number not in living]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)
