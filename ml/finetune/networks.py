"""The network of a model store entry: opened to be trained, and written again with what it has learnt."""

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor, nn

from ml.encoders import entry as entries
from ml.encoders.clip import OpenClip
from ml.encoders.entry import Entry
from ml.encoders.learnt import Learnt
from ml.encoders.networks import Network, Timm, Torchvision
from ml.encoders.runtime import Pixels, Runtime
from ml.errors import BadEncoder
from ml.shards.files import fresh_sibling, publish, save_tensors, write_json

KINDS: dict[str, type[Network]] = {
    "torchvision": Torchvision, "timm": Timm, "ssl": Learnt, "open_clip": OpenClip,
}  # fmt: skip
_WHY = {
    "onnx": "it came as an ONNX file, which cannot be trained: take the version that it was made of",
    "reduced": "it is a projection of another encoder: take that one",
    "joined": "it joins several encoders: take one of its parts",
}
_COMPUTED = "it is computed, not learned"


class Opened(NamedTuple):
    """module: (n, bands, size, size) normalised float -> (n, dim).  pixels: how it wants them."""

    entry: Entry
    module: nn.Module
    pixels: Pixels


def open_network(folder: Path) -> Opened:
    """Raises BadEncoder for an entry without a network that can be trained, with what to take instead."""
    entry = entries.read(folder)
    kind = KINDS.get(entry.config["kind"])
    if kind is None:
        why = _WHY.get(entry.config["kind"], _COMPUTED)
        parts = ", ".join(sorted({part["entry"] for part in entry.config.get("parts", [])}))
        raise BadEncoder(
            f"{entry.config['name']} is no network of torchvision or timm, nor one that was learnt here, nor the image "
            f"tower of a CLIP: {why}{f' ({parts})' if parts else ''}, or learn a projection after it (--mode frozen)."
        )
    module, pixels = kind(entry, Runtime(None, entry.folder, "cpu"))._build()
    return Opened(entry, module, pixels)


def tail(module: nn.Module, share: float) -> dict[str, nn.Parameter]:
    """The last parameters that make up this share of them all; the others are frozen."""
    named = list(module.named_parameters())
    total, taken = sum(parameter.numel() for _, parameter in named), 0
    found = {}
    for name, parameter in reversed(named):
        parameter.requires_grad_(taken < share * total)
        if parameter.requires_grad:
            found[name] = parameter
        taken += parameter.numel()
    return found


def write(opened: Opened, trained: dict[str, Tensor], out: Path, **config: Any) -> None:
    """The entry again, in the folder `out`, with the trained weights in the place of the old.

    A head that the network came with stays. A CLIP's image tower leaves its words behind, which it no longer fits; a
    projection, too, was fitted to what the network said before.  Raises FileExistsError.
    """
    from safetensors.torch import load_file, save_file

    entry, changed = opened.entry, {name: tensor.cpu().contiguous() for name, tensor in trained.items()}
    told = {**entry.config, **config}
    told.pop("projection", None)
    if told["kind"] == "open_clip":
        told["towers"] = "image"
        told.pop("pretrained", None)
        before = {name: tensor.cpu().contiguous() for name, tensor in opened.module.state_dict().items()}
    else:
        before = load_file(entry.file("weights"))
    if entry.has("projection") and "dim" in told:
        told.pop("dim")
    weights = str(told.get("weights", "weights.safetensors"))
    with fresh_sibling(out) as fresh:
        for file in entry.folder.iterdir():
            if file.is_file() and _belongs(entry, file.name, weights):
                shutil.copyfile(file, fresh / file.name)
        save_tensors(save_file, {**before, **changed}, fresh / weights)
        write_json(fresh / entries.CONFIG, json.loads(json.dumps(told)))
        publish(fresh, out)


def _belongs(entry: Entry, name: str, weights: str) -> bool:
    """What describes the network; its weights, and what was measured of it before, are made anew."""
    projection = str(entry.config.get("projection", "projection.safetensors"))
    made = (entries.CONFIG, weights, projection, "checksums.json", "card.json", "card.md", "curve.svg", "strips.png")
    return name not in made
