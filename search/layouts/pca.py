"""The map of embeddings that is there at once: principal components, and clusters of them.

K. Pearson, "On lines and planes of closest fit to systems of points in space" (1901). Mean and covariance are those of
a sample, drawn evenly with a fixed seed; every tile is then projected, block by block.
"""

import numpy as np

from search.frames import Frame
from search.layouts.cache import cached

SAMPLE = 50_000  # tiles from which the axes are computed
COMPONENTS = 16  # axes that clusters are made of; the first two are the map
CLUSTERS = 20  # at most
BLOCK = 8192  # tiles projected at a time


def points(frame: Frame) -> np.ndarray:
    """(n, 2) float32 from -1 to 1, both axes on one scale; the first axis is the one along which tiles differ most."""
    return cached(frame, "pca", lambda: fitted(components(frame)[:, :2]))


def clusters(frame: Frame) -> np.ndarray:
    """(n,) int16: which of up to CLUSTERS groups of similar tiles each is in; 0 is the largest."""
    return cached(frame, "clusters", lambda: grouped(components(frame)))


def components(frame: Frame) -> np.ndarray:
    """(n, c) float32: each tile along the first principal components."""
    return cached(frame, "components", lambda: projected(frame))


def projected(frame: Frame) -> np.ndarray:
    mean, axes = principal(sampled(frame, SAMPLE), COMPONENTS)
    found, middle = np.empty((frame.count, axes.shape[1]), np.float32), mean @ axes
    for where, block in frame.blocks(most=BLOCK):
        np.matmul(block.astype(np.float32), axes, out=found[where])
    return found - middle


def sampled(frame: Frame, most: int, seed: int = 0) -> np.ndarray:
    """(m, dim) float32 of at most so many tiles, drawn at random."""
    return frame.vectors(sample_of(frame.count, most, seed)).astype(np.float32)


def sample_of(count: int, most: int, seed: int = 0) -> np.ndarray:
    """(m,) int64, ascending: all rows, or so many drawn at random."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def principal(vectors: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """(m, dim) -> mean (dim,) and the axes of greatest variance (dim, c), each with its largest part positive."""
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    _, axes = np.linalg.eigh(centred.T @ centred / max(1, len(vectors)))
    axes = axes[:, ::-1][:, : max(2, most)]
    return mean, axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])


def fitted(flat: np.ndarray) -> np.ndarray:
    """(n, 1 or 2) -> (n, 2) from -1 to 1, around the middle of its extent."""
    flat = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))  # vectors of one number
    low, high = flat.min(axis=0), flat.max(axis=0)
    span = float((high - low).max()) / 2 or 1.0
    scaled: np.ndarray = np.clip((flat - (low + high) / 2) / span, -1, 1).astype(np.float32)
    return scaled


def grouped(where: np.ndarray, seed: int = 0) -> np.ndarray:
    """(n, c) -> (n,) int16, numbered by size."""
    from sklearn.cluster import MiniBatchKMeans  # takes a second to be imported

    count = max(1, min(CLUSTERS, round((len(where) / 5) ** 0.5)))
    means = MiniBatchKMeans(count, random_state=seed, n_init=3, batch_size=4096)
    means.fit(where[sample_of(len(where), SAMPLE, seed)])
    found = np.concatenate([means.predict(where[at : at + 65536]) for at in range(0, len(where), 65536)])
    ranks = np.argsort(np.argsort(-np.bincount(found, minlength=count), kind="stable"))
    return np.asarray(ranks[found], np.int16)
