"""SimCLR (Chen et al. 2020, arXiv:2002.05709): find the other look at the same tile among all looks of the batch."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.train.distributed import gather, rank
from ml.train.methods.heads import mlp


class SimCLR(nn.Module):
    """Projection head of two layers (section 4.2)."""

    def __init__(self, backbone: nn.Module, dim: int, projection: int, temperature: float) -> None:
        super().__init__()
        self.backbone, self.temperature = backbone, temperature
        self.projector = mlp(dim, dim, projection)

    def forward(self, looks: list[Tensor]) -> Tensor:
        """looks: two of (n, bands, side, side)."""
        features = self.backbone(torch.cat(looks))  # (2n, dim), one pass: statistics of both looks together
        z0, z1 = self.projector(features).float().chunk(2)
        return nt_xent(z0, z1, self.temperature)


def nt_xent(z0: Tensor, z1: Tensor, temperature: float) -> Tensor:
    """The loss of two looks at the same n tiles (arXiv:2002.05709, eq. 1), mean over both looks.

    z0, z1: (n, d) float, not yet normalised.  Over several processes the others' looks are negatives too; the mean of
    their losses is the loss of the whole batch.
    """
    n = len(z0)
    own = functional.normalize(torch.cat([z0, z1]), dim=1)  # (2n, d)
    all0, all1 = gather(own[:n]), gather(own[n:])  # (N, d) each, N = n * processes
    everyone = torch.cat([all0, all1])  # (2N, d)
    here = torch.arange(n, device=own.device) + n * rank()
    itself = torch.cat([here, here + len(all0)])  # (2n,) columns of the looks themselves
    pair = torch.cat([here + len(all0), here])  # (2n,) and of their partners
    logits = own @ everyone.T / temperature  # (2n, 2N)
    return functional.cross_entropy(logits.scatter(1, itself[:, None], -torch.inf), pair)
