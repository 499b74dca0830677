"""VICReg (Bardes et al. 2021, arXiv:2105.04906): alike looks, dimensions that vary, and vary independently."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.train.distributed import gather
from ml.train.methods.heads import mlp

INVARIANCE, VARIANCE, COVARIANCE = 25.0, 25.0, 1.0  # λ, μ, ν of section 4.2


class VICReg(nn.Module):
    """Expander of three layers (section 4.2)."""

    def __init__(self, backbone: nn.Module, dim: int, width: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.expander = mlp(dim, width, width, width)

    def forward(self, looks: list[Tensor]) -> Tensor:
        """looks: two of (n, bands, side, side)."""
        z0, z1 = self.expander(self.backbone(torch.cat(looks))).float().chunk(2)
        return vicreg(z0, z1)


def vicreg(z0: Tensor, z1: Tensor) -> Tensor:
    """λ s + μ (v + v') + ν (c + c') (arXiv:2105.04906, eq. 6); z0, z1: (n, d).

    Over several processes variance and covariance are those of the whole batch.
    """
    wide0, wide1 = gather(z0), gather(z1)
    spread = variance(wide0) + variance(wide1)
    return (
        INVARIANCE * functional.mse_loss(z0, z1)
        + VARIANCE * spread
        + COVARIANCE * (covariance(wide0) + covariance(wide1))
    )


def variance(z: Tensor) -> Tensor:
    """Mean over the dimensions of how far their deviation stays below 1 (eq. 1 and 2, γ = 1, ε = 1e-4)."""
    return functional.relu(1 - (z.var(dim=0) + 1e-4).sqrt()).mean()


def covariance(z: Tensor) -> Tensor:
    """Sum of the squared covariances between dimensions, over their number (eq. 3 and 4)."""
    centred = z - z.mean(dim=0)
    matrix = centred.T @ centred / (len(z) - 1)  # (d, d)
    return (matrix.square().sum() - matrix.diagonal().square().sum()) / z.shape[1]
