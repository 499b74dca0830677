"""Everything that is said of one encoder on one labelled set."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.evaluate import metrics
from ml.evaluate.fewshot import blocks, few_shot
from ml.evaluate.intervals import interval
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

    places: how many there are, blocks of the map or groups; intervals: of the four measures of neighbours, 95 %, over
    places drawn again; reachable: the most that precision can be, where classes are small.  alignment and milliseconds
    are NaN of vectors whose encoder is not here.
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
    places: int = 0
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    reachable: dict[str, float] = field(default_factory=dict)
    classes: dict[str, dict[str, float]] = field(default_factory=dict)
    strips: dict[str, list[int]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; NaN becomes None, which JSON has."""
        return {key: _plain(value) for key, value in asdict(self).items() if key != "strips"}


def evaluate(name: str, encode: Encode, labelled: Labelled, on_progress: Progress | None = None) -> Report:
    """Encode the labelled images, in batches of one size, and measure.  Raises what reading an image raises."""
    progress = on_progress or (lambda stage, done, total: None)
    vectors, milliseconds = _encode(encode, labelled, progress, name)
    return measure(name, vectors, labelled, encode, milliseconds)


def measure(
    name: str,
    vectors: metrics.Vectors,
    labelled: Labelled,
    encode: Encode | None = None,
    milliseconds: float = float("nan"),
) -> Report:
    """Of vectors that are there: (n, d), of the labelled images in their order.  encode: what made them, if at hand."""
    found = metrics.nearest(vectors, labelled, _DEPTH)
    values = _values(found, labelled)
    per_class = _per_class(values, vectors, labelled)
    places = blocks(labelled)
    return Report(
        encoder=name,
        labelled=labelled.name,
        tiles=len(labelled),
        dim=vectors.shape[1],
        **{key: _mean(values) for key, values in per_class.items()},
        alignment=_alignment(encode, vectors, labelled) if encode else float("nan"),
        uniformity=metrics.uniformity(vectors),
        effective_rank=metrics.effective_rank(vectors),
        milliseconds=milliseconds,
        places=len(np.unique(places)),
        intervals={key: interval(one, places, labelled.labels, len(labelled.classes)) for key, one in values.items()},
        reachable={
            f"precision_{k}": _mean(
                metrics.per_class(metrics.reachable(labelled, k), labelled.labels, len(labelled.classes))
            )
            for k in (10, 50)
        },
        classes={
            name: {key: values[c] for key, values in per_class.items()} for c, name in enumerate(labelled.classes)
        },
        strips=_strips(found, labelled),
    )


def _values(found: metrics.Nearest, labelled: Labelled) -> dict[str, NDArray[np.float64]]:
    """Of every image: (n,) each."""
    labels, n = labelled.labels, len(labelled.classes)
    return {
        "precision_10": metrics.precision(found.first(10), labels),
        "precision_50": metrics.precision(found.first(50), labels),
        "knn_20": metrics.knn_right(found.first(20), labels, n),
        "knn_200": metrics.knn_right(found.first(200), labels, n),
    }


def _per_class(
    values: dict[str, NDArray[np.float64]], vectors: metrics.Vectors, labelled: Labelled
) -> dict[str, list[float]]:
    labels, n = labelled.labels, len(labelled.classes)
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


def _mean(values: list[float]) -> float:
    """Of those that are known; NaN of none."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and np.isnan(value) else value
