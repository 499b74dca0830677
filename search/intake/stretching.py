"""Which values are drawn black and white: chosen once for a product, so that all of its scenes compare.

Each file tells its values as a sketch (quantiles in steps of a quarter of a percent); the sketches of all files that an
import brings are pooled, each weighing as much as it has pixels. Later imports keep what the first one found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from search.errors import BadImagery

STEPS = 400  # of a sketch: 2 % and 98 % are among them
QUANTILES = np.linspace(0, 100, STEPS + 1)
KINDS = ("percentiles", "minmax", "given")


class Stretch(TypedDict, total=False):
    """Which bands are shown (from 1), and each one's values drawn as 0 and 255; nodata: a value that means nothing."""

    bands: list[int]
    low: list[float]
    high: list[float]
    nodata: float


@dataclass(frozen=True)
class Sketch:
    """values: (bands, STEPS + 1) quantiles of the known pixels, NaN of a band that has none.  count: of them."""

    values: NDArray[np.float64]
    count: int
    eight_bits: bool

    def as_json(self) -> dict[str, object]:
        values = [None if np.isnan(band[0]) else band.tolist() for band in self.values]
        return {"values": values, "count": self.count, "eight_bits": self.eight_bits}

    @classmethod
    def from_json(cls, said: dict) -> "Sketch":
        values = np.array([_NOTHING if band is None else band for band in said["values"]], np.float64)
        return cls(values, said["count"], said["eight_bits"])


@dataclass(frozen=True)
class Stretching:
    """How the person wants it: by percentiles, from the least to the greatest value, or by given values."""

    kind: str = "percentiles"
    percentiles: tuple[float, float] = (2.0, 98.0)
    low: tuple[float, ...] = ()  # one for all bands, or one a band
    high: tuple[float, ...] = ()
    asked: bool = False  # else 8-bit colours stay as they are

    def checked(self) -> "Stretching":
        """BadImagery with what to change."""
        first, last = self.percentiles
        if self.kind not in KINDS:
            raise BadImagery(f"There is no stretch {self.kind!r}: use {', '.join(KINDS)}.")
        if not 0 <= first < last <= 100:
            raise BadImagery(
                f"The percentiles {first:g} and {last:g} make no sense: the first below the second, 0-100."
            )
        if self.kind == "given" and (not self.low or len(self.low) != len(self.high)):
            raise BadImagery("Give the values to be drawn black and white: --low and --high, one or one a band.")
        if any(low >= high for low, high in zip(self.low, self.high, strict=False)):
            raise BadImagery("Each low value must be below its high one.")
        return self

    def of(self, sketches: Sequence[Sketch], bands: Sequence[int]) -> Stretch:
        """The product's stretch, from what its files hold."""
        if self.kind == "given":
            low, high = (list(limits) * (len(bands) // len(limits) or 1) for limits in (self.low, self.high))
            if len(low) != len(bands):
                raise BadImagery(f"{len(self.low)} low values do not fit {len(bands)} bands: give one, or one a band.")
        elif not self.asked and all(sketch.eight_bits for sketch in sketches):
            low, high = [0.0] * len(bands), [255.0] * len(bands)
        else:
            at = self.percentiles if self.kind == "percentiles" else (0.0, 100.0)
            limits = [pooled(sketches, band, at) for band in range(len(bands))]
            low, high = [limit[0] for limit in limits], [limit[1] for limit in limits]
        return {"bands": list(bands), "low": low, "high": high}


def sketch(data: np.ma.MaskedArray) -> Sketch:
    """(bands, h, w) values, masked or not finite where there is no data."""
    values = np.ma.masked_invalid(data.astype(np.float64)) if data.dtype.kind == "f" else data
    found = [np.percentile(band.compressed(), QUANTILES) if band.count() else _NOTHING for band in values]
    return Sketch(np.array(found, np.float64), int(values.count()), data.dtype == np.uint8)


_NOTHING = np.full(STEPS + 1, np.nan)


def pooled(sketches: Sequence[Sketch], band: int, percentiles: tuple[float, float]) -> tuple[float, float]:
    """The values at two percentiles of all files' pixels together; 0 and 1 where no file has any."""
    held = [s for s in sketches if band < len(s.values) and not np.isnan(s.values[band, 0])]
    if not held:
        return 0.0, 1.0
    points = np.concatenate([s.values[band] for s in held])
    weights = np.repeat([s.count / (STEPS + 1) for s in held], STEPS + 1)
    order = np.argsort(points, kind="stable")
    points, weights = points[order], weights[order]
    share = (np.cumsum(weights) - weights) / max(weights.sum() - weights[-1], 1e-12) * 100
    low, high = np.interp(percentiles, share, points)
    return float(low), float(high)
