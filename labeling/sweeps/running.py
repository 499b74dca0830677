"""A part of a sweep: the scores of one shard's tiles.

Scores are written block by block into a file beside the finished one, and the row says how many of them are safely on
disk: a worker that takes over goes on from there, so no tile is scored twice. A shard that was built anew meanwhile has
another folder: its part begins again, in a file of its own.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from labeling import live
from labeling.errors import LabelingError, SweepUnready
from labeling.models import SweepPart
from labeling.sweeps import bounds, finishing, scores
from labeling.sweeps.features import Features
from ml.classify import Classifier, scoring
from ml.errors import MLError
from ml.shards import Shard as Columns
from search import library
from search.errors import Cancelled, SearchError
from search.models import Shard

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]
PAUSE = 1.0  # seconds between two messages about the progress of one process


class Rebuilding(Exception):
    """The shard is being built anew: its part waits for it."""


def run_here(part: SweepPart, on_progress: Progress | None = None) -> bool:
    """Score it in this process; False when another one has it, when its shard is just being built, or it was stopped.

    What goes wrong is kept in the row and raised.
    """
    if not part.sweep.goes_on() or not part.claim():
        return False
    finishing.begun(part.sweep)
    try:
        run(part, on_progress)
    except Cancelled as stop:
        log.info("%s", stop)
        return False
    except Rebuilding as wait:
        log.info("%s waits: %s", part, wait)
        part.release()
        return False
    except BaseException as error:  # Ctrl-C too: the row must not stay claimed
        part.fail(error, final=isinstance(error, LabelingError | SearchError | MLError))
        finishing.settle(part.sweep)
        raise
    finishing.settle(part.sweep)
    return True


def run(part: SweepPart, on_progress: Progress | None = None) -> None:
    """The caller has claimed it."""
    classifier = Classifier.load(part.sweep.classifier_path)
    while True:
        shard, columns = current(part)
        features = Features(classifier, shard, columns)
        score(part, classifier, features, columns, on_progress)
        if features.untouched() and Shard.objects.filter(pk=shard.pk, folder=shard.folder).exists():
            break
        log.info("%s: its shard has changed, it is scored anew", part)
    publish(part, columns)


def current(part: SweepPart) -> tuple[Shard, Columns]:
    """The shard as it is now, open; SweepUnready when it is gone for good."""
    shard = Shard.objects.select_related("scene__product__dataset", "encoder").filter(pk=part.shard_id or 0).first()
    if shard is None:
        raise SweepUnready(f"The imagery of {part} has been deleted: start a new sweep.")
    columns = library.opened(shard) if shard.folder else None
    if columns is None:
        raise Rebuilding(str(shard))
    if part.folder != shard.folder:
        forget(part)
        part.begin_anew(shard.folder)
    return shard, columns


def working(part: SweepPart) -> Path:
    """The scores of one build of the shard, whole; until they are, ml.classify.scoring keeps them beside it."""
    return part.path.with_name(f".{part.name}.{Path(part.folder).name}.npy")


def forget(part: SweepPart) -> None:
    """What there is of scores of other builds."""
    for path in part.path.parent.glob(f".*{part.name}.*"):
        path.unlink(missing_ok=True)


def score(
    part: SweepPart, classifier: Classifier, features: Features, columns: Columns, on_progress: Progress | None
) -> None:
    part.path.parent.mkdir(parents=True, exist_ok=True)
    told = 0.0

    def report(done: int) -> None:
        nonlocal told
        part.report(done, columns.count)
        if time.monotonic() - told > PAUSE:
            told = time.monotonic()
            live.sweep_changed(part.sweep.campaign_id, part.sweep.number)
        if on_progress:
            on_progress(done, columns.count)

    report(part.done)
    if not working(part).exists():  # else they were whole when its last worker died
        scoring.score(classifier, features.vectors, working(part), on_block=report)


def publish(part: SweepPart, columns: Columns) -> None:
    """Keys and order beside the scores, which come last: who finds them finds all."""
    values = scores.mapped(working(part))
    allowed = bounds.inside(part.sweep, columns)
    order = scores.best_first(values, allowed)
    scores.store(scores.beside(part.path, "keys"), columns.keys)
    scores.store(scores.beside(part.path, "order"), order)
    working(part).replace(part.path)
    counts = scoring.histogram(values if allowed is None else values[allowed])
    part.finish(tiles=len(order), histogram=np.asarray(counts).tolist(), done=columns.count, total=columns.count)
