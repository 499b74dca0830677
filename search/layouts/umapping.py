"""UMAP: a map on which tiles lie near those that they resemble.

L. McInnes, J. Healy, J. Melville, "UMAP: uniform manifold approximation and projection for dimension reduction" (2018),
by the authors' umap-learn. Nearest neighbours are exact (faiss); it begins from the PCA map, so that both look related.
Beyond FITTED tiles a sample is fitted, and each other tile lies among its nearest fitted ones.
"""

import io
import re
from collections.abc import Mapping
from typing import Any

import faiss
import numpy as np

from search.errors import BadLayout
from search.frames import Frame
from search.jobs import Reporter
from search.layouts import pca

FITTED = 50_000  # tiles at most that UMAP itself places
AMONG = 5  # nearest fitted tiles between which any other one is placed
EPOCHS = (500, 200)  # of small and large maps, as umap-learn chooses them
SMALL = 10_000
BLOCK = 2048
LEAST = 4
CELLS, LOOKED_INTO = 256, 8  # of the fitted tiles' index, and how many a tile's neighbours are looked for in


def points(frame: Frame, options: Mapping[str, Any], report: Reporter) -> tuple[np.ndarray, dict[str, Any]]:
    """(n, 2) float32 from -1 to 1, and how it was made. BadLayout for too few tiles, Cancelled by the reporter."""
    if frame.count < LEAST:
        raise BadLayout(f"UMAP needs {LEAST} tiles or more, and there are {frame.count}: use PCA.")
    rows = pca.sample_of(frame.count, FITTED, options["seed"])
    report("Reading the tiles", 0, len(rows))
    vectors = frame.vectors(rows).astype(np.float32)
    flat = fitted(vectors, np.asarray(pca.points(frame)[rows]), options, report)
    told: dict[str, Any] = {"tiles": frame.count, "fitted": len(rows), "placed": frame.count - len(rows)}
    if len(rows) < frame.count:
        flat = placed(frame, rows, vectors, flat, report)
        told["approximation"] = (
            f"{len(rows):,} tiles, drawn at random with seed {options['seed']}, were fitted by UMAP; each of the other "
            f"{frame.count - len(rows):,} lies between the {AMONG} fitted tiles that it resembles most."
        )
    return pca.fitted(flat), told


def fitted(vectors: np.ndarray, begun: np.ndarray, options: Mapping[str, Any], report: Reporter) -> np.ndarray:
    """(m, dim), and (m, 2) to begin from -> (m, 2), not yet scaled."""
    count = min(options["neighbours"], len(vectors) - 1)
    near, distances = neighbours(vectors, count, report)
    report("Starting UMAP (half a minute the first time)", 0, 1)
    import umap.umap_ as umap  # type: ignore[import-untyped]
    from sklearn.utils import check_random_state

    random = check_random_state(options["seed"])
    graph = umap.fuzzy_simplicial_set(
        vectors, count, random, "euclidean", knn_indices=near, knn_dists=distances, return_dists=False
    )[0]
    a, b = umap.find_ab_params(1.0, options["min_dist"])
    epochs = EPOCHS[len(vectors) > SMALL]
    found, _ = umap.simplicial_set_embedding(
        vectors, graph, 2, 1.0, a, b, 1.0, 5, epochs, spread_out(begun), random, "euclidean", {}, False, {}, False,
        tqdm_kwds={"disable": False, "file": Epochs(report), "bar_format": "{n_fmt}/{total_fmt}", "mininterval": 0.5},
    )  # fmt: skip
    return np.asarray(found, np.float32)


def spread_out(begun: np.ndarray) -> np.ndarray:
    """Places of which no two are equal, as umap-learn wants them; an axis without extent gets some."""
    noise = np.random.default_rng(0).normal(scale=1e-4, size=begun.shape)
    return np.asarray(begun * 10 + noise, np.float32)


class Epochs(io.StringIO):
    """Where UMAP's progress bar is written to, the only place where it says how far it is."""

    def __init__(self, report: Reporter) -> None:
        super().__init__()
        self._report = report

    def write(self, text: str) -> int:
        if told := re.search(r"(\d+)/(\d+)", text):
            self._report("Arranging the tiles", int(told[1]), int(told[2]))
        return len(text)


def neighbours(vectors: np.ndarray, count: int, report: Reporter) -> tuple[np.ndarray, np.ndarray]:
    """The `count` nearest of each of (m, dim), itself first, and how far: (m, count) int32, float32."""
    index = faiss.IndexFlatL2(vectors.shape[1])
    index.add(vectors)
    near = np.empty((len(vectors), count), np.int32)
    distances = np.empty((len(vectors), count), np.float32)
    for start in range(0, len(vectors), BLOCK):
        report("Finding each tile's neighbours", start, len(vectors))
        squared, found = index.search(vectors[start : start + BLOCK], count)
        near[start : start + BLOCK], distances[start : start + BLOCK] = found, np.sqrt(np.maximum(squared, 0))
    return itself_first(near, distances)


def itself_first(near: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of equal tiles any may have been found first; UMAP expects each tile to be its own nearest."""
    own = np.arange(len(near), dtype=np.int32)
    for row in np.flatnonzero(near[:, 0] != own):
        at = int(np.argmax(near[row] == row)) if (near[row] == row).any() else near.shape[1] - 1
        near[row, 1 : at + 1] = near[row, :at].copy()
        distances[row, 1 : at + 1] = distances[row, :at].copy()
    near[:, 0], distances[:, 0] = own, 0
    return near, distances


def placed(frame: Frame, rows: np.ndarray, vectors: np.ndarray, flat: np.ndarray, report: Reporter) -> np.ndarray:
    """(n, 2): the fitted tiles where they are, the others between their nearest fitted ones, weighed by 1/d²."""
    index: Any = faiss.index_factory(vectors.shape[1], f"IVF{CELLS},Flat")
    index.train(vectors)
    index.add(vectors)
    index.nprobe = LOOKED_INTO
    found = np.empty((frame.count, 2), np.float32)
    for where, block in frame.blocks(most=4 * BLOCK):
        report("Placing the other tiles", where.start, frame.count)
        squared, near = index.search(block.astype(np.float32), AMONG)
        weights = np.where(near < 0, 0, 1 / np.maximum(squared, 1e-6))
        found[where] = (flat[near] * weights[..., None]).sum(axis=1) / weights.sum(axis=1, keepdims=True)
    found[rows] = flat
    return found
