"""The optional last step: an encoder that has looked at what a campaign labelled. Makes a new version of its entry.

Only the end of the network is trained, with a linear head that is thrown away afterwards: the encoder stays one for
similarity search, and its vectors must be made again for every tile. Imports torch when used.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ml.classify import folds
from ml.classify.labels import check
from ml.encoders import entry as entries
from ml.encoders.entry import Entry
from ml.encoders.networks import Network, Timm, Torchvision
from ml.encoders.runtime import Runtime, find_device
from ml.errors import BadEncoder, BadLabels, TooFewLabels
from ml.shards.files import fresh_sibling, publish, sync, write_json

if TYPE_CHECKING:
    from torch import Tensor, nn

_KINDS: dict[str, type[Network]] = {"torchvision": Torchvision, "timm": Timm}
Progress = Callable[[str, int, int], None]  # stage, done, total


class Images(Protocol):
    """uint8 RGB squares that rows (m,) can be taken of: (m, size, size, 3)."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: NDArray[np.integer], /) -> NDArray[np.uint8]: ...


@dataclass(frozen=True)
class Tuning:
    """share: of the network's parameters, from its end, that are trained.  rate, head_rate: AdamW's, falling to 0.

    pull: of the penalty on the distance from the weights as they were (L2-SP, Li et al. 2018, arXiv:1802.01483, eq. 2).
    """

    share: float = 0.1
    epochs: int = 5
    batch: int = 32
    rate: float = 1e-4
    head_rate: float = 1e-2
    pull: float = 0.01
    seed: int = 0


