"""DINO (Caron et al. 2021, arXiv:2104.14294): a student learns to answer as its own slow average does."""

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.train.distributed import mean_of_all

TEACHER_TEMPERATURE, CENTRE_MOMENTUM = 0.04, 0.9  # τ_t and m of section 3.1
TEACHER_MOMENTUM = 0.996  # λ, towards 1 along a cosine


class Head(nn.Module):
    """Three layers, unit length, then weight-normalised prototypes (section 3.1)."""

    def __init__(self, dim: int, prototypes: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, 128))
        self.prototypes = nn.Parameter(torch.empty(prototypes, 128))
        nn.init.normal_(self.prototypes)

    def forward(self, x: Tensor) -> Tensor:
        """(n, dim) -> (n, prototypes)"""
        return functional.normalize(self.mlp(x), dim=1) @ functional.normalize(self.prototypes, dim=1).T


class DINO(nn.Module):
    """The teacher follows in `after_step`; its centre in every forward pass while training."""

    centre: Tensor

    def __init__(self, backbone: nn.Module, dim: int, prototypes: int, temperature: float) -> None:
        super().__init__()
        self.backbone, self.head, self.temperature = backbone, Head(dim, prototypes), temperature / 2
        self.teacher = nn.ModuleList([copy.deepcopy(self.backbone), copy.deepcopy(self.head)]).requires_grad_(False)
        self.register_buffer("centre", torch.zeros(1, prototypes))

    def forward(self, looks: list[Tensor]) -> Tensor:
        """looks: two of (n, bands, side, side); without the paper's small crops, which the student alone would see."""
        both = torch.cat(looks)
        with torch.no_grad():
            taught = self.teacher[1](self.teacher[0](both)).float()  # (2n, prototypes)
        said = self.head(self.backbone(both)).float()
        loss = dino(list(said.chunk(2)), list(taught.chunk(2)), self.centre, self.temperature)
        if self.training:
            self.centre.lerp_(mean_of_all(taught.mean(dim=0, keepdim=True)), 1 - CENTRE_MOMENTUM)  # eq. 4
        return loss

    @torch.no_grad()
    def after_step(self, done: float) -> None:
        """The teacher moves towards the student; done: share of the training, 0 to 1."""
        momentum = 1 - (1 - TEACHER_MOMENTUM) * (math.cos(math.pi * done) + 1) / 2
        for slow, quick in zip(self.teacher.parameters(), self._student(), strict=True):
            slow.lerp_(quick, 1 - momentum)

    def _student(self) -> list[nn.Parameter]:
        return [*self.backbone.parameters(), *self.head.parameters()]


def dino(student: list[Tensor], teacher: list[Tensor], centre: Tensor, temperature: float) -> Tensor:
    """Mean cross-entropy over pairs of different looks (arXiv:2104.14294, eq. 1 and 3).

    student, teacher: (n, prototypes) a look, the teacher's first; centre: (1, prototypes).
    """
    targets = [functional.softmax((one - centre) / TEACHER_TEMPERATURE, dim=1).detach() for one in teacher]
    answers = [functional.log_softmax(one / temperature, dim=1) for one in student]
    terms = [-(t * s).sum(dim=1).mean() for i, t in enumerate(targets) for j, s in enumerate(answers) if i != j]
    return torch.stack(terms).mean()
