"""The training itself: one readable loop, the same on a laptop, a GPU, or several of them."""

import copy
import json
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from math import cos, isfinite, pi
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ml.encoders.runtime import find_device
from ml.errors import BadTraining, TrainingDiverged
from ml.evaluate import metrics
from ml.evaluate.baseline import colour_statistics
from ml.evaluate.labelled import Labelled
from ml.train import backbones, checkpointing, finishing, methods, watching
from ml.train.cache import Cache
from ml.train.config import Config, Update
from ml.train.distributed import joined, mean_of_all, processes, rank, synchronised
from ml.train.drawing import Drawer, clustered
from ml.train.precision import Precision, out_of_memory
from ml.train.views import augment

log = logging.getLogger(__name__)
OnUpdate = Callable[[Update], None]
LEAST = 8  # images
EVERY = 2.0  # seconds between two updates
LOOKS = 20  # times that the kNN score is asked for in a training, at least


def train(
    cache: Cache,
    config: Config,
    work: Path,
    *,
    on_update: OnUpdate | None = None,
    labelled: Labelled | None = None,
    device: str | None = None,
    licence: str = "of the imagery it was trained on",
) -> Path:
    """Train, and write the encoder with its report card to `work`/entry, which is returned.

    Called again with the same cache, settings and work folder it goes on from the last checkpoint, and ends with the
    weights that an undisturbed training has (on one machine, with as many threads).  on_update may raise to stop; what
    is checkpointed stays.  labelled: for the kNN score and the card.  Raises BadTraining; TrainingDiverged when the
    loss is no number any more.
    """
    check(cache, config, labelled)
    work.mkdir(parents=True, exist_ok=True)
    device = device or find_device()
    with joined(device):
        run = Run(cache, config, work, labelled, device)
        run.resume()
        for update in run.updates():
            if on_update and rank() == 0:
                on_update(update)
        return finishing.finish(run, licence) if rank() == 0 else work / finishing.ENTRY


def check(cache: Cache, config: Config, labelled: Labelled | None) -> None:
    if len(cache) < LEAST:
        raise BadTraining(f"{len(cache)} images are too few to learn from: give at least {LEAST}, better thousands.")
    if cache.size != config.size:
        raise BadTraining(f"The cache holds images of {cache.size} px, {config.size} are asked for: pack it anew.")
    if config.patience and labelled is None:
        raise BadTraining(
            "Stopping early needs the kNN score, and that needs labelled images: give some, or patience 0."
        )
    if "dates" in config.pairs and not _repeated(cache.places):
        raise BadTraining("No place is there on two dates: train without the pairs of dates.")
    if "neighbours" in config.pairs and (cache.cells < 0).any(axis=1).all():
        raise BadTraining("It is not known which of these images are neighbours: train without those pairs.")


def _repeated(places: NDArray[np.int64]) -> bool:
    known = places[places >= 0]
    return len(np.unique(known)) < len(known)


