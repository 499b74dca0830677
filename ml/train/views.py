"""Two looks at the same ground: turned, mirrored, cropped, lit and blurred otherwise, a whole batch at a time.

Imagery from above has no side that is up; how much brightness or colour tells is the user's to say (config.Views).
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ml.train.config import Views


class Changes(NamedTuple):
    """What one look does to each of n images, as drawn: every field (n, …) float32."""

    angle: Tensor  # (n,) radians
    mirror: Tensor  # (n,) 1 or -1
    side: Tensor  # (n,) share of the tile's side that is seen
    shift: Tensor  # (n, 2) of the window's middle, of what its size leaves, -1 to 1
    brightness: Tensor  # (n, 1) factor
    contrast: Tensor  # (n, 1) factor
    colour: Tensor  # (n, bands) factor
    blur: Tensor  # (n,) share of the blurred image, 0 to 1
    noise: Tensor  # (n,) standard deviation


def draw(n: int, bands: int, views: Views, random: torch.Generator) -> Changes:
    """Changes for n images, on the CPU, so that every device and any number of processes see the same ones."""

    def spread(*shape: int) -> Tensor:
        return torch.rand(n, *shape, generator=random) * 2 - 1  # (n, …) -1 to 1

    least, most = views.crop
    return Changes(
        angle=spread() * math.radians(views.rotation),
        mirror=torch.where(spread() < 0, -1.0, 1.0) if views.flips else torch.ones(n),
        side=(least + (spread() + 1) / 2 * (most - least)).sqrt(),
        shift=spread(2),
        brightness=1 + spread(1) * views.brightness,
        contrast=1 + spread(1) * views.contrast,
        colour=1 + spread(bands) * views.colour,
        blur=(spread() + 1) / 2 if views.blur else torch.zeros(n),
        noise=(spread() + 1) / 2 * views.noise,
    )


def augment(images: Tensor, views: Views, random: torch.Generator, part: tuple[int, int] = (0, 1)) -> Tensor:
    """One look at each: (n, bands, side, side) uint8 -> the same shape, float 0 to 1, on the device of the images.

    part: (number, parts) when the images are one of several equal parts of a batch: what is drawn is drawn for all.
    """
    number, parts = part
    n, bands = len(images), images.shape[1]
    mine = slice(number * n, (number + 1) * n)
    changes = Changes(*(field[mine] for field in draw(n * parts, bands, views, random)))
    random.manual_seed(random.initial_seed() + number + 1)  # noise, the one thing that is drawn part by part
    return changed(images, changes, views, random)


def changed(images: Tensor, changes: Changes, views: Views, random: torch.Generator) -> Tensor:
    there = Changes(*(field.to(images.device, non_blocking=True) for field in changes))
    x = window(images.float() / 255, there)
    x = lit(x, there)
    if views.blur:
        x = torch.lerp(x, blurred(x, views.blur), there.blur.view(-1, 1, 1, 1))
    if views.noise:
        x = x + noise(x, random) * there.noise.view(-1, 1, 1, 1)
    return x.clamp(0, 1)


def window(x: Tensor, changes: Changes) -> Tensor:
    """Turn, mirror and crop in one resampling; beyond the tile's rim its mirror image goes on."""
    cos, sin = changes.angle.cos() * changes.side, changes.angle.sin() * changes.side
    rim = (1 - changes.side)[:, None] * changes.shift  # (n, 2)
    turn = torch.stack([cos * changes.mirror, -sin, rim[:, 0], sin * changes.mirror, cos, rim[:, 1]], dim=1)
    grid = functional.affine_grid(turn.view(-1, 2, 3), list(x.shape), align_corners=False)  # (n, side, side, 2)
    return functional.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def lit(x: Tensor, changes: Changes) -> Tensor:
    """Contrast around each band's mean, and factors of all bands and of each."""
    mean = x.mean(dim=(2, 3), keepdim=True)  # (n, bands, 1, 1)
    factor = (changes.brightness * changes.colour)[:, :, None, None]
    return (
        torch.addcmul(mean * (1 - changes.contrast)[:, :, None, None], x, changes.contrast[:, :, None, None]) * factor
    )


def blurred(x: Tensor, sigma: float) -> Tensor:
    """Gaussian of `sigma` pixels, cut off at three of them; the rim is mirrored."""
    reach = max(1, min(round(3 * sigma), x.shape[2] - 1))
    steps = torch.arange(-reach, reach + 1, dtype=x.dtype, device=x.device)
    weights = torch.exp(-(steps**2) / (2 * sigma**2))
    kernel = (weights / weights.sum()).expand(x.shape[1], 1, -1)  # (bands, 1, 2 reach + 1)
    wide = functional.pad(x, (reach, reach, reach, reach), mode="reflect")
    once = functional.conv2d(wide, kernel[:, :, None], groups=x.shape[1])
    return functional.conv2d(once, kernel[..., None], groups=x.shape[1])


def noise(x: Tensor, random: torch.Generator) -> Tensor:
    """Normal, of deviation 1; drawn on the CPU for a block of pixels that is laid over the others."""
    return torch.randn(x.shape, generator=random).to(x.device, non_blocking=True)
