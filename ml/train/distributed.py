"""Several processes, by torchrun: each works on its part of every batch as if one process had the whole of it.

CPU processes talk through gloo, GPUs through NCCL. Nothing here does anything in a process that is alone.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed._functional_collectives import all_gather_single, all_reduce  # where torch points to
from torch.nn.modules.batchnorm import _BatchNorm


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def processes() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


@contextmanager
def joined(device: str) -> Iterator[None]:
    """Join the group that torchrun has announced, if it has; leave it at the end."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 or dist.is_initialized():
        yield
        return
    if device == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    dist.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def _everyone() -> dist.ProcessGroup:
    group = dist.group.WORLD
    if group is None:
        raise RuntimeError("The processes have not met yet.")
    return group


def gather(z: Tensor) -> Tensor:
    """(n, d) of this process -> (n * processes, d) of all, in order of rank; gradients flow back to their own."""
    return all_gather_single(z.contiguous(), 0, _everyone()) if processes() > 1 else z


def mean_of_all(x: Tensor) -> Tensor:
    """The mean over the processes, without a gradient."""
    if processes() > 1:
        x = x.clone()
        dist.all_reduce(x)
        x /= processes()
    return x


def synchronised(module: nn.Module) -> nn.Module:
    """Have batch normalisation use the statistics of the whole batch, not of this process' part."""
    if processes() > 1:
        for layer in module.modules():
            if isinstance(layer, _BatchNorm):
                layer.__class__ = type(f"Whole{type(layer).__name__}", (_Whole, type(layer)), {})
    return module


class _Whole(_BatchNorm):
    """In front of a class of batch normalisation. torch's own SyncBatchNorm refuses the CPU."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        dims = [0, *range(2, x.ndim)]
        count = x.numel() / x.shape[1] * processes()  # every process has as many
        wide = x.float()
        moments = (
            all_reduce(torch.stack([wide.sum(dims), wide.square().sum(dims)]), "sum", _everyone()) / count
        )  # (2, channels)
        mean, variance = moments[0], (moments[1] - moments[0].square()).clamp(min=0)
        self._remember(mean.detach(), variance.detach(), count)
        shape = [1, -1, *[1] * (x.ndim - 2)]
        y = (wide - mean.view(shape)) * (variance.view(shape) + self.eps).rsqrt()
        if self.weight is not None:
            y = y * self.weight.view(shape) + self.bias.view(shape)
        return self._after(y.to(x.dtype))

    def _remember(self, mean: Tensor, variance: Tensor, count: float) -> None:
        if self.running_mean is not None and self.running_var is not None:
            self.running_mean.lerp_(mean, self.momentum or 0.1)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum or 0.1)
            if self.num_batches_tracked is not None:
                self.num_batches_tracked.add_(1)

    def _after(self, y: Tensor) -> Tensor:
        """timm's layers bring their activation along."""
        for name in ("drop", "act"):
            if isinstance(more := getattr(self, name, None), nn.Module):
                y = more(y)
        return y


__all__ = ["gather", "joined", "mean_of_all", "processes", "rank", "synchronised"]
