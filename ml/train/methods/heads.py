"""Small networks behind the backbone; thrown away after training."""

from itertools import pairwise

from torch import nn


def mlp(*widths: int, last_norm: bool = False) -> nn.Sequential:
    """Linear layers of these widths with batch normalisation and ReLU between them; last_norm: one more at the end."""
    layers: list[nn.Module] = []
    for inner, (before, after) in enumerate(pairwise(widths), 2):
        layers.append(nn.Linear(before, after, bias=False))
        if inner < len(widths):
            layers += [nn.BatchNorm1d(after), nn.ReLU(inplace=True)]
        elif last_norm:
            layers.append(nn.BatchNorm1d(after, affine=False))
    return nn.Sequential(*layers)
