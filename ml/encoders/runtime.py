"""Running a network: CUDA if present; else ONNX Runtime where it is faster and agrees with torch; else torch.

The choice is made once per fingerprint, at first use, and kept in the cache folder as <fingerprint>.json beside the
exported <fingerprint>.onnx; from then on a process that runs ONNX never imports torch.
"""

import hashlib
import json
import logging
import threading
import uuid
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ml.encoders.entry import Entry
from ml.errors import BadEncoder

if TYPE_CHECKING:
    from torch import nn

log = logging.getLogger(__name__)
Images = NDArray[np.uint8]
Features = NDArray[np.float32]
Run = Callable[[Images], Features]
_BATCH = {"cpu": 32, "cuda": 256}
_GPU_FILES = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg")  # on Linux and its Windows subsystem


class Runtime(NamedTuple):
    """threads: None for all cores; cache: where exports are kept; device: "cpu", "cuda" or None to find out.

    choose: whether ONNX Runtime is tried as well; not worth its while for a few images.
    """

    threads: int | None
    cache: Path
    device: str | None
    choose: bool = True


class Pixels(NamedTuple):
    """Side of the square, and mean and deviation per band, of values 0-1."""

    size: int
    mean: list[float]
    std: list[float]

    @classmethod
    def of(cls, entry: Entry, size: int, mean: list[float], std: list[float]) -> Self:
        """The architecture's own, unless encoder.json says otherwise; raises BadEncoder unless there is one a band."""
        config, bands = entry.config, entry.bands
        found = cls(int(config.get("size", size)), list(config.get("mean", mean)), list(config.get("std", std)))
        numbers = all(isinstance(value, int | float) for value in (*found.mean, *found.std))
        if not (numbers and len(found.mean) == len(found.std) == bands and min(found.std) > 0):
            raise BadEncoder(
                f'{entry.folder}: "mean" and "std" must have a number for each of the {bands} bands, above 0 for "std".'
            )
        return found

    @property
    def bands(self) -> int:
        return len(self.mean)


class Choice(NamedTuple):
    """How a network runs here; runtime: "onnx" or "torch"; sha256: of the ONNX file; images_per_second: as measured."""

    dim: int
    size: int
    runtime: str
    sha256: str
    images_per_second: dict[str, float]


class Tower:
    """Callable: (n, size, size, bands) uint8 -> (n, dim) float32. Built at first use, once for all threads."""

    def __init__(self, build: "Callable[[], tuple[nn.Module, Pixels]]", entry: Entry, runtime: Runtime) -> None:
        self._build, self._entry, self._runtime = build, entry, runtime
        self._lock = threading.RLock()
        self._running: Run | None = None
        self._shape: tuple[int, int] | None = None
        self._built_shape = (0, 0)  # until built

    def __call__(self, images: Images) -> Features:
        run = self._run()
        batch = _BATCH[self.device]
        return np.concatenate([run(images[i : i + batch]) for i in range(0, len(images), batch)])

    @cached_property
    def device(self) -> str:
        return self._runtime.device or find_device()

    @property
    def shape(self) -> tuple[int, int]:
        """(width, size): as encoder.json declares it, else from the cache, else by building the network.

        The width of all that comes out: the layers that encoder.json asks for, and dim.
        """
        if self._shape is None:
            self._shape = self._find_shape()
        return self._shape

    def _find_shape(self) -> tuple[int, int]:
        config = self._entry.config
        if "dim" in config and "size" in config:
            return config["dim"] + sum(config.get("layers", {}).values()), config["size"]
        if (choice := self._remembered()) is not None:
            return choice.dim, choice.size
        self._run()
        return self._built_shape

    def _run(self) -> Run:
        with self._lock:
            if self._running is None:
                self._running = self._start()
            return self._running

    def _start(self) -> Run:
        choice = self._remembered()
        if self.device == "cpu" and choice is not None and choice.runtime == "onnx":
            model = self._file(".onnx").read_bytes() if self._file(".onnx").is_file() else b""
            if hashlib.sha256(model).hexdigest() == choice.sha256:
                self._built_shape = choice.dim, choice.size
                return onnx_run(model, self._runtime.threads)
            choice = None
        return self._start_torch(choice)

    def _start_torch(self, choice: Choice | None) -> Run:
        from ml.encoders import torch_runtime

        module, pixels = self._build()
        run = torch_runtime.torch_run(module, pixels, self.device, self._runtime.threads)
        if self.device == "cpu" and choice is None and self._runtime.choose:
            choice, model = torch_runtime.choose(module, pixels, run, self._runtime.threads)
            self._remember(choice, model)
            run = onnx_run(model, self._runtime.threads) if choice.runtime == "onnx" else run
        blank = np.zeros((1, pixels.size, pixels.size, pixels.bands), np.uint8)
        self._built_shape = run(blank).shape[1], pixels.size
        return run

    def _file(self, suffix: str) -> Path:
        return self._runtime.cache / f"{self._entry.fingerprint}{suffix}"

    def _remembered(self) -> Choice | None:
        try:
            return Choice(**json.loads(self._file(".json").read_bytes()))
        except (OSError, ValueError, TypeError):  # none yet, or not ours: choose again
            return None

    def _remember(self, choice: Choice, model: bytes) -> None:
        """Keep for the next process; a cache that cannot be written costs time at the next start, nothing else."""
        try:
            self._runtime.cache.mkdir(parents=True, exist_ok=True)
            _replace(self._file(".onnx"), model)
            _replace(self._file(".json"), json.dumps(choice._asdict()).encode())
        except OSError as error:
            log.warning("The exported encoder cannot be kept in %s: %s", self._runtime.cache, error)


def find_device() -> str:
    """ "cuda" where torch can use one, else "cpu"; imports torch only on a machine that has a GPU's device file."""
    if not any(Path(name).exists() for name in _GPU_FILES):
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def onnx_run(model: bytes, threads: int | None) -> Run:
    """model: the content of an ONNX file that takes uint8 (n, size, size, bands)."""
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail, RuntimeException

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.log_severity_level = 3  # errors only
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(images: Images) -> Features:
        try:
            features: Features = session.run(["features"], {"images": images})[0]
        except (Fail, RuntimeException) as error:
            if "alloc" in str(error).lower():
                raise MemoryError(str(error)) from error  # as Python says it
            raise
        return features

    return run


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
