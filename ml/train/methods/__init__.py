"""The methods: what two looks at the same thing are asked to have in common. One module each."""

from torch import nn

from ml.train.config import Config
from ml.train.methods.dino import DINO
from ml.train.methods.simclr import SimCLR
from ml.train.methods.simsiam import SimSiam
from ml.train.methods.vicreg import VICReg

Method = SimCLR | SimSiam | VICReg | DINO
RATES = {"simclr": 1e-3, "simsiam": 1e-3, "vicreg": 1e-3, "dino": 5e-4}  # of AdamW, for a batch of 256


def make(backbone: nn.Module, dim: int, config: Config) -> Method:
    """backbone: (n, bands, side, side) -> (n, dim). The method holds it as `backbone`; called with the list of looks
    it returns the loss."""
    if config.method == "simclr":
        return SimCLR(backbone, dim, config.projection, config.temperature)
    if config.method == "simsiam":
        return SimSiam(backbone, dim, 4 * config.projection)
    if config.method == "vicreg":
        return VICReg(backbone, dim, 4 * config.projection)
    return DINO(backbone, dim, 8 * config.projection, config.temperature)


__all__ = ["DINO", "RATES", "Method", "make"]
