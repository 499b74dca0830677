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

    def look(self, x: Tensor) -> list[Tensor]:
        """(n, channels, height, width) of each layer."""
        self.network(x)
        return [self._take(name) for name in self._layers]

    def _mean(self, name: str) -> Tensor:
        """(n, channels); unit length, so that no layer outweighs the others where runtimes are compared."""
        return functional.normalize(self._take(name).mean(dim=(2, 3)), dim=1)

    def _take(self, name: str) -> Tensor:
        output = self._seen.pop(name)
        if output.ndim != 4 or output.shape[1] != self._layers[name]:
            raise BadEncoder(f"{self._folder}: layer {name!r} has the shape {tuple(output.shape)}.")
        return output


class Statistics(nn.Module):
    """(n, 3, size, size) -> (n, 4 * channels of all layers): of each layer the means over the picture, then highest,
    deviations, lowest."""

    def __init__(self, network: nn.Module, layers: dict[str, int], folder: Path) -> None:
        super().__init__()
        self.inner = WithLayers(network, layers, folder)

    def forward(self, x: Tensor) -> Tensor:
        found = [output.flatten(2) for output in self.inner.look(x)]  # (n, channels, places) each
        return torch.cat([part for output in found for part in _statistics(output)], dim=1)


def _statistics(output: Tensor) -> list[Tensor]:
    mean = output.mean(dim=2)
    deviation = ((output**2).mean(dim=2) - mean**2).clamp(min=0).sqrt()
    return [mean, output.amax(dim=2), deviation, output.amin(dim=2)]
