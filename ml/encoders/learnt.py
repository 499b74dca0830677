"""What Lookalike learnt from somebody's own imagery: a timm network for any number of bands (ml/train)."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml.encoders import projecting
from ml.encoders.entry import Entry
from ml.encoders.networks import Timm
from ml.encoders.runtime import Pixels, Runtime
from ml.errors import BadEncoder

if TYPE_CHECKING:
    from torch import nn


class Learnt(Timm):
    """timm's network without a head, then the projection where there is one.

    stretch: of each band, the raw values that become 0 and 255 where imagery is read; None when it is bytes already.
    """

    def __init__(self, entry: Entry, runtime: Runtime) -> None:
        self._projection = projecting.read(entry)
        super().__init__(before_projection(entry, self._projection), runtime)
        self.stretch = stretch(entry)

    @property
    def dim(self) -> int:
        return self._projection.dim if self._projection else super().dim

    def _features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        features = super()._features(images)
        return self._projection(features) if self._projection else features

    def _build(self) -> tuple["nn.Module", Pixels]:
        module, pixels = super()._build()
        if self._projection:
            check_width(module, pixels, self._projection.width, self._entry)
        return module, pixels


def stretch(entry: Entry) -> list[tuple[float, float]] | None:
    """(lowest, highest) raw value of each band; raises BadEncoder unless there is one a band."""
    given: Any = entry.config.get("stretch")
    if given is None:
        return None
    try:
        pairs = [(float(low), float(high)) for low, high in given]
    except (TypeError, ValueError):
        pairs = []
    if len(pairs) != entry.bands or not all(low < high for low, high in pairs):
        raise BadEncoder(f'{entry.folder}: "stretch" must give [lowest, highest] for each of the {entry.bands} bands.')
    return pairs


def before_projection(entry: Entry, projection: projecting.Projection | None) -> Entry:
    """The entry as its network is: "dim" may be said of the vectors that come out, or of the network's own."""
    if projection is None or "dim" not in entry.config:
        return entry
    if entry.config["dim"] not in (projection.dim, projection.width):
        raise BadEncoder(
            f"{entry.folder}: its projection makes {projection.dim} numbers of {projection.width}, "
            f"encoder.json says {entry.config['dim']}."
        )
    return Entry(entry.folder, {**entry.config, "dim": projection.width}, entry.fingerprint)


def check_width(module: "nn.Module", pixels: Pixels, width: int, entry: Entry) -> None:
    """Raises BadEncoder when the network's vectors are not what the projection was fitted for."""
    import torch

    with torch.inference_mode():
        found = module.eval()(torch.zeros(1, pixels.bands, pixels.size, pixels.size)).flatten(1).shape[1]
    if found != width:
        raise BadEncoder(f"{entry.folder}: its projection takes vectors of {width} numbers, the network makes {found}.")