class Run:
    """A training and its state: what is in a checkpoint, and what follows from cache and settings."""

    def __init__(self, cache: Cache, config: Config, work: Path, labelled: Labelled | None, device: str) -> None:
        self.cache, self.config, self.work, self.labelled, self.device = cache, config, work, labelled, device
        torch.manual_seed(config.seed)
        start = backbones.find_start(config.start)
        backbone = backbones.build(config.backbone, bands=cache.bands, size=config.size, start=start)
        self.start = start
        self.dim = backbones.width(backbone, cache.bands, config.size)
        self.normal = expected(start, cache.bands) or watching.normal_of(cache.pixels)
        self.method = methods.make(backbone, self.dim, config)
        self.method = synchronised(self.method).to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.whole_batch = config.batch or automatic_batch(len(cache), device)
        self.steps_each = max(1, len(cache) // self.whole_batch)
        self.steps = self.steps_each * config.epochs
        self.optimiser = optimiser_of(self.method, config, self.whole_batch)
        self.peak = self.optimiser.param_groups[0]["lr"]
        self.kept = {name: t.clone() for name, t in self.method.backbone.state_dict().items()}
        self.precision = Precision(config.precision, device, self.trial)
        self.drawer = Drawer(cache, config, self._clusters() if config.balance else None)
        self.model: nn.Module = self.method
        if config.compile:
            self.model = torch.compile(self.model)  # type: ignore[assignment]
        if processes() > 1:
            self.model = DistributedDataParallel(self.model, forward_sync_buffers=False)
        self.step, self.pieces, self.seconds = 0, config.accumulate, 0.0
        self.losses: list[float] = []  # one an epoch
        self.scores: list[float | None] = []
        self.best: tuple[float, int] = (-1.0, 0)  # kNN score, epoch
        self.best_weights: dict[str, Tensor] = {}
        self.watched = watching.tiles_of(labelled, config.size) if labelled else None

    def trial(self) -> Tensor:
        """The loss of a few images of noise, on a copy of what is trained."""
        method = copy.deepcopy(self.method)
        shape = (min(16, self.share), self.cache.bands, self.config.size, self.config.size)
        noise = torch.rand(shape, generator=torch.Generator().manual_seed(0)).to(self.device)
        looks = [
            noise.contiguous(memory_format=torch.channels_last),
            noise.flip(3).contiguous(memory_format=torch.channels_last),
        ]
        loss: Tensor = method(looks)
        return loss

    def _clusters(self) -> NDArray[np.int64]:
        """Of what the network to begin from sees, or of colours."""
        if self.config.start:
            vectors = watching.embedded(self.method.backbone, self.cache.pixels, self.normal, self.device)
        else:
            blocks = [self.cache.pixels[i : i + 512] for i in range(0, len(self.cache), 512)]
            vectors = np.concatenate([colour_statistics(block) for block in blocks])
        return clustered(vectors, self.config.balance, self.config.seed)

    # -- checkpoints

    def facts(self) -> dict[str, object]:
        return {
            "config": self.config.as_dict(), "data": self.cache.digest, "step": self.step, "pieces": self.pieces,
            "precision": self.precision.name, "losses": self.losses, "scores": self.scores, "best": list(self.best),
            "seconds": round(self.seconds, 1), "batch": self.whole_batch, "code": finishing.code_version(),
        }  # fmt: skip

    def save(self) -> None:
        if rank() == 0:
            tensors = checkpointing.prefixed("method", self.method.state_dict())
            tensors |= checkpointing.prefixed("kept", self.kept) | checkpointing.prefixed("best", self.best_weights)
            tensors |= checkpointing.optimiser_tensors(self.optimiser)
            checkpointing.save(self.work, tensors, self.facts())

    def resume(self) -> None:
        found = checkpointing.load(self.work)
        if found is None:
            return
        tensors, facts = found
        if facts["config"] != json.loads(json.dumps(self.config.as_dict())) or facts["data"] != self.cache.digest:
            raise BadTraining(
                f"{self.work} holds a training with other settings or other imagery: give the same ones to go on with "
                "it, or another work folder to begin anew."
            )
        try:
            self.method.load_state_dict(checkpointing.without("method", tensors))
        except RuntimeError as error:
            raise BadTraining(
                f"The checkpoint in {self.work} is of another architecture: {str(error)[:300]}"
            ) from error
        checkpointing.restore_optimiser(self.optimiser, tensors)
        self.kept = {k: v.to(self.device) for k, v in checkpointing.without("kept", tensors).items()}
        self.best_weights = checkpointing.without("best", tensors)
        self.step, self.pieces, self.seconds = facts["step"], facts["pieces"], facts["seconds"]
        self.losses, self.scores, self.best = facts["losses"], facts["scores"], tuple(facts["best"])
        self.whole_batch, self.precision = facts["batch"], Precision(facts["precision"], self.device, self.trial)
        self.steps_each = max(1, len(self.cache) // self.whole_batch)
        self.steps = self.steps_each * self.config.epochs

    # -- the loop

    def updates(self) -> Iterator[Update]:
        """Train on to the end; an update every few seconds and after every epoch, once its checkpoint is on disk."""
        told, losses, looked_at = time.monotonic(), list[float](), 0
        with ThreadPoolExecutor(1) as ahead:  # rows are read while the step before is worked on
            coming = ahead.submit(self.pixels, self.step)
            while self.step < self.steps and not self.tired():
                began = time.monotonic()
                batch, coming = coming.result(), ahead.submit(self.pixels, min(self.step + 1, self.steps - 1))
                losses.append(self.take_step(batch))
                self.step += 1
                self.seconds += time.monotonic() - began
                looked_at += self.whole_batch
                ended = self.step % self.steps_each == 0
                if ended:
                    self.losses.append(float(np.mean(losses[-self.steps_each :])))
                    self.scores.append(self.look())
                    self.save()
                if ended or time.monotonic() - told > EVERY:
                    speed = looked_at / max(time.monotonic() - told, 1e-9)
                    yield self.update(losses, speed, ended)
                    told, looked_at = time.monotonic(), 0
                    losses = losses[-self.steps_each :]

    def update(self, losses: list[float], speed: float, ended: bool) -> Update:
        score = self.scores[-1] if ended else None
        found = Update(
            self.step // self.steps_each, self.config.epochs, self.step, self.steps, losses[-1], speed, self.rate(),
            score, self.rank_now() if ended else None,
        )  # fmt: skip
        if rank() == 0:
            with (self.work / checkpointing.LOG).open("a", encoding="utf-8") as file:
                file.write(json.dumps(found._asdict()) + "\n")
        return found

    def pixels(self, step: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Of this process' part of the step: its tiles, and their partners: (m, side, side, bands) each."""
        rows = self.rows(step)
        partners = self.drawer.partners(rows, step)
        mine = slice(rank() * self.share, (rank() + 1) * self.share)
        return np.array(self.cache.pixels[rows[mine]]), np.array(self.cache.pixels[partners[mine]])

    @property
    def share(self) -> int:
        return self.whole_batch // processes()

    def rows(self, step: int) -> NDArray[np.int64]:
        epoch, within = divmod(step, self.steps_each)
        order = self.drawer.epoch(epoch)
        return order[within * self.whole_batch : (within + 1) * self.whole_batch]

    def take_step(self, batch: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> float:
        """Forward, backward, step; halves the pieces as long as memory does not suffice for them."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        while True:
            try:
                loss = self.forward_backward(batch)
                break
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                self.halve(error)
        if not isfinite(loss):
            raise TrainingDiverged(
                f"The loss is no number any more (step {self.step + 1}). Train anew with a lower rate, such as "
                f"{self.peak / 3:.1g}, or precision float32; what was learnt until the last epoch is in {self.work}."
            )
        self.precision.step(self.optimiser)
        self.follow()
        return loss

    def halve(self, error: BaseException) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        if processes() > 1:  # the others wait in the middle of this step
            raise BadTraining("A process has not enough memory: start again with --accumulate 2 or more.") from error
        if self.share // (self.pieces * 2) < 2:
            raise BadTraining(
                "Even two images at a time do not fit into memory: choose a smaller size or backbone."
            ) from error
        self.pieces *= 2
        log.warning("Not enough memory: %d images at a time now.", self.share // self.pieces)
        if self.device == "cuda":
            torch.cuda.empty_cache()

    def forward_backward(self, batch: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> float:
        self.optimiser.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.device)
        looks = self.looks(batch)
        for piece in range(self.pieces):
            some = [look.tensor_split(self.pieces)[piece] for look in looks]
            with self.precision.autocast():
                loss = self.model(some) / self.pieces
            self.precision.backward(loss)
            total += loss.detach().float()
        return float(mean_of_all(total))

    def looks(self, batch: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> list[Tensor]:
        """Two looks, normalised, (m, bands, side, side) each; drawn for the whole batch, whoever works on it."""
        return [self.look_at(images, number) for number, images in enumerate(batch)]

    def look_at(self, images: NDArray[np.uint8], number: int) -> Tensor:
        random = torch.Generator().manual_seed(((self.config.seed * 1_000_003 + self.step) * 2 + number) % 2**63)
        there = torch.from_numpy(images).to(self.device, non_blocking=True).permute(0, 3, 1, 2)
        look = augment(there, self.config.views, random, part=(rank(), processes()))
        return self.normal(look).contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def follow(self) -> None:
        """The slow average of the weights (its decay rises at the start, as TensorFlow's does), and DINO's teacher."""
        decay = min(self.config.ema, (1 + self.step) / (10 + self.step)) if self.config.ema else 0.0
        for name, now in self.method.backbone.state_dict().items():
            if now.is_floating_point():
                self.kept[name].lerp_(now, 1 - decay)
            else:
                self.kept[name].copy_(now)
        if isinstance(self.method, methods.DINO):
            self.method.after_step(self.step / self.steps)

    def rate(self) -> float:
        """Rising in a line, then a cosine down to 0 (arXiv:1608.03983, eq. 5)."""
        warm = self.config.warmup * self.steps_each
        if self.step < warm:
            return float(self.peak * (self.step + 1) / warm)
        return float(self.peak * (1 + cos(pi * (self.step - warm) / max(self.steps - warm, 1))) / 2)

    # -- watching

    def look(self) -> float | None:
        """The kNN score, at least LOOKS times in a training, and at its end."""
        epoch = self.step // self.steps_each
        due = epoch % max(1, self.config.epochs // LOOKS) == 0 or self.step == self.steps
        if self.labelled is None or self.watched is None or not due:
            return None
        score, _ = watching.knn_score(self.embed(self.watched), self.labelled)
        if score > self.best[0]:
            self.best, self.best_weights = (score, epoch), {k: v.clone() for k, v in self.kept.items()}
        return score

    def tired(self) -> bool:
        epoch = self.step // self.steps_each
        return bool(self.config.patience) and epoch - self.best[1] >= self.config.patience and self.best[0] >= 0

    def rank_now(self) -> float:
        return metrics.effective_rank(self.embed(self.cache.pixels[watching.sample(len(self.cache), 500)]))

    def embed(self, pixels: NDArray[np.uint8]) -> watching.Vectors:
        """By the weights that are kept."""
        return watching.embedded(self.encoder(), pixels, self.normal, self.device)

    def encoder(self) -> nn.Module:
        module = backbones.build(self.config.backbone, bands=self.cache.bands, size=self.config.size)
        module.load_state_dict(self.kept)
        return module.to(self.device).eval()


def expected(start: backbones.Start | None, bands: int) -> watching.Normal | None:
    """How the weights to begin from want their pixels, if that is known for so many bands."""
    if start is None or start.mean is None or start.std is None or len(start.mean) != bands:
        return None
    return watching.Normal(start.mean, start.std)


def automatic_batch(images: int, device: str) -> int:
    """As many as contrast well; an epoch has a few steps even of a small folder."""
    most, batch = (512 if device == "cuda" else 128), 2
    while batch * 2 <= most and batch * 2 * 4 <= images:
        batch *= 2
    return batch


def optimiser_of(method: nn.Module, config: Config, batch: int) -> torch.optim.Optimizer:
    """AdamW; norms and biases do not decay. The rate grows with the root of the batch (Malladi et al. 2022)."""
    trained = [p for p in method.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    rate = config.rate or methods.RATES[config.method] * (batch / 256) ** 0.5
    return torch.optim.AdamW(groups, rate, fused=True)


__all__ = ["Run", "train"]
