"""The knobs of a training. Importing this needs no torch."""

import dataclasses
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from ml.errors import BadTraining

METHODS = ("simclr", "simsiam", "vicreg", "dino")
PAIRS = ("views", "dates", "neighbours", "dates+neighbours")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")
BACKBONES = {  # what is offered by name; any other convolutional network or ViT of timm works too
    "mobilenetv2_100": "MobileNetV2: small and quick",
    "resnet18": "ResNet-18: the usual choice without a GPU",
    "resnet50": "ResNet-50: larger, wants a GPU",
    "convnext_tiny": "ConvNeXt-Tiny: modern, wants a GPU",
    "vit_small_patch16_224": "ViT-S/16: a transformer, wants a GPU and much imagery",
}


@dataclass(frozen=True)
class Views:
    """How two looks at one tile may differ; 0 or False turns a change off.

    rotation: degrees to either side.  crop: least and greatest share of the tile's area.  brightness, contrast, colour:
    greatest relative change of all bands, of the spread around the mean, and of each band by itself.  blur: greatest
    standard deviation in pixels.  noise: greatest standard deviation, of values 0-1.
    """

    rotation: float = 180.0
    flips: bool = True
    crop: tuple[float, float] = (0.4, 1.0)
    brightness: float = 0.1
    contrast: float = 0.1
    colour: float = 0.05
    blur: float = 0.7
    noise: float = 0.01

    def __post_init__(self) -> None:
        object.__setattr__(self, "crop", tuple(self.crop))
        if len(self.crop) != 2 or not 0 < self.crop[0] <= self.crop[1] <= 1:
            raise BadTraining(f"crop must be two shares, the smaller one first, such as 0.4 and 1, not {self.crop}.")
        if not 0 <= self.rotation <= 180:
            raise BadTraining(f"rotation must lie between 0 and 180 degrees, not {self.rotation}.")
        for name, most in (("brightness", 1), ("contrast", 1), ("colour", 1), ("blur", 5), ("noise", 0.5)):
            if not 0 <= getattr(self, name) <= most:
                raise BadTraining(f"{name} must lie between 0 and {most}, not {getattr(self, name)}.")


@dataclass(frozen=True)
class Config:
    """method: METHODS.  backbone: of timm.  size: px a side.  batch: images a step, over all processes; 0: automatic.

    accumulate: pieces that a batch is worked through in (contrastive losses see one piece at a time).  rate: of AdamW,
    after `warmup` epochs falling to 0 along a cosine; 0: the method's own.  ema: of the weights that are kept at the
    end, 0 to keep the last.  temperature: of SimCLR and DINO.  pairs: what counts as the same thing beside two looks
    at one tile.  balance: clusters that are drawn equally often, 0 to draw every tile once an epoch.  patience: epochs
    without a better kNN score after which training ends, 0 for never.  start: "" for random weights, "imagenet" for
    those that come with Lookalike, or an encoder's folder.
    """

    method: str = "simclr"
    backbone: str = "resnet18"
    size: int = 64
    epochs: int = 50
    batch: int = 0
    accumulate: int = 1
    rate: float = 0.0
    warmup: float = 2.0
    weight_decay: float = 0.01
    ema: float = 0.99
    temperature: float = 0.2
    projection: int = 128
    seed: int = 0
    views: Views = field(default_factory=Views)
    pairs: str = "views"
    balance: int = 0
    patience: int = 0
    start: str = ""
    precision: str = "auto"
    compile: bool = False

    def __post_init__(self) -> None:
        for name, known in (("method", METHODS), ("pairs", PAIRS), ("precision", PRECISIONS)):
            if getattr(self, name) not in known:
                raise BadTraining(f"{name} must be one of {', '.join(known)}, not {getattr(self, name)!r}.")
        limits = {
            "size": (16, 1024), "epochs": (1, 100_000), "batch": (0, 65_536), "accumulate": (1, 1024), "rate": (0, 10),
            "warmup": (0, 1000), "weight_decay": (0, 1), "ema": (0, 0.99999), "temperature": (0.01, 10),
            "projection": (2, 65_536), "balance": (0, 10_000), "patience": (0, 100_000), "seed": (0, 2**32 - 1),
        }  # fmt: skip
        for name, (least, most) in limits.items():
            if not least <= getattr(self, name) <= most:
                raise BadTraining(f"{name} must lie between {least} and {most}, not {getattr(self, name)}.")
        if self.batch == 1:
            raise BadTraining("A batch needs at least two images to compare: leave it 0 (automatic), or give more.")

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def of(cls, given: dict[str, Any]) -> Self:
        """From `as_dict`'s form, e.g. JSON; raises BadTraining for what is unknown or impossible."""
        known, looks = {f.name for f in dataclasses.fields(cls)}, {f.name for f in dataclasses.fields(Views)}
        views = given.get("views", {})
        if unknown := (set(given) - known) | (set(views) - looks):
            raise BadTraining(f"There is no setting {', '.join(sorted(unknown))}.")
        try:
            return cls(**{**given, "views": Views(**views)})
        except TypeError as error:
            raise BadTraining(f"A setting has the wrong type: {error}.") from error

    @property
    def name(self) -> str:
        """What the encoder is called unless somebody names it."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.backbone}-{self.method}".lower()).strip("-")


class Update(NamedTuple):
    """How far a training is. epoch: finished ones; step: of all `steps`.  loss: mean since the last update.

    knn: share of labelled tiles whose 20 nearest name their class, None where there are no labels or it was not asked
    for just now.  rank: effective rank of the embedding; near 1 everything looks alike to the encoder.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    images_per_second: float
    rate: float
    knn: float | None = None
    rank: float | None = None
