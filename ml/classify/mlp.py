"""A committee of small networks, each with one hidden layer."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Doubles = NDArray[np.float64]
_RATE = 0.01  # Adam's


class Committee(NamedTuple):
    """k networks of h hidden units: inner (r, k * h), inner_bias (k * h,), outer (k, h), outer_bias (k,)."""

    inner: Doubles
    inner_bias: Doubles
    outer: Doubles
    outer_bias: Doubles

    def logits(self, x: Doubles) -> Doubles:
        """(n, r) -> (n, k), one opinion of each."""
        k, h = self.outer.shape
        units = np.maximum(x @ self.inner + self.inner_bias, 0).reshape(-1, k, h)
        return np.asarray(np.einsum("nkh,kh->nk", units, self.outer) + self.outer_bias)


def train(
    x: Doubles, targets: Doubles, weights: Doubles, *, hidden: int, strength: float, steps: int, seed: int
) -> Committee:
    """k networks at once, each with its own targets and weights (n, k): 0 for labels that it must not see.

    x: (n, r).  Adam (Kingma and Ba 2015) over all labels in every step, with a rate that
    falls to 0 along a cosine; the penalty is strength / 2 * |all weights|², beside a loss summed over labels.
    """
    import torch

    random = torch.Generator().manual_seed(seed)
    k = weights.shape[1]
    inputs, wanted, weighed = (torch.from_numpy(a.astype(np.float32)) for a in (x, targets, weights))
    inner = torch.randn(x.shape[1], k * hidden, generator=random) * (2 / x.shape[1]) ** 0.5
    outer = torch.randn(k, hidden, generator=random) / hidden**0.5
    parts = [part.requires_grad_() for part in (inner, torch.zeros(k * hidden), outer, torch.zeros(k))]
    adam = torch.optim.Adam(parts, lr=_RATE)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    for _ in range(steps):
        adam.zero_grad(set_to_none=True)
        _loss(parts, inputs, wanted, weighed, strength).backward()
        adam.step()
        falling.step()
    return Committee(*(part.detach().double().numpy() for part in parts))


def _loss(parts: "list[Tensor]", x: "Tensor", targets: "Tensor", weights: "Tensor", strength: float) -> "Tensor":
    from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

    inner, inner_bias, outer, outer_bias = parts
    units = (x @ inner + inner_bias).relu().view(len(x), *outer.shape)  # (n, k, h)
    logits = (units * outer).sum(dim=2) + outer_bias  # (n, k)
    fit = cross_entropy(logits, targets, weights, reduction="sum")
    return (fit + strength / 2 * ((inner**2).sum() + (outer**2).sum())) / weights.sum()
