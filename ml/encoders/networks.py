"""Image networks of torchvision and timm, with weights from disk."""

import re
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml.encoders.base import Encoder, direction
from ml.encoders.entry import Entry
from ml.encoders.runtime import Pixels, Runtime, Tower
from ml.errors import BadEncoder
from ml.images import resize
from ml.torchvision_shim import import_torchvision

if TYPE_CHECKING:
    from torch import Tensor, nn

IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
_ARGUMENTS = {"img_size", "image_size", "global_pool", "dynamic_img_size"}  # what encoder.json may pass on


class Network(Encoder):
    """An encoder whose vectors come from a torch module, or from its ONNX export where that is faster."""

    def __init__(self, entry: Entry, runtime: Runtime) -> None:
        super().__init__(entry)
        self._layers = layers(entry)
        self._tower = Tower(self._build_all, entry, runtime)

    @property
    def dim(self) -> int:
        declared = self._entry.config.get("dim")
        return int(declared) if declared else self._tower.shape[0] - sum(self._layers.values())

    @property
    def widths(self) -> dict[str, int]:
        return {**self._layers, "": self.dim}

    @property
    def size(self) -> int:
        return self._tower.shape[1]

    def _features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._tower(images)[:, sum(self._layers.values()) :]

    def blocks(self, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        features = self._tower(resize(images, self.size))  # (n, layers one after another, dim)
        ends = np.cumsum(list(self.widths.values()))
        parts = np.split(features, ends[:-1], axis=1)
        return {name: direction(part) for name, part in zip(self.widths, parts, strict=True)}

    def _build_all(self) -> tuple["nn.Module", Pixels]:
        module, pixels = self._build()
        if not self._layers:
            return module, pixels
        from ml.encoders.layers import WithLayers

        return WithLayers(module, self._layers, self._entry.folder), pixels

    @abstractmethod
    def _build(self) -> tuple["nn.Module", Pixels]:
        """The module (n, bands, size, size) float -> (n, dim), and how pixels are prepared for it. Imports torch."""


class Torchvision(Network):
    """A model of torchvision.models, cut before its last linear layer."""

    def _build(self) -> tuple["nn.Module", Pixels]:
        models = import_torchvision().models
        name = architecture(self._entry)
        if name not in models.list_models(module=models):
            raise BadEncoder(f"torchvision has no {name!r}; torchvision.models.list_models() lists what it has.")
        module = models.get_model(name, weights=None, **arguments(self._entry))
        head = _cut_head(module)
        load_weights(module, self._entry.file("weights"), ignore=(f"{head}.",))
        return module, Pixels.of(self._entry, 224, *IMAGENET)


class Timm(Network):
    """A model of timm, without its classifier."""

    def _build(self) -> tuple["nn.Module", Pixels]:
        import_torchvision()
        import timm

        name = architecture(self._entry)
        if not timm.is_model(name):
            raise BadEncoder(f"timm has no architecture {name!r}; timm.list_models() lists them.")
        given = arguments(self._entry)
        try:
            module = timm.create_model(name, pretrained=False, num_classes=0, in_chans=self.bands, **given)
        except (TypeError, ValueError, RuntimeError, AssertionError) as error:
            raise BadEncoder(f"{self._entry.folder}: timm cannot build {name} with {given}: {error}") from error
        facts: Any = module.pretrained_cfg
        heads = facts.get("classifier") or "head"  # several in distilled transformers
        ignore = tuple(f"{head}." for head in ([heads] if isinstance(heads, str) else heads))
        load_weights(module, self._entry.file("weights"), ignore=ignore)
        return module, Pixels.of(self._entry, facts["input_size"][-1], facts["mean"], facts["std"])


def architecture(entry: Entry) -> str:
    """The plain name in encoder.json; raises BadEncoder for what a library would take for an address to fetch."""
    name = entry.config.get("architecture")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
        raise BadEncoder(f'{entry.folder}: "architecture" must be a model\'s name, not {name!r}.')
    return name


def arguments(entry: Entry) -> dict[str, Any]:
    given = entry.config.get("arguments", {})
    if unknown := set(given) - _ARGUMENTS:
        raise BadEncoder(f"{entry.folder}: unknown arguments {sorted(unknown)}; allowed are {sorted(_ARGUMENTS)}.")
    return dict(given)


def layers(entry: Entry) -> dict[str, int]:
    """Layers whose outputs joined encoders may take, and their channels, as encoder.json names them."""
    given = entry.config.get("layers", {})
    if not isinstance(given, dict) or not all(isinstance(width, int) and width > 0 for width in given.values()):
        raise BadEncoder(f'{entry.folder}: "layers" must give the channels of each layer, {{"features.3": 24}}.')
    return dict(given)


def load_weights(module: "nn.Module", path: Path, *, ignore: tuple[str, ...] = ()) -> None:
    """Fill the module from safetensors; raises BadEncoder unless all keys fit, but for those starting with `ignore`."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = {key: value for key, value in load_file(path).items() if not key.startswith(ignore)}
    except SafetensorError as error:
        raise BadEncoder(f"{path} is not a whole safetensors file ({error}): copy it again.") from error
    if unlike := _differences(module, state):
        raise BadEncoder(f"{path} holds the weights of another architecture: {unlike}.")


def _differences(module: "nn.Module", state: "Mapping[str, Tensor]") -> str:
    """Fill the module, or say what keeps the weights from fitting, with an example of each; empty when they fit."""
    wanted = module.state_dict()
    shaped = [key for key in wanted if key in state and wanted[key].shape != state[key].shape]
    fitting = {key: value for key, value in state.items() if key not in shaped}
    missing, strange = module.load_state_dict(fitting, strict=False)  # counts of batches may be missing
    missing = [key for key in missing if key not in shaped]
    told = [f"{len(missing)} of its {len(wanted)} tensors are missing (first {missing[0]})"] if missing else []
    told += [f"{len(strange)} are not its own (first {strange[0]})"] if strange else []
    if shaped:
        have, want = (tuple(found[shaped[0]].shape) for found in (state, wanted))
        told.append(f"{len(shaped)} have another shape (first {shaped[0]}: {have} instead of {want})")
    return ", ".join(told)


def _cut_head(module: "nn.Module") -> str:
    """Replace the last linear layer by nothing; returns its name."""
    from torch import nn

    names = [name for name, child in module.named_modules() if isinstance(child, nn.Linear)]
    if not names:
        raise BadEncoder("This architecture has no linear layer at its end to cut off: choose another.")
    module.set_submodule(names[-1], nn.Identity())
    return str(names[-1])
