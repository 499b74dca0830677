"""A network that also tells what its inner layers see. Imports torch; only when a network has to be built."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.errors import BadEncoder


class WithLayers(nn.Module):
    """(n, 3, size, size) -> (n, channels of each layer, then dim): each layer's mean over the picture, then the end.

    Early layers keep colour and fine texture, which the end of a classifier has learnt to look through.
    """

    def __init__(self, network: nn.Module, layers: dict[str, int], folder: Path) -> None:
        super().__init__()
        known = dict(network.named_modules())
        if missing := [name for name in layers if name not in known]:
            raise BadEncoder(f"{folder}: the network has no layer {missing[0]!r}.")
        self.network = network
        self._layers, self._folder = layers, folder
        self._seen: dict[str, Tensor] = {}
        for name in layers:
            known[name].register_forward_hook(lambda _, __, output, name=name: self._seen.update({name: output}))

    def forward(self, x: Tensor) -> Tensor:
        end = self.network(x).flatten(1)
        return torch.cat([*(self._mean(name) for name in self._layers), end], dim=1)

    def _mean(self, name: str) -> Tensor:
        """(n, channels); unit length, so that no layer outweighs the others where runtimes are compared."""
        output = self._seen.pop(name)
        if output.ndim != 4 or output.shape[1] != self._layers[name]:
            raise BadEncoder(f"{self._folder}: layer {name!r} has the shape {tuple(output.shape)}.")
        return functional.normalize(output.mean(dim=(2, 3)), dim=1)
