"""Contrastive image-text models of open_clip: the encoders that understand words."""

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml.encoders.base import direction
from ml.encoders.entry import Entry
from ml.encoders.networks import Network, architecture, load_weights
from ml.encoders.runtime import Pixels, Runtime
from ml.errors import BadEncoder, NoWeights
from ml.torchvision_shim import import_torchvision

if TYPE_CHECKING:
    from torch import nn

_LOCAL = "open_clip_config.json"  # open_clip's own file for an architecture that it does not know by name


class OpenClip(Network):
    """Both towers of a CLIP-like model; the image tower runs like any network, the text tower in torch on the CPU."""

    def __init__(self, entry: Entry, runtime: Runtime) -> None:
        super().__init__(entry, runtime)
        self.has_text = entry.config.get("towers", "both") != "image"
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    def encode_text(self, texts: list[str]) -> NDArray[np.float32]:
        import torch

        if not self.has_text:
            return super().encode_text(texts)
        if not texts:
            return np.empty((0, self.dim), np.float32)
        model, tokenizer = self._model()
        with torch.inference_mode():
            return direction(model.encode_text(tokenizer(texts)).float().numpy())

    def _build(self) -> tuple["nn.Module", Pixels]:
        model, _ = self._model()
        facts = model.visual.preprocess_cfg
        size = facts["size"] if isinstance(facts["size"], int) else facts["size"][0]
        return model.visual, Pixels.of(self._entry, size, facts["mean"], facts["std"])

    def _model(self) -> tuple[Any, Any]:
        """(model, tokenizer), loaded once."""
        with self._lock:
            self._loaded = self._loaded or _load(self._entry)
            return self._loaded


def _load(entry: Entry) -> tuple[Any, Any]:
    import_torchvision()
    import open_clip

    local = (entry.folder / _LOCAL).is_file()
    name = f"local-dir:{entry.folder}" if local else architecture(entry)
    if not local and name not in open_clip.list_models():
        raise BadEncoder(f"open_clip has no architecture {name!r}; open_clip.list_models() lists them.")
    tag = entry.config.get("pretrained")
    if tag and not entry.has("weights"):
        return _download(entry, name, tag)
    weights = entry.file("weights")
    model, tokenizer = _create(entry, name)
    load_weights(model.visual if entry.config.get("towers") == "image" else model, weights)
    return model.eval(), tokenizer


def _create(entry: Entry, name: str) -> tuple[Any, Any]:
    """Without weights; some architectures want a tokenizer or a text model's settings from the hub."""
    import open_clip

    try:
        model = open_clip.create_model(name, load_weights=False, pretrained_text=False)
        return model, open_clip.get_tokenizer(name)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise NoWeights(
            f"{entry.folder}: open_clip cannot set up {name} ({error}). If its tokenizer has to be downloaded, put "
            f"tokenizer.json and {_LOCAL} into that folder; otherwise correct the settings."
        ) from error


def _download(entry: Entry, name: str, tag: str) -> tuple[Any, Any]:
    """open_clip's own download, or its cache of an earlier one; raises NoWeights where there is no network."""
    import open_clip

    if tag not in (tags := open_clip.list_pretrained_tags_by_model(name)):
        raise BadEncoder(f"open_clip has no weights {tag!r} for {name}, only {', '.join(tags) or 'none'}.")
    try:
        model = open_clip.create_model(name, pretrained=tag, weights_only=True)
        return model.eval(), open_clip.get_tokenizer(name)
    except (OSError, RuntimeError) as error:
        raise NoWeights(
            f"The weights {tag} of {name} could not be downloaded ({error}). Fetch them on a machine with network and "
            f"put them into {entry.folder} as weights.safetensors."
        ) from error
