"""Shorter vectors: the principal axes of somebody's own images, kept as a model store entry of their own."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml import encoders, modelstore
from ml.embed.folder import Folder
from ml.embedding import Pace, encoded
from ml.encoders import Encoder
from ml.encoders.entry import CONFIG
from ml.errors import BadEncoder, NoSuchModel
from ml.index.interface import Progress
from ml.shards.files import save_tensors

SAMPLE = 5000  # images that the axes are fitted on
_TOGETHER = 16
_LEAST = 1e-6  # of the largest variance: axes with less are noise of rounding, and are not blown up


class Axes(NamedTuple):
    """mean: (d,) and matrix: (d, n), float32.  kept: the share of the variance that is left."""

    mean: NDArray[np.float32]
    matrix: NDArray[np.float32]
    kept: float


def fit(vectors: NDArray[np.float32], dim: int, *, whiten: bool = False) -> Axes:
    """The first `dim` principal axes of (n, d) vectors; whiten: each divided by its deviation, so that all count alike.

    Raises BadEncoder when there are too few vectors, or too short ones, for so many axes.
    """
    n, wide = vectors.shape
    if not 0 < dim <= min(wide, n - 1):
        raise BadEncoder(
            f"{n} vectors of {wide} numbers have at most {max(0, min(wide, n - 1))} principal axes, not {dim}: ask for "
            "fewer (--pca), or give more images."
        )
    mean = vectors.mean(axis=0, dtype=np.float64)
    centred = vectors - mean
    variances, axes = np.linalg.eigh(centred.T @ centred / (n - 1))  # ascending
    variances, axes = variances[::-1][:dim], axes[:, ::-1][:, :dim]
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(dim)] < 0, -1, 1)  # else either sign would do
    kept = float(variances.sum() / max(centred.var(axis=0, ddof=1).sum(), 1e-12))
    scale = 1 / np.sqrt(np.maximum(variances, max(variances[0], 1e-12) * _LEAST)) if whiten else np.ones(dim)
    return Axes(mean.astype(np.float32), (axes * scale).astype(np.float32), min(1.0, kept))


def reduced(
    images: Folder, encoder: Encoder, of: str, store: Path, dim: int, *, whiten: bool, name: str, pace: Pace,
    on_progress: Progress,
) -> Path:  # fmt: skip
    """The entry of the store whose vectors are the encoder's, projected to `dim` axes fitted on these images.

    of: what the store calls the encoder.  One that was fitted on the same images before is found again.
    """
    fitted = {
        "of": of, "encoder": encoder.fingerprint, "images": images.version(), "pca": dim, "whiten": whiten,
    }  # fmt: skip
    for version in modelstore.versions(store, name) if store.is_dir() else []:
        if version.config.get("fitted") == fitted:
            return version.folder
    vectors = np.concatenate(list(_sampled(images, encoder, pace, on_progress)))
    axes = fit(vectors, dim, whiten=whiten)
    config = {
        "kind": "reduced", "of": of, "licence": encoder.licence, "words": not whiten, "fitted": fitted,
        "kept": round(axes.kept, 4), "source": f"{dim} principal axes of {len(vectors)} images in {images.root.name}",
        **({"bands": encoder.bands} if encoder.bands != 3 else {}),
    }  # fmt: skip
    return _published(config, axes, store, name)


def _sampled(images: Folder, encoder: Encoder, pace: Pace, progress: Progress) -> Iterator[NDArray[np.float32]]:
    """Vectors of images drawn at random, the same ones every time."""
    chosen = np.sort(np.random.default_rng(0).permutation(len(images))[:SAMPLE])
    spans = [(start, min(start + _TOGETHER, len(chosen))) for start in range(0, len(chosen), _TOGETHER)]
    done = 0
    for pixels, vectors in encoded(encoder, spans, lambda start, end: images.pick(chosen[start:end]), pace):
        done += len(vectors)
        progress("axes", done, len(chosen))
        yield vectors[pixels.valid.all(axis=(1, 2))]


def _published(config: dict[str, Any], axes: Axes, store: Path, name: str) -> Path:
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        (folder / CONFIG).write_text(json.dumps(config, indent=1), encoding="utf-8")
        save(axes, folder)
        return modelstore.publish(folder, store, name)


def save(axes: Axes, folder: Path) -> None:
    """As the projection of the entry in folder."""
    from safetensors.numpy import save_file

    tensors = {"mean": axes.mean, "matrix": np.ascontiguousarray(axes.matrix)}
    save_tensors(save_file, tensors, folder / "projection.safetensors")


def reference(name: str, folder: Path, store: Path) -> str:
    """What an entry of the store may call this encoder; raises BadEncoder for a folder that lies elsewhere."""
    if name in encoders.builtin():
        return name
    try:
        return modelstore.find(store, name).reference
    except NoSuchModel as error:
        raise BadEncoder(
            f"{folder} is not in the model store, so that no other encoder can build on it. Put it there first: "
            "python -m ml.modelstore add."
        ) from error