def finetune(
    folder: Path,
    images: Images,
    targets: NDArray[np.floating],
    weights: NDArray[np.floating],
    out: Path,
    *,
    version: str,
    tuning: Tuning = Tuning(),
    groups: NDArray[np.integer] | None = None,
    device: str | None = None,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Train the entry's network on labelled tiles, and write a new entry `out` that ml.encoders.load opens.

    images: of the encoder's size; targets, weights: (n,) as for ml.classify.fit.  A fifth of the labels, split by place
    (groups), is put aside.  Returns {"loss": […], the held-out cross-entropy before training and after each epoch,
    "epochs": how many were kept, "held_out": tiles}: the epoch with the least loss is written, which may be 0.
    Raises BadEncoder for an entry that is no network of torchvision or timm, BadLabels, TooFewLabels, FileExistsError.
    """
    check(targets, weights)
    if len(images) != len(targets):
        raise BadLabels(f"There are {len(images)} images for {len(targets)} labels.")
    random = np.random.default_rng(tuning.seed)
    fold = folds.split(targets > 0.5, groups, 5, random)
    if fold is None:
        raise TooFewLabels("Too few labels, or places, to put some aside: label more tiles before tuning an encoder.")
    entry = entries.read(folder)
    job = _Job(entry, images, targets, weights, tuning, device or find_device())
    metrics, trained = job.run(np.flatnonzero(fold != 0), np.flatnonzero(fold == 0), random, on_progress)
    _write(entry, trained, out, version, metrics)
    return metrics


class _Job:
    """One training run."""

    def __init__(
        self,
        entry: Entry,
        images: Images,
        targets: NDArray[np.floating],
        weights: NDArray[np.floating],
        tuning: Tuning,
        device: str,
    ) -> None:
        import torch

        from ml.encoders.torch_runtime import FromPixels

        torch.manual_seed(tuning.seed)
        module, pixels = _built(entry)
        self.images, self.tuning, self.device = images, tuning, device
        self.module = module.to(device)
        self.network = FromPixels(module, pixels).eval().to(device)  # eval: running statistics stay as they are
        self.targets, self.weights = (
            torch.from_numpy(np.asarray(a, np.float32)).to(device) for a in (targets, weights)
        )
        self.trained = _tail(self.module, tuning.share)
        self.before = {name: parameter.detach().clone() for name, parameter in self.trained.items()}
        with torch.inference_mode():
            dim = self.network(self._pixels(np.array([0]))).shape[1]
        self.head = torch.nn.Linear(dim, 1).to(device)

    def run(
        self, learnt: NDArray[np.intp], aside: NDArray[np.intp], random: np.random.Generator, progress: Progress | None
    ) -> tuple[dict[str, Any], "dict[str, Tensor]"]:
        import torch

        tuning, steps = self.tuning, -(-len(learnt) // self.tuning.batch)
        self._teach_head(learnt)
        groups = [
            {"params": list(self.trained.values()), "lr": tuning.rate},
            {"params": list(self.head.parameters()), "lr": tuning.head_rate},
        ]
        adam = torch.optim.AdamW(groups, weight_decay=0)
        falling = torch.optim.lr_scheduler.CosineAnnealingLR(adam, tuning.epochs * steps)
        losses, best = [self._held_out(aside)], dict(self.before)
        for epoch in range(tuning.epochs):
            for rows in np.array_split(random.permutation(learnt), steps):
                adam.zero_grad(set_to_none=True)
                (self._loss(self._vectors(rows, random), rows) + tuning.pull / 2 * self._moved()).backward()
                adam.step()
                falling.step()
            losses.append(self._held_out(aside))
            if losses[-1] < min(losses[:-1]):
                best = {name: parameter.detach().clone() for name, parameter in self.trained.items()}
            if progress:
                progress("epochs", epoch + 1, tuning.epochs)
        metrics = {
            "loss": [round(loss, 4) for loss in losses],
            "epochs": int(np.argmin(losses)),
            "held_out": len(aside),
        }
        return metrics, best

    def _pixels(self, rows: NDArray[np.intp], random: np.random.Generator | None = None) -> "Tensor":
        """(m, size, size, 3) uint8; with random, mirrored by chance: imagery from above has no side that is up."""
        import torch

        some = np.asarray(self.images[rows])
        if random is not None:
            some = np.stack([_mirrored(image, *random.random(2) < 0.5) for image in some])
        return torch.from_numpy(np.ascontiguousarray(some)).to(self.device)

    def _vectors(self, rows: NDArray[np.intp], random: np.random.Generator | None = None) -> "Tensor":
        """(m, dim) of length √dim: as the encoder's own, at a scale that a linear head learns from."""
        from torch.nn.functional import normalize

        features = self.network(self._pixels(rows, random))
        return normalize(features, dim=1) * features.shape[1] ** 0.5

    def _loss(self, vectors: "Tensor", rows: NDArray[np.intp]) -> "Tensor":
        """Mean cross-entropy with soft targets, positives and negatives weighing the same."""
        from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

        y, w = self.targets[rows], self.weights[rows]
        yes, no = (self.weights * self.targets).sum(), (self.weights * (1 - self.targets)).sum()
        balance = w * (y * (yes + no) / (2 * yes) + (1 - y) * (yes + no) / (2 * no))
        return cross_entropy(self.head(vectors)[:, 0], y, balance, reduction="sum") / balance.sum().clamp_min(1e-9)

    def _moved(self) -> "Tensor":
        return sum(((parameter - self.before[name]) ** 2).sum() for name, parameter in self.trained.items())  # type: ignore[return-value]

    def _teach_head(self, rows: NDArray[np.intp]) -> None:
        """The head alone first, on the vectors as they are: an ignorant one would only spoil the network."""
        import torch

        with torch.no_grad():
            vectors = torch.cat([self._vectors(some) for some in self._batches(rows)])
        adam = torch.optim.AdamW(self.head.parameters(), self.tuning.head_rate, weight_decay=0.01)
        for _ in range(100):
            adam.zero_grad(set_to_none=True)
            self._loss(vectors, rows).backward()
            adam.step()

    def _held_out(self, rows: NDArray[np.intp]) -> float:
        import torch

        with torch.inference_mode():
            vectors = torch.cat([self._vectors(some) for some in self._batches(rows)])
            return float(self._loss(vectors, rows))

    def _batches(self, rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
        return [rows[first : first + self.tuning.batch] for first in range(0, len(rows), self.tuning.batch)]


def _mirrored(image: NDArray[np.uint8], across: bool, down: bool) -> NDArray[np.uint8]:
    return image[:: -1 if down else 1, :: -1 if across else 1]


def _built(entry: Entry) -> "tuple[nn.Module, Any]":
    kind = _KINDS.get(entry.config["kind"])
    if kind is None:
        raise BadEncoder(
            f"{entry.folder} is no network of {' or '.join(_KINDS)}: choose one, or a part of a joined one."
        )
    return kind(entry, Runtime(None, entry.folder, "cpu"))._build()


def _tail(module: "nn.Module", share: float) -> "dict[str, nn.Parameter]":
    """The last parameters that make up this share of them all; the others are frozen."""
    named = list(module.named_parameters())
    total, taken = sum(parameter.numel() for _, parameter in named), 0
    found = {}
    for name, parameter in reversed(named):
        parameter.requires_grad_(taken < share * total)
        if parameter.requires_grad:
            found[name] = parameter
        taken += parameter.numel()
    return found


def _write(entry: Entry, trained: "dict[str, Tensor]", out: Path, version: str, metrics: dict[str, Any]) -> None:
    """The entry with the trained weights in the place of the old; the head that the network came with stays."""
    from safetensors.torch import load_file, save_file

    weights = entry.file("weights")
    state = {**load_file(weights), **{name: tensor.cpu().contiguous() for name, tensor in trained.items()}}
    tuned = {"from": entry.fingerprint, **metrics}
    config = {**entry.config, "version": version, "tuned": tuned}
    with fresh_sibling(out) as fresh:
        for file in entry.folder.iterdir():
            if file.is_file() and file.name not in (entries.CONFIG, weights.name):
                shutil.copyfile(file, fresh / file.name)
        save_file(state, fresh / weights.name)
        sync(fresh / weights.name)
        write_json(fresh / entries.CONFIG, json.loads(json.dumps(config)))
        publish(fresh, out)
