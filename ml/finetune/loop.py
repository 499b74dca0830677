"""The training of a network's end, or of all of it, on labelled images, with a linear head that is thrown away."""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import cos, inf, isfinite, pi
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import log_softmax, normalize

from ml.encoders.torch_runtime import FromPixels
from ml.errors import BadTraining, TrainingDiverged
from ml.finetune.config import Tuning
from ml.finetune.networks import Opened, tail
from ml.train import checkpointing
from ml.train.precision import Precision, out_of_memory
from ml.train.views import augment

log = logging.getLogger(__name__)
_HEAD_STEPS = 100
Rows = NDArray[np.integer]
OnEpoch = Callable[[int, int], None]  # done, of how many; may raise to stop


class Images(Protocol):
    """uint8 squares of which rows (m,) can be taken: (m, size, size, bands)."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: NDArray[np.integer], /) -> NDArray[np.uint8]: ...


@dataclass
class Course:
    """How it went: of the untouched network with a head, then after each epoch.

    loss: held out; accuracy: held out, mean of the classes; taught: of the epochs' own images.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    taught: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def best(self) -> int:
        """The epoch with the least loss; 0 is before training."""
        return int(np.argmin([loss if isfinite(loss) else inf for loss in self.loss]))


class Job:
    """One training. targets: (n, classes), each row a distribution; weights: (n,).

    Of the images, `learnt` are trained on and `aside` are judged by.  work: where a checkpoint is kept after every
    epoch, from which a job of the same settings goes on.
    """

    def __init__(
        self,
        opened: Opened,
        images: Images,
        targets: NDArray[np.floating],
        weights: NDArray[np.floating],
        parts: tuple[Rows, Rows],
        tuning: Tuning,
        device: str,
        work: Path | None = None,
    ) -> None:
        torch.manual_seed(tuning.seed)
        self.images, self.tuning, self.device, self.work = images, tuning, device, work
        self.learnt, self.aside = parts
        opened.module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
        self.network = FromPixels(opened.module, opened.pixels).eval().to(device)  # running statistics stay
        self.targets, self.weights = (
            torch.from_numpy(np.asarray(a, np.float32)).to(device) for a in (targets, weights)
        )
        self.balance = self.weights * (self.targets @ class_weights(self.targets, self.weights))
        self.trained = tail(opened.module, 1.0 if tuning.mode == "full" else tuning.share)
        self.before = {name: parameter.detach().clone() for name, parameter in self.trained.items()}
        self.best = dict(self.before)
        self.pieces, self.epoch, self.course = 1, 0, Course()
        dim = self.features(np.array([0])).shape[1]
        self.head = nn.Linear(dim, self.targets.shape[1]).to(device)
        self.precision = Precision("auto" if device == "cuda" else "float32", device, lambda: self.targets.sum())
        self.adam = torch.optim.AdamW(
            [{"params": list(self.trained.values())}, {"params": list(self.head.parameters())}], weight_decay=0
        )

    def run(self, on_epoch: OnEpoch | None = None) -> tuple[Course, dict[str, Tensor]]:
        """The course, and the weights of the epoch with the least held-out loss: name -> tensor.

        Raises TrainingDiverged, and BadTraining when not even one image fits into memory.
        """
        if not self._resumed():
            self._teach_head()
            self._judge()
        while self.epoch < self.tuning.epochs and not self._tired():
            began = time.monotonic()
            self.course.taught.append(self._teach())
            self.epoch += 1
            self._judge()
            if self.course.best == self.epoch:
                self.best = {name: parameter.detach().clone() for name, parameter in self.trained.items()}
            self.course.seconds += time.monotonic() - began
            self._save()
            if on_epoch:
                on_epoch(self.epoch, self.tuning.epochs)
        return self.course, self.best

    def _tired(self) -> bool:
        return bool(self.tuning.patience) and self.epoch - self.course.best >= self.tuning.patience

    # -- one epoch

    def _teach(self) -> float:
        """Every image once, in an order and with changes that depend on seed and epoch only; returns the mean loss."""
        order = np.random.default_rng((self.tuning.seed, self.epoch)).permutation(self.learnt)
        batches = np.array_split(order, -(-len(order) // self.tuning.batch))
        losses = []
        for number, rows in enumerate(batches):
            self._set_rate(self.epoch + number / len(batches))
            losses.append(self._step(rows, self.epoch * len(batches) + number))
        return float(np.mean(losses))

    def _set_rate(self, at: float) -> None:
        """A cosine down to 0 (arXiv:1608.03983, eq. 5)."""
        falling = (1 + cos(pi * at / self.tuning.epochs)) / 2
        for group, rate in zip(self.adam.param_groups, (self.tuning.learning_rate, self.tuning.head_rate), strict=True):
            group["lr"] = rate * falling

    def _step(self, rows: Rows, number: int) -> float:
        seed = (self.tuning.seed * 1_000_003 + number) % 2**63
        loss = self._sparing(lambda: self._forward_backward(rows, torch.Generator().manual_seed(seed)))
        if not isfinite(loss):
            raise TrainingDiverged(
                f"The loss is no number any more (epoch {self.epoch + 1}). Tune anew with a lower rate, such as "
                f"{self.tuning.learning_rate / 10:.1g}; look, too, whether some images are blank."
            )
        self.precision.step(self.adam)
        return loss

    def _forward_backward(self, rows: Rows, random: torch.Generator) -> float:
        self.adam.zero_grad(set_to_none=True)
        total, whole = 0.0, self.balance[rows].sum().clamp_min(1e-9)
        for some in np.array_split(rows, min(self.pieces, len(rows))):
            with self.precision.autocast():
                loss = self._loss(self.features(some, random), some).sum() / whole
            self.precision.backward(loss)
            total += float(loss.detach())
        pull = self.tuning.pull / 2 * self._moved()
        if self.tuning.pull:
            self.precision.backward(pull)
        return total + float(pull.detach())

    def _moved(self) -> Tensor:
        """Squared distance from the weights as they were."""
        apart = [((parameter - self.before[name]) ** 2).sum() for name, parameter in self.trained.items()]
        return torch.stack(apart).sum()

    def _sparing(self, work: Callable[[], float]) -> float:
        """Halves the pieces that a batch is worked through in, as long as memory does not suffice."""
        while True:
            try:
                return work()
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                if self.pieces >= self.tuning.batch:
                    raise BadTraining(
                        "Not even one image fits into memory: train a smaller network, or a smaller share of it."
                    ) from error
                self.pieces *= 2
                log.warning("Not enough memory: %d images at a time now.", -(-self.tuning.batch // self.pieces))

    # -- parts of it

    def features(self, rows: Rows, random: torch.Generator | None = None) -> Tensor:
        """(m, dim) of length √dim: as the encoder's own, at a scale that a linear head learns from.

        random: the images are changed first, as tuning.views says.
        """
        some = torch.from_numpy(np.array(self.images[rows])).to(self.device).permute(0, 3, 1, 2)
        x = some.float() / 255 if random is None else augment(some, self.tuning.views, random)
        x = ((x - self.network.mean) / self.network.std).contiguous(memory_format=torch.channels_last)
        out = self.network.network(x)
        found = (out[0] if isinstance(out, tuple) else out).flatten(1).float()
        return normalize(found, dim=1) * found.shape[1] ** 0.5

    def _loss(self, vectors: Tensor, rows: Rows) -> Tensor:
        """(m,): cross-entropy with soft targets, every class weighing the same."""
        chances = log_softmax(self.head(vectors).float(), dim=1)
        return -(self.targets[rows] * chances).sum(dim=1) * self.balance[rows]

    def _teach_head(self) -> None:
        """The head alone first, on the vectors as they are: an ignorant one would only spoil the network."""
        vectors = self._all(self.learnt)
        adam = torch.optim.AdamW(self.head.parameters(), self.tuning.head_rate, weight_decay=0.01)
        for _ in range(_HEAD_STEPS):
            adam.zero_grad(set_to_none=True)
            (self._loss(vectors, self.learnt).sum() / self.balance[self.learnt].sum().clamp_min(1e-9)).backward()
            adam.step()

    def _judge(self) -> None:
        with torch.no_grad():
            vectors = self._all(self.aside)
            balance = self.balance[self.aside].sum().clamp_min(1e-9)
            self.course.loss.append(float(self._loss(vectors, self.aside).sum() / balance))
            said = self.head(vectors).argmax(dim=1).cpu().numpy()
        right = said == self.targets[self.aside].argmax(dim=1).cpu().numpy()
        self.course.accuracy.append(per_class(right, self.targets[self.aside].argmax(dim=1).cpu().numpy()))

    def _all(self, rows: Rows) -> Tensor:
        """Vectors of many images, unchanged: (m, dim), without gradients."""
        found: list[Tensor] = []

        def look() -> float:
            found.clear()
            size = max(1, self.tuning.batch // self.pieces)
            with torch.no_grad(), self.precision.autocast():
                found.extend(self.features(rows[first : first + size]) for first in range(0, len(rows), size))
            return 0.0

        self._sparing(look)
        return torch.cat(found)

    # -- checkpoints

    def _facts(self) -> dict[str, object]:
        settings = json.loads(json.dumps([self.tuning.as_dict(), len(self.learnt), len(self.aside)]))
        return {"settings": settings, "step": self.epoch, "course": vars(self.course)}

    def _save(self) -> None:
        if self.work is None:
            return
        tensors = checkpointing.prefixed("trained", dict(self.trained)) | checkpointing.prefixed("best", self.best)
        tensors |= checkpointing.prefixed("head", self.head.state_dict())
        tensors |= checkpointing.optimiser_tensors(self.adam)
        checkpointing.save(self.work, tensors, self._facts())

    def _resumed(self) -> bool:
        found = checkpointing.load(self.work) if self.work else None
        if found is None or found[1].get("settings") != self._facts()["settings"]:
            return False
        tensors, facts = found
        with torch.no_grad():
            for name, tensor in checkpointing.without("trained", tensors).items():
                self.trained[name].copy_(tensor)
        self.best = {name: t.to(self.device) for name, t in checkpointing.without("best", tensors).items()}
        self.head.load_state_dict(checkpointing.without("head", tensors))
        checkpointing.restore_optimiser(self.adam, tensors)
        self.epoch, self.course = facts["step"], Course(**facts["course"])
        return True


def class_weights(targets: Tensor, weights: Tensor) -> Tensor:
    """(classes,): so that each class weighs the same, and all together as much as there is."""
    totals = (weights[:, None] * targets).sum(dim=0).clamp_min(1e-9)
    return totals.sum() / (len(totals) * totals)


def per_class(right: NDArray[np.bool_], labels: NDArray[np.integer]) -> float:
    """The mean of the classes' own shares: a rare class counts as much as a common one."""
    return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))
