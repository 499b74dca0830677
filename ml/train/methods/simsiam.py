"""SimSiam (Chen & He 2020, arXiv:2011.10566): predict one look's projection from the other's, without negatives."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.train.methods.heads import mlp


class SimSiam(nn.Module):
    """Three-layer projector with batch normalisation at its end, two-layer predictor (section 3)."""

    def __init__(self, backbone: nn.Module, dim: int, width: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.projector = mlp(dim, width, width, width, last_norm=True)
        self.predictor = mlp(width, width // 4, width)

    def forward(self, looks: list[Tensor]) -> Tensor:
        """looks: two of (n, bands, side, side)."""
        z = self.projector(self.backbone(torch.cat(looks)))  # (2n, width)
        (p0, p1), (z0, z1) = self.predictor(z).float().chunk(2), z.float().chunk(2)
        return (negative_cosine(p0, z1) + negative_cosine(p1, z0)) / 2  # eq. 2


def negative_cosine(p: Tensor, z: Tensor) -> Tensor:
    """(arXiv:2011.10566, eq. 1 and 3) p, z: (n, d); no gradient flows through z."""
    return -functional.cosine_similarity(p, z.detach(), dim=1).mean()
