"""What can be measured of a tile's pixels: how bright and how coloured, how rough, and what lies in it, by size.

Arrays are (side, side, m): the planes of many tiles side by side, so that every step works on rows that lie together in
memory. A tile's planes are light and two opponent colours.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Planes = NDArray[np.float32]  # (side, side, m)
Floats = NDArray[np.float32]
PLANES = 3
RIM = 3  # pixels
SIZES = (3, 7, 13)  # pixels: of the squares that openings use
BLURS = (1.0, 1.7, 3.4, 6.9)  # pixels, standard deviation of each further blur
QUANTILES = (0.0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 1.0)
LEVELS = (0.02, 0.05, 0.1, 0.2, 0.35)  # of what stands out
_SWEEPS = 3


def measure(images: NDArray[np.uint8]) -> Floats:
    """(n, side, side, 3) -> (n, d): every measure of each plane, in one order."""
    x = planes(images)
    n = len(images)
    blurred = [x]
    for sigma in BLURS:
        blurred.append(_blur(blurred[-1], sigma))
    parts = [_spread(x), _spread(_rim(x)), *_bands(blurred)]
    for y in blurred[:3]:
        parts += [_outstanding(enclosed(y)), _outstanding(enclosed(-y))]
    for size in SIZES:
        parts += [_outstanding(x - opened(x, size)), _outstanding(-x - opened(-x, size))]
    wide = np.concatenate(parts)  # (measures, PLANES * n)
    several = wide.reshape(len(wide), PLANES, n).transpose(2, 1, 0).reshape(n, -1)
    return np.concatenate([several, _patterns(blurred[1][..., :n]), _slopes(blurred[1][..., :n])], axis=1)


def planes(images: NDArray[np.uint8]) -> Planes:
    """(n, side, side, 3) -> (side, side, PLANES * n), one kind of plane after another."""
    root = np.sqrt(images.astype(np.float32) / 255)  # dark tones, most of what satellites see, get more room
    r, g, b = np.moveaxis(root, (0, 3), (3, 0))  # (side, side, n)
    return np.ascontiguousarray(np.concatenate([(r + g + b) / 3, r - b, g - (r + b) / 2], axis=2))


def enclosed(x: Planes) -> Planes:
    """How far each pixel stands out above what it would take to reach the tile's rim: what lies wholly inside.

    The residue of a reconstruction from the rim (Soille 2003, "Morphological Image Analysis", 6.3.6 and 6.3.7: border
    objects, fillhole); of -x: holes.
    """
    marker = np.full_like(x, -np.inf)
    for rim in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        marker[rim] = x[rim]
    return x - reconstructed(marker, x)


def opened(x: Planes, size: int) -> Planes:
    """What remains of bright things that a square of `size` pixels fits into: opening by reconstruction.

    Residues over several sizes are the derivative of the morphological profile (Pesaresi and Benediktsson 2001).
    """
    small = ndimage.minimum_filter1d(ndimage.minimum_filter1d(x, size, axis=0), size, axis=1)
    return reconstructed(small, x)


def reconstructed(marker: Planes, mask: Planes) -> Planes:
    """Grey reconstruction by dilation of marker <= mask, by raster sweeps in four directions (Vincent 1993), cut short
    after three rounds of them: winding shapes are left in part."""
    found = marker.copy()
    for _ in range(_SWEEPS):
        for axis in (0, 1):
            _sweep(np.moveaxis(found, axis, 0), np.moveaxis(mask, axis, 0))
    return found


def _sweep(found: Planes, mask: Planes) -> None:
    """Forth and back along the first axis, in place."""
    for order in (range(1, len(found)), range(len(found) - 2, -1, -1)):
        step = order.step
        for i in order:
            np.maximum(found[i], found[i - step], out=found[i])
            np.minimum(found[i], mask[i], out=found[i])


def _outstanding(residue: Planes) -> Floats:
    """Highest, mean, deviation, and root of the share above each level: (8, m)."""
    flat = residue.reshape(-1, residue.shape[2])
    shares = [np.sqrt(np.count_nonzero(flat > level, axis=0) / len(flat)) for level in LEVELS]
    return np.stack([flat.max(axis=0), *_moments(flat), *shares]).astype(np.float32)


def _spread(x: Planes) -> Floats:
    """Mean, deviation and quantiles: (11, m)."""
    return np.stack([*_moments(x.reshape(-1, x.shape[2])), *_quantiles(x, QUANTILES)])


def _quantiles(x: Planes, shares: tuple[float, ...]) -> Floats:
    """Of each plane the pixels at these ranks: (shares, m)."""
    flat = x.reshape(-1, x.shape[2]).T.copy(order="C")
    at = [round(share * (flat.shape[1] - 1)) for share in shares]
    flat.partition(at, axis=1)
    return np.ascontiguousarray(flat[:, at].T)


def _moments(flat: Floats) -> tuple[Floats, Floats]:
    """Mean and deviation of the columns, in one pass."""
    mean = flat.mean(axis=0)
    square = np.einsum("ij,ij->j", flat, flat) / len(flat)
    return mean, np.sqrt(np.maximum(square - mean**2, 0))


def _rim(x: Planes) -> Planes:
    """The pixels near the tile's edge: (pixels, 1, m)."""
    inner = np.ones(x.shape[:2], bool)
    inner[RIM:-RIM, RIM:-RIM] = False
    return x[inner][:, None]


