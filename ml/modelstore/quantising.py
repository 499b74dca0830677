"""A smaller, faster version of a network: an ONNX file whose matrices are 8-bit numbers.

static   numbers of layers are 8 bits as well, in ranges measured on pictures: for convolutional networks
dynamic  only weights are 8 bits, ranges are found anew for each batch: for transformers; needs no pictures

Ranges and agreement are measured on different pictures.  Imports torch when used.
"""

import hashlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import encoders, images
from ml.encoders import Encoder
from ml.encoders.entry import CONFIG
from ml.encoders.networks import Network
from ml.encoders.runtime import Pixels
from ml.errors import BadEncoder, BadImage, Disagreement
from ml.modelstore.listing import Version
from ml.modelstore.publishing import arriving, publish
from ml.shards.files import write_json

METHODS = ("static", "dynamic")
LEAST = 0.99  # cosine with the original's vectors, of the least alike of the pictures
MADE_UP = "made-up pictures"
_SMALLER = 0.75  # of the bytes, at most
_PICTURES = 256  # at most, half to find ranges and half to measure agreement
_OPERATORS = ["Conv", "MatMul", "Gemm"]
_MOST_PIXELS = 500_000_000


def quantise(
    version: Version,
    models: Path,
    *,
    name: str = "",
    method: str = "static",
    pictures: Path | None = None,
    least: float = LEAST,
    force: bool = False,
) -> Path:
    """Publish the 8-bit version as the next of `name` (of the same name when empty); returns its folder.

    pictures: a folder of images like those it will see; made-up ones without.  Its card tells the agreement with the
    original.  Raises Disagreement below `least` unless forced; BadEncoder for what is no network.
    """
    if method not in METHODS:
        raise BadEncoder(f"There is no way of quantising called {method!r}: use {' or '.join(METHODS)}.")
    original = encoders.load(version.folder, device="cpu")
    if not isinstance(original, Network):
        raise BadEncoder(
            f"{version.reference} is of the kind {version.kind}: only networks can be quantised, of the kinds "
            "torchvision, timm, open_clip and ssl."
        )
    seen = squares(pictures, original) if pictures else made_up(original)
    ranges, measured = seen[::2], seen[1::2]
    with arriving(models) as fresh:
        write_model(original, ranges, method, fresh / "model.onnx")
        write_json(fresh / CONFIG, _config(version, original, fresh / "model.onnx", method))
        card = _measured(original, encoders.load(fresh), measured)
        if card["agreement"] < least and not force:
            raise Disagreement(
                f"With 8 bits the vectors of {version.reference} agree with the original's by {card['agreement']:.4f} "
                f"only, where {least} is asked for. Try {' or '.join(set(METHODS) - {method})}, pictures of your own "
                "(--images), or accept it (--force)."
            )
        told = {**version.card, **card, "from": version.fingerprint, "licence": version.licence}
        write_json(
            fresh / "card.json",
            {**told, "quantised": method, "dim": original.dim, "measured_on": str(pictures or MADE_UP)},
        )
        return publish(fresh, models, name or version.name, move=True)


def write_model(network: Network, ranges: NDArray[np.uint8], method: str, out: Path) -> None:
    """The network's ONNX export, quantised; images in bytes go in."""
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_dynamic, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    from ml.encoders.torch_runtime import FromPixels, export

    module, pixels = network._build()
    with tempfile.TemporaryDirectory() as folder:
        whole, ready = Path(folder) / "whole.onnx", Path(folder) / "ready.onnx"
        whole.write_bytes(export(FromPixels(module, pixels).eval(), blank(pixels)))
        quant_pre_process(whole, ready, skip_symbolic_shape=True)
        unsigned = QuantType.QUInt8  # signed weights overflow on processors that add up pairs of products in 16 bits
        if method == "dynamic":
            quantize_dynamic(ready, out, weight_type=unsigned, per_channel=True, op_types_to_quantize=_OPERATORS[1:])
        else:
            quantize_static(
                ready, out, _Reader(ranges), quant_format=QuantFormat.QDQ, per_channel=True,
                activation_type=unsigned, weight_type=unsigned, op_types_to_quantize=_OPERATORS,
            )  # fmt: skip
        if out.stat().st_size > _SMALLER * whole.stat().st_size:
            raise BadEncoder(
                f"The network got no smaller: it has too few matrices that {method} quantising looks at. "
                f"Use {' or '.join(set(METHODS) - {method})}."
            )


