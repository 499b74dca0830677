"""Numbers of 16 bits where they are faster and right: measured, not assumed."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from ml.train.distributed import mean_of_all

_TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
_TRIAL, _WORTH = 3, 0.9  # steps; greatest share of float32's time that bfloat16 may take to be chosen
Step = Callable[[], Tensor]  # a forward pass; returns the loss


class Precision:
    """name: auto, float32, bfloat16 or float16 (with a scaled loss); trial: a step of what is trained, for auto."""

    def __init__(self, name: str, device: str, trial: Step) -> None:
        self.device = device
        self.name = choose(device, trial) if name == "auto" else name
        self._scaler = torch.amp.GradScaler(device, enabled=self.name == "float16")

    def autocast(self) -> AbstractContextManager[object]:
        return torch.autocast(self.device, _TYPES[self.name], enabled=self.name != "float32")

    def backward(self, loss: Tensor) -> None:
        self._scaler.scale(loss).backward()

    def step(self, optimiser: torch.optim.Optimizer) -> None:
        self._scaler.step(optimiser)
        self._scaler.update()


def choose(device: str, trial: Step) -> str:
    """CUDA: bfloat16 where it has it, else float16.  CPU: bfloat16 if a step takes clearly less time with it: true of
    large convolutions on processors that have instructions for it, not of depthwise ones."""
    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    names = ("float32", "bfloat16")
    told = mean_of_all(torch.tensor([_time(name, trial) for name in names]))  # every process decides alike
    seconds = dict(zip(names, told.tolist(), strict=True))
    return "bfloat16" if seconds["bfloat16"] < _WORTH * seconds["float32"] else "float32"


def _time(name: str, trial: Step) -> float:
    """Least of some steps on one core, in seconds of the processor: other work on the machine does not lengthen it."""
    times, threads = [], torch.get_num_threads()
    torch.set_num_threads(1)
    for _ in range(_TRIAL):
        began = time.process_time()
        with torch.autocast("cpu", _TYPES[name], enabled=name != "float32"):
            loss = trial()
        loss.backward()
        times.append(time.process_time() - began)
    torch.set_num_threads(threads)
    return min(times)


def out_of_memory(error: BaseException) -> bool:
    """CUDA's, or that of an allocation in main memory."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
