"""A projection learnt after any encoder, whose own weights stay: quick, and possible with every kind of encoder."""

import time
from collections.abc import Callable
from math import isfinite

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import log_softmax, normalize

from ml.embed.reducing import Axes, fit
from ml.encoders import Encoder
from ml.errors import TrainingDiverged
from ml.finetune.config import Tuning
from ml.finetune.loop import Course, Images, Rows, class_weights, per_class
from ml.train.views import augment

_LOOKS = 3  # changed copies of each image that are learnt from, besides itself
_BATCH = 256
Vectors = NDArray[np.float32]


def look(encoder: Encoder, images: Images, rows: Rows, tuning: Tuning, on_part: Callable[[int, int], None]) -> Vectors:
    """What the encoder says of the images, and of changed copies of them: (1 + _LOOKS, m, dim)."""
    found: list[list[Vectors]] = [[] for _ in range(1 + _LOOKS)]
    for start in range(0, len(rows), _BATCH):
        some = images[rows[start : start + _BATCH]]
        found[0].append(encoder.encode_images(some))
        for number in range(_LOOKS):
            random = torch.Generator().manual_seed(tuning.seed * 1009 + number * 65_537 + start)
            looks = augment(torch.from_numpy(np.array(some)).permute(0, 3, 1, 2), tuning.views, random)
            changed = looks.mul(255).round().to(torch.uint8).permute(0, 2, 3, 1)
            found[1 + number].append(encoder.encode_images(np.ascontiguousarray(changed.numpy())))
        on_part(min(start + _BATCH, len(rows)), len(rows))
    return np.stack([np.concatenate(parts) for parts in found])


class Projected:
    """unit((vector - mean) @ matrix), learnt with a linear head from the principal axes on."""

    def __init__(
        self, seen: Vectors, targets: NDArray[np.floating], weights: NDArray[np.floating], tuning: Tuning
    ) -> None:
        """seen: (looks, n, dim), the first of them unchanged; targets: (n, classes); weights: (n,)."""
        torch.manual_seed(tuning.seed)
        self.tuning, self.seen = tuning, torch.from_numpy(seen)
        self.targets, self.weights = (torch.from_numpy(np.asarray(a, np.float32)) for a in (targets, weights))
        self.balance = self.weights * (self.targets @ class_weights(self.targets, self.weights))
        first = fit(seen[0], min(tuning.dim, seen.shape[2], seen.shape[1] - 1))
        self.mean, self.matrix = torch.from_numpy(first.mean), nn.Parameter(torch.from_numpy(first.matrix.copy()))
        self.before = self.matrix.detach().clone()
        self.head = nn.Linear(self.matrix.shape[1], self.targets.shape[1])

    def run(self, aside: tuple[Vectors, NDArray[np.floating], NDArray[np.floating]]) -> tuple[Course, Axes]:
        """aside: vectors, targets and weights of what is held out.  Raises TrainingDiverged."""
        course, best, tuning = Course(), self.before, self.tuning
        adam = torch.optim.AdamW(
            [{"params": [self.matrix], "lr": tuning.learning_rate}, {"params": self.head.parameters(), "lr": 1e-2}],
            weight_decay=0,
        )
        began = time.monotonic()
        for epoch in range(tuning.epochs + 1):
            self._judge(course, *aside)
            if course.best == epoch:
                best = self.matrix.detach().clone()
            if epoch == tuning.epochs or (tuning.patience and epoch - course.best >= 3 * tuning.patience):
                break  # an epoch takes no time here: it may wait longer
            course.taught.append(self._teach(adam, epoch))
        course.seconds = time.monotonic() - began
        return course, Axes(self.mean.numpy(), best.numpy(), 1.0)

    def _teach(self, adam: torch.optim.Optimizer, epoch: int) -> float:
        random = np.random.default_rng((self.tuning.seed, epoch))
        looks, n = self.seen.shape[:2]
        losses = []
        for rows in np.array_split(random.permutation(looks * n), -(-looks * n // _BATCH)):
            adam.zero_grad(set_to_none=True)
            pull = self.tuning.pull / 2 * ((self.matrix - self.before) ** 2).sum()
            loss = self._loss(self.seen[rows // n, rows % n], self.targets[rows % n], self.balance[rows % n]) + pull
            loss.backward()
            adam.step()
            losses.append(float(loss.detach()))
        if not isfinite(sum(losses)):
            raise TrainingDiverged(
                f"The loss is no number any more (epoch {epoch + 1}). Tune anew with a lower rate, such as "
                f"{self.tuning.learning_rate / 10:.1g}."
            )
        return float(np.mean(losses))

    def _logits(self, vectors: Tensor) -> Tensor:
        found: Tensor = self.head(normalize((vectors - self.mean) @ self.matrix, dim=1) * self.matrix.shape[1] ** 0.5)
        return found

    def _loss(self, vectors: Tensor, targets: Tensor, balance: Tensor) -> Tensor:
        crossed = -(targets * log_softmax(self._logits(vectors), dim=1)).sum(dim=1)
        return (crossed * balance).sum() / balance.sum().clamp_min(1e-9)

    def _judge(
        self, course: Course, vectors: Vectors, targets: NDArray[np.floating], weights: NDArray[np.floating]
    ) -> None:
        seen, wanted = torch.from_numpy(vectors), torch.from_numpy(np.asarray(targets, np.float32))
        each = torch.from_numpy(np.asarray(weights, np.float32))
        with torch.no_grad():
            course.loss.append(float(self._loss(seen, wanted, each * (wanted @ class_weights(wanted, each)))))
            said = self._logits(seen).argmax(dim=1).numpy()
        labels = targets.argmax(axis=1)
        course.accuracy.append(per_class(said == labels, labels))
