"""Several encoders side by side, as one."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from ml.encoders.base import Encoder, direction
from ml.encoders.entry import Entry
from ml.errors import BadEncoder

Projection = dict[str, NDArray[np.float64]]


class Part(NamedTuple):
    """What an encoder says, or some of its layers side by side; two parts may share an encoder, which runs once."""

    encoder: Encoder
    weight: float
    layers: tuple[str, ...] = ("",)

    @property
    def dim(self) -> int:
        return sum(self.encoder.widths[layer] for layer in self.layers)


class Joined(Encoder):
    """concat(weight * part), where part is the part's vector, projected: unit((vector - mean) @ matrix).

    The projection is optional: `<number>.mean` (d,) and `<number>.matrix` (d, smaller) of projection.safetensors.
    Taking a mean away spreads the likeness of vectors that all point the same way, as those of a ReLU network do;
    the matrix (principal axes, more or less whitened) makes the index smaller.
    """

    def __init__(self, entry: Entry, parts: list[Part]) -> None:
        super().__init__(entry)
        self._parts = parts
        self.bands = parts[0].encoder.bands
        self._projection = _read(entry.file("projection")) if entry.has("projection") else {}
        self._check()

    def _check(self) -> None:
        for part in self._parts:
            if part.encoder.bands != self.bands:
                raise BadEncoder(f"{self._entry.folder} joins encoders for images of different numbers of bands.")
            if unknown := set(part.layers) - set(part.encoder.widths):
                raise BadEncoder(f"{self._entry.folder}: {part.encoder.name} has no layer {min(unknown)!r}.")
        for i, part in enumerate(self._parts):
            arrays = [self._projection[key] for key in (f"{i}.mean", f"{i}.matrix") if key in self._projection]
            if any(len(array) != part.dim for array in arrays):
                raise BadEncoder(f"{self._entry.folder}: the projection does not fit {part.encoder.name} ({part.dim}).")

    @property
    def dim(self) -> int:
        return sum(self._width(i, part) for i, part in enumerate(self._parts))

    def _width(self, i: int, part: Part) -> int:
        matrix = self._projection.get(f"{i}.matrix")
        return part.dim if matrix is None else matrix.shape[1]

    @property
    def size(self) -> int:
        return max(part.encoder.size for part in self._parts)

    def _features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        said = {id(part.encoder): part.encoder for part in self._parts}
        blocks = {key: encoder.blocks(images) for key, encoder in said.items()}
        vectors = [
            np.concatenate([blocks[id(part.encoder)][name] for name in part.layers], axis=1) for part in self._parts
        ]
        return np.concatenate([p.weight * self._project(i, vectors[i]) for i, p in enumerate(self._parts)], axis=1)

    def _project(self, i: int, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, d) -> (n, width), unit length; in float64, so that it does not depend on what else is in the batch."""
        centred = vectors - self._projection.get(f"{i}.mean", np.zeros(vectors.shape[1]))
        matrix = self._projection.get(f"{i}.matrix")
        return direction(centred if matrix is None else centred @ matrix)


def _read(path: Path) -> Projection:
    try:
        return {name: array.astype(np.float64) for name, array in load_file(path).items()}
    except SafetensorError as error:
        raise BadEncoder(f"{path} is not a whole safetensors file ({error}): copy it again.") from error
