"""Everything that is said of one encoder on one labelled set."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.evaluate import metrics
from ml.evaluate.fewshot import few_shot
from ml.evaluate.labelled import Images, Labelled
from ml.evaluate.positives import altered
from ml.index import Progress

BATCH = 32
PAIRS = 500  # images whose altered likeness is measured, drawn at random
_DEPTH = 200  # neighbours that are looked at
Encode = Callable[[Images], NDArray[np.float32]]


@dataclass(frozen=True)
class Report:
    """precision_10 … few_shot: mean over the classes, 0 to 1; classes: the same per class; strips: neighbours for a
    picture, rows of the labelled set by class: the query, then its 10 nearest.
    """

    encoder: str
    labelled: str
    tiles: int
    dim: int
    precision_10: float
    precision_50: float
    knn_20: float
    knn_200: float
    few_shot: float
    alignment: float
    uniformity: float
    effective_rank: float
    milliseconds: float
    classes: dict[str, dict[str, float]] = field(default_factory=dict)
    strips: dict[str, list[int]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; NaN becomes None, which JSON has."""
        told = {key: _number(value) for key, value in asdict(self).items() if key not in ("classes", "strips")}
        per_class = {
            name: {key: _number(value) for key, value in found.items()} for name, found in self.classes.items()
        }
        return {**told, "classes": per_class}


def evaluate(name: str, encode: Encode, labelled: Labelled, on_progress: Progress | None = None) -> Report:
    """Encode the labelled images, in batches of one size, and measure.  Raises what reading an image raises."""
    vectors, milliseconds = _encode(encode, labelled, on_progress or (lambda stage, done, total: None), name)
    found = metrics.nearest(vectors, labelled, _DEPTH)
    per_class = _per_class(vectors, found, labelled)
    return Report(
        encoder=name,
        labelled=labelled.name,
        tiles=len(labelled),
        dim=vectors.shape[1],
        **{key: float(np.nanmean(values)) for key, values in per_class.items()},
        alignment=_alignment(encode, vectors, labelled),
        uniformity=metrics.uniformity(vectors),
        effective_rank=metrics.effective_rank(vectors),
        milliseconds=milliseconds,
        classes={
            name: {key: values[c] for key, values in per_class.items()} for c, name in enumerate(labelled.classes)
        },
        strips=_strips(found, labelled),
    )


def _per_class(vectors: metrics.Vectors, found: metrics.Nearest, labelled: Labelled) -> dict[str, list[float]]:
    labels, n = labelled.labels, len(labelled.classes)
    values = {
        "precision_10": metrics.precision(found.first(10), labels),
        "precision_50": metrics.precision(found.first(50), labels),
        "knn_20": metrics.knn_right(found.first(20), labels, n),
        "knn_200": metrics.knn_right(found.first(200), labels, n),
    }
    measured = {key: metrics.per_class(one, labels, n) for key, one in values.items()}
    return {**measured, "few_shot": [float(value) for value in few_shot(vectors, labelled)]}


def _encode(encode: Encode, labelled: Labelled, progress: Progress, name: str) -> tuple[metrics.Vectors, float]:
    """Vectors, and milliseconds per image: the median over whole batches, the first of which warms up."""
    vectors: list[metrics.Vectors] = []
    times: list[float] = []
    for images in _batches([labelled.read(i) for i in range(len(labelled))]):
        start = time.perf_counter()
        vectors.append(encode(images))
        times.append((time.perf_counter() - start) / len(images) * 1000)
        progress(name, sum(map(len, vectors)), len(labelled))
    return np.concatenate(vectors), float(np.median(times[1:] or times))


def _batches(images: list[Images]) -> list[Images]:
    """Stacked, in order, at most 32 of one shape at a time."""
    runs = [list(run) for _, run in groupby(images, key=lambda image: image.shape)]
    return [np.stack(run[i : i + BATCH]) for run in runs for i in range(0, len(run), BATCH)]


def _alignment(encode: Encode, vectors: metrics.Vectors, labelled: Labelled) -> float:
    random = np.random.default_rng(0)
    rows = np.sort(random.permutation(len(labelled))[:PAIRS])
    pairs = [altered(labelled.read(int(i)), random) for i in rows]
    return metrics.alignment(vectors[rows], np.concatenate([encode(images) for images in _batches(pairs)]))


def _strips(found: metrics.Nearest, labelled: Labelled) -> dict[str, list[int]]:
    """Of each class one image, drawn at random, and its 10 nearest."""
    random = np.random.default_rng(0)
    strips = {}
    for c, name in enumerate(labelled.classes):
        query = int(random.choice(np.flatnonzero(labelled.labels == c)))
        strips[name] = [query, *(int(row) for row in found.rows[query, :10] if row >= 0)]
    return strips


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value