def blank(pixels: Pixels) -> NDArray[np.uint8]:
    return np.zeros((1, pixels.size, pixels.size, pixels.bands), np.uint8)


def made_up(encoder: Encoder) -> NDArray[np.uint8]:
    """Smooth pictures of random colours with a little grain: (_PICTURES, size, size, bands), always the same."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (64, 8, 8, encoder.bands), np.uint8)
    smooth = images.resize(coarse, encoder.size).astype(np.int16)
    grain = random.integers(-12, 13, smooth.shape, np.int16)
    return np.clip(smooth + grain, 0, 255).astype(np.uint8)


def squares(folder: Path, encoder: Encoder) -> NDArray[np.uint8]:
    """The middle squares of a folder's pictures, spread evenly over those that can be read; (n, size, size, 3)."""
    if encoder.bands != 3:
        raise BadEncoder("Pictures have three bands: leave --images away for an encoder of others.")
    names = images.find(folder)
    chosen = (
        [names[i] for i in np.unique(np.linspace(0, len(names) - 1, min(_PICTURES, len(names))).astype(int))]
        if names
        else []
    )
    found = [square for name in chosen if (square := _square(folder / name, encoder.size)) is not None]
    if len(found) < 8:
        raise BadImage(f"{folder} has {len(found)} pictures that can be read: 8 are needed, 100 are better.")
    return np.stack(found)


def _square(path: Path, size: int) -> NDArray[np.uint8] | None:
    try:
        return images.resize(images.square(images.decode(path.read_bytes(), max_pixels=_MOST_PIXELS))[None], size)[0]
    except (BadImage, OSError):
        return None


def _config(version: Version, original: Encoder, model: Path, method: str) -> dict[str, Any]:
    return {
        "name": version.name, "version": "0", "kind": "onnx", "licence": version.licence, "dim": original.dim,
        "size": original.size, "bands": original.bands, "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "stretch": version.config.get("stretch"), "quantised": method, "from": version.reference,
        **({"source": version.config["source"]} if "source" in version.config else {}),
    }  # fmt: skip


def _measured(original: Encoder, small: Encoder, pictures: NDArray[np.uint8]) -> dict[str, float]:
    """The cosines with the original's vectors, and the speeds of both, side by side."""
    cosines = (original.encode_images(pictures) * small.encode_images(pictures)).sum(axis=1)
    return {
        "agreement": round(float(cosines.min()), 5), "agreement_mean": round(float(cosines.mean()), 5),
        "embedding_per_second": _speed(small, pictures), "embedding_per_second_before": _speed(original, pictures),
    }  # fmt: skip


def _speed(encoder: Encoder, pictures: NDArray[np.uint8]) -> float:
    """Images a second, best of three; both have run before."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        encoder.encode_images(pictures[:32])
        seconds.append(time.perf_counter() - start)
    return round(len(pictures[:32]) / min(seconds), 1)


class _Reader:
    """onnxruntime's CalibrationDataReader: batches, then None."""

    def __init__(self, pictures: NDArray[np.uint8]) -> None:
        self._batches: Iterator[NDArray[np.uint8]] = iter(np.split(pictures, range(16, len(pictures), 16)))

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"images": batch}

    def __iter__(self) -> "_Reader":
        return self

    def __next__(self) -> dict[str, NDArray[np.uint8]]:
        if (batch := self.get_next()) is None:
            raise StopIteration
        return batch
