"""What an encoder is worth while it is being trained, and when it is done."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ml.encoders.base import direction
from ml.evaluate import metrics
from ml.evaluate.labelled import Labelled
from ml.images import resize
from ml.train.config import Views
from ml.train.views import augment

BATCH = 128
SAMPLE = 2000  # tiles that rank, uniformity and alignment are measured on
COLLAPSED = 1.5  # effective rank below which everything looks the same
Vectors = NDArray[np.float32]


class Normal(NamedTuple):
    """Mean and deviation of each band, of values 0-1."""

    mean: list[float]
    std: list[float]

    def __call__(self, x: Tensor) -> Tensor:
        """(n, bands, side, side) 0-1 -> the same, about 0."""
        shape = (1, -1, 1, 1)
        return (x - x.new_tensor(self.mean).view(shape)) / x.new_tensor(self.std).view(shape)


def normal_of(pixels: NDArray[np.uint8], seed: int = 0) -> Normal:
    """Of a sample of (n, side, side, bands)."""
    rows = np.sort(np.random.default_rng(seed).permutation(len(pixels))[:1000])
    values = pixels[rows].reshape(-1, pixels.shape[3]).astype(np.float64) / 255
    std = np.maximum(values.std(axis=0), 0.01)
    return Normal(*(np.round(part, 5).tolist() for part in (values.mean(axis=0), std)))


@torch.inference_mode()
def embedded(module: nn.Module, pixels: NDArray[np.uint8], normal: Normal, device: str) -> Vectors:
    """(n, side, side, bands) uint8 -> (n, dim), unit length; the module is in its former mode afterwards."""
    training, found = module.training, []
    module.eval()
    for start in range(0, len(pixels), BATCH):
        some = torch.from_numpy(np.array(pixels[start : start + BATCH])).to(device).permute(0, 3, 1, 2)
        found.append(module(normal(some.float() / 255)).float().cpu().numpy())
    module.train(training)
    return direction(np.concatenate(found))


def tiles_of(labelled: Labelled, size: int) -> NDArray[np.uint8]:
    """(n, size, size, bands)"""
    return np.concatenate([resize(labelled.read(i)[None], size) for i in range(len(labelled))])


def knn_score(vectors: Vectors, labelled: Labelled) -> tuple[float, float]:
    """(share whose 20 nearest vote for the right class, P@10), means over the classes."""
    found, n = metrics.nearest(vectors, labelled, 20), len(labelled.classes)
    values = metrics.knn_right(found, labelled.labels, n), metrics.precision(found.first(10), labelled.labels)
    right, precise = (float(np.nanmean(metrics.per_class(one, labelled.labels, n))) for one in values)
    return right, precise


def alignment(module: nn.Module, pixels: NDArray[np.uint8], views: Views, normal: Normal, device: str) -> float:
    """Mean squared distance of two looks at one tile (Wang & Isola 2020, α = 2)."""
    random = torch.Generator().manual_seed(0)
    some = torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2)
    looks = []
    for _ in range(2):
        look = augment(some, views, random).mul(255).round().to(torch.uint8).permute(0, 2, 3, 1)
        looks.append(embedded(module, look.numpy(), normal, device))
    return metrics.alignment(*looks)


def sample(n: int, most: int = SAMPLE) -> NDArray[np.intp]:
    return np.sort(np.random.default_rng(0).permutation(n)[:most])
