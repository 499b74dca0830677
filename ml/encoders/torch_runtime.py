"""The part of runtime.py that needs torch; imported only when a network has to be built."""

import hashlib
import io
import logging
import time
import warnings

import numpy as np
import torch
from torch import Tensor, nn

from ml.encoders.base import direction
from ml.encoders.runtime import Choice, Features, Images, Pixels, Run, onnx_run

log = logging.getLogger(__name__)
_AGREEMENT = 0.9999  # least cosine between what ONNX Runtime and torch answer
_TRIAL = 8  # images
_EXPORT_ERRORS = (RuntimeError, TypeError, ValueError, NotImplementedError, torch.onnx.errors.OnnxExporterError)


class FromPixels(nn.Module):
    """A network with its preparation of pixels: (n, size, size, bands) uint8 -> (n, dim) float."""

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, pixels: Pixels) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(pixels.mean).view(1, pixels.bands, 1, 1))
        self.register_buffer("std", torch.tensor(pixels.std).view(1, pixels.bands, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        x = images.permute(0, 3, 1, 2).to(self.mean.dtype) / 255  # (n, bands, size, size)
        features = self.network((x - self.mean) / self.std)
        pooled: Tensor = features[0] if isinstance(features, tuple) else features  # CoCa adds its tokens
        return pooled.flatten(1)  # (n, dim)


def torch_run(module: nn.Module, pixels: Pixels, device: str, threads: int | None) -> Run:
    """float32 on the CPU; float16 autocast, channels_last on CUDA. `threads` holds for all of torch in this process."""
    if threads is not None and device == "cpu":
        torch.set_num_threads(threads)
    network = FromPixels(module, pixels).eval().to(device)
    if device == "cuda":
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it

    def run(images: Images) -> Features:
        with torch.inference_mode(), torch.autocast(device, torch.float16, enabled=device == "cuda"):
            features: Features = network(torch.from_numpy(np.array(images)).to(device)).float().cpu().numpy()
        return features

    return run


def choose(module: nn.Module, pixels: Pixels, by_torch: Run, threads: int | None) -> tuple[Choice, bytes]:
    """Export to ONNX, compare answers and speed with torch; returns the faster that is right, and the ONNX file."""
    images = np.random.default_rng(0).integers(0, 256, (_TRIAL, pixels.size, pixels.size, pixels.bands), np.uint8)
    expected = by_torch(images)
    speed = {"torch": _speed(by_torch, images)}
    model = b""
    try:
        model = export(FromPixels(module, pixels).eval(), images)
        by_onnx = onnx_run(model, threads)
        agreement = float((direction(by_onnx(images)) * direction(expected)).sum(axis=1).min())
    except _EXPORT_ERRORS as error:
        log.warning("This network cannot be exported to ONNX, torch runs it: %s", error)
        agreement = 0.0
    if agreement >= _AGREEMENT:
        speed["onnx"] = _speed(by_onnx, images)
    fastest = max(speed, key=lambda name: speed[name])
    return Choice(expected.shape[1], pixels.size, fastest, hashlib.sha256(model).hexdigest(), speed), model


def export(network: nn.Module, images: Images) -> bytes:
    """The content of an ONNX file for any number of images of this size."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter announces its successor, which needs one more package
        torch.onnx.export(
            network,
            (torch.from_numpy(images),),
            file,  # type: ignore[arg-type]  # this exporter takes an open file
            dynamo=False,
            input_names=["images"],
            output_names=["features"],
            dynamic_axes={"images": {0: "n"}, "features": {0: "n"}},
        )
    return file.getvalue()


def _speed(run: Run, images: Images) -> float:
    """Images a second, best of three."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        run(images)
        seconds.append(time.perf_counter() - start)
    return round(len(images) / min(seconds), 1)
