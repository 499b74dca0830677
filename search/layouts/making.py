"""Maps of embeddings as rows: asked for, made here."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from django.contrib.auth.models import User

from search import frames, jobs
from search.frames import Frame
from search.jobs import Progress, Reporter
from search.layouts import cache, options, pca
from search.models import Dataset, Layout, Status
from search.models.buildable import UNFINISHED

POINTS = "points.npy"
KEPT = 8  # finished maps of a dataset; the oldest go


def request(
    dataset: Dataset, method: str, given: Mapping[str, Any], owner: User | None = None, *, background: bool = True
) -> Layout:
    """The map that is there or coming, else a new row, handed to the workers.

    Raises BadLayout, NotIndexed, TooManyJobs.
    """
    chosen = options.read(method, given)
    frame = frames.opened(dataset)
    same = dataset.layouts.filter(method=method, options=chosen, frame=frame.fingerprint)
    there = same.filter(status__in=[*UNFINISHED, Status.READY]).first()
    if there is not None:
        return there
    job = Layout(dataset=dataset, owner=owner, method=method, options=chosen, frame=frame.fingerprint)
    return jobs.begin(job, background=background)


def make_here(job: Layout, on_progress: Progress | None = None) -> bool:
    """Make it in this process; False when another one has it, or it was stopped. What goes wrong is kept and raised."""
    return jobs.work_on(job, lambda report: make(job, report), on_progress)


def make(job: Layout, report: Reporter) -> None:
    """Of the dataset's frame as it is now. The caller has claimed it."""
    frame = frames.opened(job.dataset)
    report("Reading the tiles", 0, frame.count)
    if job.method == Layout.Method.UMAP:
        from search.layouts import umapping

        flat, told = umapping.points(frame, job.options, report)
    else:
        flat, told = pca.points(frame), {"tiles": frame.count, "fitted": min(frame.count, pca.SAMPLE)}
    cache.keep(job.folder / POINTS, flat)
    job.finish(frame=frame.fingerprint, report=told, stage="")
    forget(job.dataset)


def points(job: Layout, frame: Frame) -> np.ndarray | None:
    """(n, 2) float32 from -1 to 1; None where it is not finished, or is another frame's."""
    path = job.folder / POINTS
    if job.status != Status.READY or job.frame != frame.fingerprint or not path.is_file():
        return None
    return cache.load(path)


def forget(dataset: Dataset) -> None:
    """The oldest of many maps, and those of frames that are no more once there are newer ones."""
    for old in dataset.layouts.filter(status=Status.READY)[KEPT:]:
        jobs.remove(old)
