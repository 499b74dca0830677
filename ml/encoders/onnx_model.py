"""A network that came as an ONNX file: from any library, or quantised to 8 bits from another version of the store.

The file may take bytes (n, size, size, bands), as our own exports do, or floats (n, bands, size, size): then mean and
std of encoder.json prepare the pixels.  Its first output is the vector.  ONNX files describe arithmetic only, but may
point at other files: those are refused.
"""

import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.encoders import projecting
from ml.encoders.base import Encoder
from ml.encoders.entry import Entry
from ml.encoders.learnt import before_projection
from ml.encoders.networks import IMAGENET
from ml.encoders.runtime import Pixels, Runtime
from ml.errors import BadEncoder

_BATCH = 32


class Onnx(Encoder):
    """Runs in onnxruntime on the CPU, and never needs torch. `dim` and `size` are declared in encoder.json."""

    def __init__(self, entry: Entry, runtime: Runtime) -> None:
        super().__init__(entry)
        self._projection = projecting.read(entry)
        self._width = declared(before_projection(entry, self._projection), "dim")
        self._size = declared(entry, "size")
        self._threads = runtime.threads
        self._lock = threading.Lock()
        self._session: Session | None = None
        entry.file("model")

    @property
    def dim(self) -> int:
        return self._projection.dim if self._projection else self._width

    @property
    def size(self) -> int:
        return self._size

    def _features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        session = self._running()
        parts = [session(images[i : i + _BATCH]) for i in range(0, len(images), _BATCH)]
        features = np.concatenate(parts)
        if features.shape != (len(images), self._width):
            raise BadEncoder(
                f"{self._entry.folder}: the model makes vectors of {features.shape[-1]} numbers, encoder.json says "
                f"{self._width}."
            )
        return self._projection(features) if self._projection else features

    def _running(self) -> "Session":
        with self._lock:
            self._session = self._session or Session(self._entry, self._size, self._threads)
            return self._session


class Session:
    """Callable: (n, size, size, bands) uint8 -> (n, dim) float32."""

    def __init__(self, entry: Entry, size: int, threads: int | None) -> None:
        import onnxruntime

        path = entry.file("model")
        content = read(path, entry.config.get("sha256"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 4  # what is wrong comes as an exception
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except onnx_errors() as error:
            raise BadEncoder(f"{path} cannot be run by onnxruntime {onnxruntime.__version__}: {error}") from error
        self._path = path
        self._input = self._session.get_inputs()[0]
        self._check_input(entry, size)

    def _check_input(self, entry: Entry, size: int) -> None:
        """Bytes come as they are; floats are prepared."""
        names = [one.name for one in self._session.get_inputs()]
        if len(names) != 1 or len(self._input.shape) != 4 or self._input.type not in _PREPARED:
            raise BadEncoder(
                f"{self._path} must take one batch of images, bytes (n, size, size, bands) or floats (n, bands, size, "
                f"size); it takes {', '.join(names)}, the first {self._input.type} {self._input.shape}."
            )
        self._type = _PREPARED[self._input.type]
        self._pixels = None if self._type == np.uint8 else Pixels.of(entry, size, *default_pixels(entry.bands))
        expected = [size, size, entry.bands] if self._pixels is None else [entry.bands, size, size]
        fixed = [(a, b) for a, b in zip(self._input.shape[1:], expected, strict=True) if isinstance(a, int) and a != b]
        if fixed:
            raise BadEncoder(
                f"{self._path} takes images of {self._input.shape[1:]}, encoder.json says {entry.bands} bands and "
                f"{size} pixels a side."
            )

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        one_by_one = self._input.shape[0] == 1 and len(images) > 1  # exported for a single image
        batches = np.split(images, len(images)) if one_by_one else [images]
        return np.concatenate([self._run(batch) for batch in batches])

    def _run(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        try:
            found = self._session.run(None, {self._input.name: self._prepared(images)})[0]
        except onnx_errors() as error:
            raise BadEncoder(f"{self._path} fails on {images.shape} images: {error}") from error
        return np.asarray(found, np.float32).reshape(len(images), -1)

    def _prepared(self, images: NDArray[np.uint8]) -> NDArray[Any]:
        if self._pixels is None:
            return np.ascontiguousarray(images)
        mean, std = np.asarray(self._pixels.mean, np.float32), np.asarray(self._pixels.std, np.float32)
        return np.ascontiguousarray(((images / np.float32(255) - mean) / std).transpose(0, 3, 1, 2).astype(self._type))


_PREPARED = {"tensor(uint8)": np.uint8, "tensor(float)": np.float32, "tensor(float16)": np.float16}


def onnx_errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises; its classes have no base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = (
        "Fail",
        "InvalidArgument",
        "InvalidGraph",
        "InvalidProtobuf",
        "NoModel",
        "NotImplemented",
        "RuntimeException",
    )
    return (*(getattr(state, name) for name in names), RuntimeError, ValueError)


def default_pixels(bands: int) -> tuple[list[float], list[float]]:
    """Mean and deviation where encoder.json says none: ImageNet's for colours, the middle for anything else."""
    return IMAGENET if bands == 3 else ([0.5] * bands, [0.5] * bands)


def declared(entry: Entry, setting: str) -> int:
    value = entry.config.get(setting)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 65536:
        raise BadEncoder(f'{entry.folder}: an ONNX model needs "{setting}", a number, in encoder.json; not {value!r}.')
    return value


def read(path: Path, sha256: object) -> bytes:
    """The file's content; raises BadEncoder unless it has the checksum of encoder.json, and all numbers in itself."""
    content = path.read_bytes()
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise BadEncoder(f"{path} is not the file whose sha256 encoder.json gives: copy it again.")
    if refers_elsewhere(content):
        raise BadEncoder(f"{path} keeps its weights in another file: save the model in one file and bring that.")
    return content


def refers_elsewhere(content: bytes) -> bool:
    """Whether a tensor of the model lies in another file; raises BadEncoder for what is no ONNX."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from onnx import ModelProto
    from onnx.external_data_helper import uses_external_data

    model = ModelProto()
    try:
        model.ParseFromString(content)
    except DecodeError as error:
        raise BadEncoder("The file is not an ONNX model: export it again, or give the right file.") from error
    return any(uses_external_data(tensor) for tensor in _tensors(model.graph))


def _tensors(graph: Any) -> Any:
    """Of the graph, its nodes' attributes, and the graphs inside those."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield attribute.t
            yield from attribute.tensors
            for inner in (attribute.g, *attribute.graphs):
                if inner.ByteSize():
                    yield from _tensors(inner)
