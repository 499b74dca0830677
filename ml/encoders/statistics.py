"""What a network's inner layers see, by more than its mean over the tile."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ml.encoders import ranked
from ml.encoders.base import Encoder
from ml.encoders.entry import Entry
from ml.encoders.networks import Torchvision, layers
from ml.encoders.runtime import Pixels, Runtime, Tower

if TYPE_CHECKING:
    from torch import nn

STATISTICS = ("mean", "highest", "deviation", "lowest")


class LayerStatistics(Encoder):
    """Mean, highest, deviation and lowest of each channel of some layers, by their ranks (ranked.py).

    The network is another entry's; it runs as far as its last layer that is asked for.
    """

    def __init__(self, entry: Entry, network: Entry, runtime: Runtime) -> None:
        super().__init__(entry)
        self._layers = layers(entry)
        whole = Entry(network.folder, {**network.config, "layers": {}}, network.fingerprint)
        self._network = Torchvision(whole, runtime)
        self._knots = ranked.read(entry, self.dim - 1)
        config = {**entry.config, "dim": self.dim - 1, "size": self._network.size, "layers": {}}
        self._tower = Tower(self._build, Entry(entry.folder, config, entry.fingerprint), runtime)

    @property
    def dim(self) -> int:
        return len(STATISTICS) * sum(self._layers.values()) + 1

    @property
    def size(self) -> int:
        return self._network.size

    def _features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return ranked.lifted(ranked.ranked(self.measure(images), self._knots))

    def measure(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, size, size, 3) -> (n, dim - 1), before ranking."""
        return self._tower(images)

    def _build(self) -> tuple["nn.Module", Pixels]:
        from ml.encoders.layers import Statistics

        module, pixels = self._network._build()
        return Statistics(module, self._layers, self._entry.folder), pixels
