"""Networks small enough for tests, as entries of the model store. Import torch."""

import functools
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from ml.torchvision_shim import import_torchvision
from tests.ml.making import make_entry

NAME = "test_resnet.r160_in1k"  # timm's own for tests: 96 numbers


@functools.cache
def tiny_network(bands: int = 3, seed: int = 0) -> nn.Module:
    import_torchvision()
    import timm

    torch.manual_seed(seed)
    network: nn.Module = timm.create_model(NAME, num_classes=0, in_chans=bands).eval()
    return network


def ssl_entry(
    folder: Path, *, bands: int = 3, half: bool = False, seed: int = 0, after: dict[str, Any] | None = None,
    **config: Any,
) -> Path:  # fmt: skip
    """As ml.train writes them. after: what encoder.json says instead, once the weights are there."""
    told = {"kind": "ssl", "architecture": NAME, "size": 32, "dim": 96, "bands": bands, "stretch": None}
    pixels = {"mean": [0.5] * bands, "std": [0.5] * bands}
    make_entry(folder, **{**told, **pixels, **config, **(after or {})})
    state = {key: value.clone() for key, value in tiny_network(bands, seed).state_dict().items()}
    if half:
        state = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
    save_file(state, folder / "weights.safetensors")
    return folder


def onnx_entry(folder: Path, *, bands: int = 3, takes: str = "bytes", **config: Any) -> Path:
    """Of the same network; takes: bytes as our own exports do, or floats as others'."""
    content = exported(bands, takes)
    told = {"kind": "onnx", "size": 32, "dim": 96, "bands": bands, "mean": [0.5] * bands, "std": [0.5] * bands}
    make_entry(folder, **{**told, "sha256": hashlib.sha256(content).hexdigest(), **config})
    (folder / "model.onnx").write_bytes(content)
    return folder


@functools.cache
def exported(bands: int, takes: str) -> bytes:
    from ml.encoders.runtime import Pixels
    from ml.encoders.torch_runtime import FromPixels, export

    network = tiny_network(bands)
    if takes == "bytes":
        pixels = Pixels(32, [0.5] * bands, [0.5] * bands)
        return export(FromPixels(network, pixels).eval(), torch.zeros(1, 32, 32, bands, dtype=torch.uint8).numpy())
    file = io.BytesIO()
    torch.onnx.export(
        network,
        (torch.zeros(1, bands, 32, 32),),
        file,  # type: ignore[arg-type]  # this exporter takes an open file
        dynamo=False,
        dynamic_axes={"x": {0: "n"}},
        input_names=["x"],
        output_names=["y"],
    )
    return file.getvalue()


def told(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "encoder.json").read_text())
    return config
