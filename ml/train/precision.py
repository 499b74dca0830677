"""Numbers of 16 bits where they are faster and right: measured, not assumed."""

import time
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

_TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
_TRIAL, _WORTH = 3, 0.85  # steps; least share of the time that bfloat16 must not exceed


class Precision:
    """name: auto, float32, bfloat16 or float16 (with a scaled loss)."""

    def __init__(self, name: str, device: str) -> None:
        self.device = device
        self.name = choose(device) if name == "auto" else name
        self._scaler = torch.amp.GradScaler(device, enabled=self.name == "float16")

    def autocast(self) -> AbstractContextManager[object]:
        return torch.autocast(self.device, _TYPES[self.name], enabled=self.name != "float32")

    def backward(self, loss: Tensor) -> None:
        self._scaler.scale(loss).backward()

    def step(self, optimiser: torch.optim.Optimizer) -> None:
        self._scaler.step(optimiser)
        self._scaler.update()


def choose(device: str) -> str:
    """CUDA: bfloat16 where it has it, else float16.  CPU: bfloat16 if a small network's step is quicker with it."""
    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    seconds = {name: _trial(name) for name in ("float32", "bfloat16")}
    return "bfloat16" if seconds["bfloat16"] < _WORTH * seconds["float32"] else "float32"


def _trial(name: str) -> float:
    """Least time of a forward and backward pass of three convolutions, in seconds of the processor."""
    with torch.random.fork_rng(devices=[]):
        layers = [nn.Sequential(nn.Conv2d(64, 64, 3, padding=1), nn.ReLU()) for _ in range(3)]
        network = nn.Sequential(*layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        x = torch.rand(16, 64, 32, 32).contiguous(memory_format=torch.channels_last)
    times = []
    for _ in range(_TRIAL):
        began = time.process_time()
        with torch.autocast("cpu", _TYPES[name], enabled=name != "float32"):
            loss = network(x).float().square().mean()
        loss.backward()
        times.append(time.process_time() - began)
    return min(times)


def out_of_memory(error: BaseException) -> bool:
    """CUDA's, or that of an allocation in main memory."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