def _bands(blurred: list[Planes]) -> list[Floats]:
    """Of what each blur takes away: highest, lowest, deviation and mean size, (4, m) each."""
    found = []
    for sharp, soft in pairwise(blurred):
        flat = (sharp - soft).reshape(-1, sharp.shape[2])
        found.append(np.stack([flat.max(axis=0), flat.min(axis=0), _moments(flat)[1], np.abs(flat).mean(axis=0)]))
    return found


def _blur(x: Planes, sigma: float) -> Planes:
    once = ndimage.gaussian_filter1d(x, sigma, axis=0, mode="nearest", truncate=2.5)
    return np.asarray(ndimage.gaussian_filter1d(once, sigma, axis=1, mode="nearest", truncate=2.5))


def _patterns(light: Planes) -> Floats:
    """Root of the shares of the ten rotation invariant uniform local binary patterns (Ojala et al. 2002): (n, 10)."""
    side = len(light)
    middle = light[1:-1, 1:-1] + np.float32(0.005)
    around = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
    above = [light[1 + y : side - 1 + y, 1 + x : side - 1 + x] > middle for y, x in around]
    changes = sum((above[i] != above[i - 1]).astype(np.int8) for i in range(8))
    code = np.where(changes <= 2, sum(one.astype(np.int8) for one in above), 9)
    return np.sqrt(np.stack([(code == k).mean(axis=(0, 1)) for k in range(10)], axis=1)).astype(np.float32)


def _slopes(light: Planes) -> Floats:
    """How the slopes' directions are spread, whatever the tile's rotation (magnitudes of the Fourier series of their
    histogram), and mean, deviation and highest of their size: (n, 8)."""
    down, right = np.gradient(light, axis=(0, 1))
    size = np.hypot(down, right)
    eighth = (np.arctan2(down, right) % (2 * np.pi) * 8 / (2 * np.pi)).astype(np.int8) % 8
    histogram = np.stack([(size * (eighth == k)).mean(axis=(0, 1)) for k in range(8)], axis=1)  # (n, 8)
    waves = np.abs(np.fft.rfft(histogram / (histogram.sum(axis=1, keepdims=True) + 1e-3), axis=1))  # (n, 5)
    sizes = [size.mean(axis=(0, 1)), size.std(axis=(0, 1)), size.max(axis=(0, 1))]
    return np.concatenate([waves, np.stack(sizes, axis=1)], axis=1).astype(np.float32)
