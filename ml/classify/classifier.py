"""A trained classifier: plain matrices that need nothing but NumPy, in a folder that is never changed.

classifier.json      config, calibration, metrics, what the features are made of, size and SHA-256 of the weights
weights.safetensors  logistic: weight (d,), bias (1,); mlp: also hidden.weight (d, h), hidden.bias (h,);
                     trees: also trees.* (trees.Forest)
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ml.classify import trees
from ml.classify.config import Config
from ml.classify.space import checked
from ml.errors import BadClassifier
from ml.shards.files import fresh_sibling, publish, sha256, sync, write_json

Floats = NDArray[np.float32]
FORMAT = 1
DESCRIPTION, WEIGHTS = "classifier.json", "weights.safetensors"
_SHAPES = {"weight": 1, "bias": 1, "hidden.weight": 2, "hidden.bias": 1}


@dataclass(frozen=True, eq=False)
class Classifier:
    """weights: see above.  slope, offset: probability = sigmoid(slope * logit + offset).

    sources: what the features are made of, in the words of whoever made them.  metrics: see measures.measure.
    held_out: (n,) probabilities of the training tiles by cross-validation, in their order; NaN where there was none.
    """

    config: Config
    weights: dict[str, Floats]
    slope: float = 1.0
    offset: float = 0.0
    metrics: dict[str, Any] = field(default_factory=dict)
    labels_digest: str = ""
    sources: Sequence[dict[str, Any]] = ()
    held_out: Floats = field(default_factory=lambda: np.empty(0, np.float32))

    @property
    def dim(self) -> int:
        """Numbers in a feature vector."""
        return len(self.weights["hidden.weight" if self.is_network else "weight"])

    @property
    def is_network(self) -> bool:
        return "hidden.weight" in self.weights

    @property
    def is_linear(self) -> bool:
        """Whether one product with `weight` is all that there is to compute."""
        return not self.is_network and self._forest is None

    @cached_property
    def _forest(self) -> trees.Forest | None:
        return trees.unpacked(self.weights) if f"{trees.PREFIX}roots" in self.weights else None

    @cached_property
    def version(self) -> str:
        """16 hex digits; equal ones give equal probabilities for features of equal sources."""
        digest = hashlib.sha256(json.dumps([self.slope, self.offset, list(self.sources)], sort_keys=True).encode())
        for name in sorted(self.weights):
            digest.update(name.encode() + self.weights[name].tobytes())
        return digest.hexdigest()[:16]

    def logits(self, features: NDArray[np.floating]) -> Floats:
        """(n, dim) -> (n,) float32, before calibration; raises BadVectors."""
        return self.raw(checked(features, self.dim).astype(np.float32, copy=False))

    def raw(self, x: Floats) -> Floats:
        """As `logits`, of what has been checked."""
        if self.is_network:
            x = np.maximum(x @ self.weights["hidden.weight"] + self.weights["hidden.bias"], 0)  # (n, h)
        found = np.asarray(x @ self.weights["weight"] + self.weights["bias"])
        return found + self._forest.logits(x) if self._forest else found

    def predict(self, features: NDArray[np.floating]) -> Floats:
        """(n, dim) -> (n,) float32, the chance that each is a positive; raises BadVectors."""
        return self.probabilities(self.logits(features))

    def probabilities(self, logits: Floats) -> Floats:
        """(n,) -> (n,): the calibration."""
        return 1 / (1 + np.exp(-np.clip(np.float32(self.slope) * logits + np.float32(self.offset), -80, 80)))

    def save(self, folder: Path) -> None:
        """Make the folder, whole or not at all; raises FileExistsError when there is one: versions never change."""
        from safetensors.numpy import save_file

        with fresh_sibling(folder) as fresh:
            save_file({**self.weights, "held_out": self.held_out}, fresh / WEIGHTS)
            sync(fresh / WEIGHTS)
            write_json(fresh / DESCRIPTION, self._description(fresh / WEIGHTS))
            publish(fresh, folder)

    def _description(self, weights: Path) -> dict[str, Any]:
        told = {name: getattr(self, name) for name in ("slope", "offset", "metrics", "labels_digest")}
        file = {"bytes": weights.stat().st_size, "sha256": sha256(weights)}
        about = {"format": FORMAT, "dim": self.dim, "version": self.version, "files": {WEIGHTS: file}}
        described = {**about, **told, "config": asdict(self.config), "sources": list(self.sources)}
        return {**described, "sha256": _own_sum(described)}

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises BadClassifier, which says what is missing, changed or unreadable."""
        told = _described(folder)
        tensors = _tensors(folder, told)
        try:
            known = {knob.name for knob in fields(Config)}
            config = Config(**{name: value for name, value in told["config"].items() if name in known})
            rest = {name: told[name] for name in ("slope", "offset", "metrics", "labels_digest", "sources")}
        except (KeyError, TypeError, AttributeError) as error:
            raise _damaged(folder, DESCRIPTION, f"it lacks {error}") from error
        held_out = tensors.pop("held_out", np.empty(0, np.float32))
        return cls(config, tensors, held_out=held_out, **rest)


def _described(folder: Path) -> dict[str, Any]:
    try:
        told = json.loads((folder / DESCRIPTION).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BadClassifier(f"{folder} is not a classifier: it has no {DESCRIPTION}.") from error
    except ValueError as error:
        raise _damaged(folder, DESCRIPTION, f"it is not JSON ({error})") from error
    if not isinstance(told, dict) or told.get("sha256") != _own_sum(told):
        raise _damaged(folder, DESCRIPTION, "its content does not match its own checksum")
    if told.get("format") != FORMAT:
        raise BadClassifier(
            f"{folder} has format {told.get('format')}, this version of Lookalike reads {FORMAT}: train it again."
        )
    return told


def _tensors(folder: Path, told: dict[str, Any]) -> dict[str, Floats]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = folder / WEIGHTS
    try:
        if sha256(path) != told["files"][WEIGHTS]["sha256"]:
            raise _damaged(folder, WEIGHTS, f"its SHA-256 is not the one in {DESCRIPTION}")
        tensors: dict[str, Floats] = load_file(path)
    except FileNotFoundError as error:
        raise _damaged(folder, WEIGHTS, "it is missing") from error
    except SafetensorError as error:
        raise _damaged(folder, WEIGHTS, str(error)) from error
    wrong = [name for name, axes in _SHAPES.items() if name in tensors and tensors[name].ndim != axes]
    if wrong or not {"weight", "bias"} <= set(tensors):
        raise _damaged(folder, WEIGHTS, "it does not hold a classifier's matrices")
    return tensors


def _own_sum(told: dict[str, Any]) -> str:
    text = json.dumps({name: value for name, value in told.items() if name != "sha256"}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _damaged(folder: Path, file: str, reason: str) -> BadClassifier:
    return BadClassifier(f"{folder / file} is damaged: {reason}. Copy the classifier again, or train it again.")
