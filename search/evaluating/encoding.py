"""Each encoder on the labelled tiles: the dataset's own by the vectors of its shards, others by embedding the tiles."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ml.errors import MLError
from ml.evaluate import Labelled, Report, evaluate, measure
from ml.evaluate.baseline import NAME as BASELINE
from ml.evaluate.baseline import colour_statistics
from search import encoders, imagery, keys
from search.errors import SearchError
from search.evaluating.recipe import OWN
from search.frames import Frame
from search.imagery import Reader
from search.jobs import Progress
from search.models import Dataset, Encoder, Scene

SIDE = 64  # px at which colour statistics are taken
Encode = Callable[[np.ndarray], np.ndarray]


class Tiles:
    """Pixels of some tiles of a dataset, each read when it is asked for; scenes are opened once."""

    def __init__(self, frame: Frame, rows: np.ndarray, size: int) -> None:
        self._addresses = [keys.unpack(int(key)) for key in frame.keys[rows]]
        self._dataset, self._size = frame.dataset, size
        self._readers: dict[tuple[int, int], Reader] = {}

    def __call__(self, position: int) -> np.ndarray:
        """(size, size, 3) uint8, as an encoder sees it. Raises MissingImagery, BadImagery."""
        address = self._addresses[position]
        pixels, _ = self._reader(address).sample(address.level, address.row, address.col, self._size, address.offset)
        return pixels

    def _reader(self, address: keys.TileAddress) -> Reader:
        place = address.product, address.day
        if place not in self._readers:
            scene = Scene.objects.select_related("product__dataset").get(
                product__dataset=self._dataset, product__number=address.product, day=address.day
            )
            with imagery.opened(scene) as reader:
                self._readers[place] = reader
        return self._readers[place]


class Timed:
    """An encoder that keeps how long it took: milliseconds a tile, the median over its calls."""

    def __init__(self, encode: Encode) -> None:
        self._encode, self._times = encode, [0.0][:0]

    def __call__(self, images: np.ndarray) -> np.ndarray:
        began = time.perf_counter()
        found = self._encode(images)
        self._times.append((time.perf_counter() - began) * 1000 / len(images))
        return found

    @property
    def milliseconds(self) -> float:
        return float(np.median(self._times[1:] or self._times)) if self._times else float("nan")


def compared(
    frame: Frame, rows: np.ndarray, labelled: Labelled, asked: tuple[str, ...], on_progress: Progress
) -> list[dict[str, Any]]:
    """Of each encoder what was measured, or why it could not be; the baseline is the last."""
    found: list[dict[str, Any]] = []
    for name in (*asked, BASELINE):
        on_progress(in_words(frame.dataset, name), 0, len(rows))
        try:
            report, told = one(frame, rows, labelled, name, on_progress)
        except (SearchError, MLError) as error:
            found.append({"name": name, "title": in_words(frame.dataset, name), "error": str(error)})
            continue
        found.append({"name": name, "title": in_words(frame.dataset, name), **told, **report.as_dict(),
                      "strips": strips(report, frame.keys[rows], labelled)})  # fmt: skip
    return found


def in_words(dataset: Dataset, name: str) -> str:
    if name == OWN:
        return dataset.encoder.name
    return "Colour statistics" if name == BASELINE else name


def one(
    frame: Frame, rows: np.ndarray, labelled: Labelled, name: str, on_progress: Progress
) -> tuple[Report, dict[str, Any]]:
    """The report, and where its vectors are from."""
    if name == OWN:
        return own(frame, rows, labelled)
    if name == BASELINE:
        size, encode = SIDE, colour_statistics
    else:
        encoder = encoders.loaded(encoders.named(name))
        size, encode = encoder.size, encoder.encode_images
    readable = replace(labelled, read=Tiles(frame, rows, size))
    told = "of the tiles' pixels" if name == BASELINE else "embedded for this"
    return evaluate(name, encode, readable, on_progress), {"vectors": told}


def own(frame: Frame, rows: np.ndarray, labelled: Labelled) -> tuple[Report, dict[str, Any]]:
    """Alignment needs the encoder itself, on tiles seen a little differently: where that is not here, the rest is."""
    vectors, row, told = frame.vectors(rows).astype(np.float32), frame.dataset.encoder, "of the dataset's shards"
    try:
        timed = Timed(encoders.loaded(row).encode_images)
        found = measure(row.name, vectors, replaced(labelled, frame, rows, row), timed)
        return replace(found, milliseconds=timed.milliseconds), {"vectors": told}
    except (SearchError, MLError) as error:
        return measure(row.name, vectors, labelled), {"vectors": told, "without": str(error)}


def replaced(labelled: Labelled, frame: Frame, rows: np.ndarray, row: Encoder) -> Labelled:
    return replace(labelled, read=Tiles(frame, rows, row.size))


def strips(report: Report, packed: np.ndarray, labelled: Labelled) -> dict[str, list[list[str]]]:
    """Of each class a tile, then its 10 nearest: key and class of each."""
    return {
        name: [[str(packed[at]), labelled.classes[labelled.labels[at]]] for at in found]
        for name, found in report.strips.items()
    }
