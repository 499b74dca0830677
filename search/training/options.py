"""What a person may choose of a training, checked as far as can be before it begins."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Q
from django.utils.text import slugify

from ml import modelstore
from ml.errors import MLError
from ml.modelstore.names import check_name
from ml.torchvision_shim import import_torchvision
from ml.train.config import BACKBONES, Config, Views
from search import importing, keys
from search.errors import BadQuery
from search.models import Dataset, Scene, Shard

IMAGENET, IMAGENET_BACKBONE = "imagenet", "mobilenetv2_100"  # the weights that come with Lookalike
RANDOM_BACKBONE = "resnet18"  # of a training that begins from nothing
LEAST = 32  # tiles without which nothing can be learnt
SIZES = (32, 256)  # pixels a side, from and to


class Preset(NamedTuple):
    title: str
    epochs: int
    most: int  # tiles, drawn at random where there are more


PRESETS = {
    "quick": Preset("A quick look", 10, 4_000),
    "good": Preset("Good", 40, 10_000),
    "overnight": Preset("Overnight", 150, 40_000),
}
COLOURS_MATTER = Views()
COLOURS_DIFFER = replace(COLOURS_MATTER, brightness=0.4, contrast=0.4, colour=0.4)


@dataclass(frozen=True)
class Options:
    """most: tiles at most, 0 for all.  products, levels: none for all that are searchable.  start: "" for random
    weights, "imagenet", or an encoder of the model store, "name" or "name/version".  batch: 0 for automatic.
    The rest is as ml.train.Config has it.
    """

    preset: str = "good"
    method: str = "simclr"
    backbone: str = IMAGENET_BACKBONE
    size: int = 64
    epochs: int = PRESETS["good"].epochs
    most: int = PRESETS["good"].most
    products: list[str] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    first: str = ""
    last: str = ""
    views: dict[str, Any] = field(default_factory=lambda: asdict(COLOURS_MATTER))
    pairs: str = "views"
    balance: int = 0
    start: str = IMAGENET
    batch: int = 0
    seed: int = 0

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Options":
        """Of a row, or as a person chose them: what is left out is the preset's, the start's, or chosen for them."""
        known = {one.name for one in fields(cls)}
        preset = PRESETS.get(given.get("preset", "good"), PRESETS["good"])
        chosen = {"epochs": preset.epochs, "most": preset.most, **given}
        if "start" not in chosen and "backbone" in chosen:
            chosen["start"] = IMAGENET if chosen["backbone"] == IMAGENET_BACKBONE else ""
        if "backbone" not in chosen:
            chosen["backbone"] = architecture_of(chosen.get("start", IMAGENET)) or RANDOM_BACKBONE
        return cls(**{name: value for name, value in chosen.items() if name in known and value is not None})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def config(self, *, size: int = 0, start: str = "") -> Config:
        """For ml.train.  size: that the tiles were read at; start: the folder of the encoder that it begins from.

        BadQuery for what cannot be.
        """
        mine = {"method", "backbone", "epochs", "batch", "seed", "pairs", "balance", "views"}
        given = {name: value for name, value in self.as_json().items() if name in mine}
        try:
            return Config.of({**given, "size": size or self.size, "start": start or self.start})
        except MLError as error:
            raise BadQuery(str(error)) from error


def checked(dataset: Dataset, options: Options) -> Options:
    """BadQuery, in a sentence, for what cannot be learnt from or with."""
    if not SIZES[0] <= options.size <= SIZES[1]:
        raise BadQuery(f"A training looks at {SIZES[0]} to {SIZES[1]} pixels a side, not {options.size}.")
    if options.epochs < 1:
        raise BadQuery("Learn for at least one epoch: one look at each tile.")
    options.config()
    check_backbone(options.backbone)
    check_start(options)
    options = replace(options, levels=levels_of(dataset, options))
    found = scenes(dataset, options)
    tiles = expected(dataset, found, options.levels)
    if tiles < LEAST:
        raise BadQuery(
            f"{dataset.name} has {tiles} tile{'s' * (tiles != 1)} to learn from, and {LEAST} are the least: bring more "
            "imagery in, or choose more of it."
        )
    return options


def check_backbone(name: str) -> None:
    """BadQuery for one that timm does not have; it is only asked about names that are not offered."""
    if name in BACKBONES:
        return
    import_torchvision()
    import timm

    if not timm.is_model(name):
        raise BadQuery(f"There is no backbone {name[:80]!r}: use {', '.join(BACKBONES)}, or another name of timm's.")


def models() -> Path:
    """The site's model store."""
    return Path(settings.DATA_DIR) / "models"


def start_of(options: Options) -> str:
    """As ml.train takes it: "", "imagenet" or an entry's folder.  Raises NoSuchModel."""
    if options.start in ("", IMAGENET):
        return options.start
    return str(modelstore.find(models(), options.start).folder)


def architecture_of(start: str) -> str:
    """timm's name of the network that a training can begin from; "" for random weights.  BadQuery for what has none."""
    if start in ("", IMAGENET):
        return IMAGENET_BACKBONE if start else ""
    try:
        config = modelstore.find(models(), start).config
    except MLError as error:
        raise BadQuery(str(error)) from error
    if config.get("kind") not in ("ssl", "timm"):
        raise BadQuery(f"A training cannot begin from {start}: it is no single network. Choose another start.")
    return str(config["architecture"])


def check_start(options: Options) -> None:
    needed = architecture_of(options.start)
    if needed and needed != options.backbone:
        raise BadQuery(f"{options.start} is a {needed}, and can only go on as one: choose that backbone, or no start.")


def scenes(dataset: Dataset, options: Options) -> list[Scene]:
    """Those with pictures, by product and date. BadQuery when there are none, or a name or date is none."""
    known = set(dataset.products.values_list("name", flat=True))
    wrong = set(options.products) - known
    if wrong:
        raise BadQuery(f"{dataset.name} has no product {', '.join(sorted(wrong))}: use {', '.join(sorted(known))}.")
    drawn = Q(images__gt=0) | ~Q(folder="") | Q(pk__in=Scene.objects.filter(files__isnull=False).values("pk"))
    found = Scene.objects.filter(drawn, product__dataset=dataset).select_related("product__dataset")
    if options.products:
        found = found.filter(product__name__in=options.products)
    if options.first:
        found = found.filter(day__gte=day_of(options.first))
    if options.last:
        found = found.filter(day__lte=day_of(options.last))
    if not found:
        raise BadQuery(f"{dataset.name} has no imagery to learn from{' in that choice' * dataset.products.exists()}: "
                       "bring some in first.")  # fmt: skip
    return list(found.order_by("product__number", "day"))


def day_of(text: str) -> int:
    try:
        return (date.fromisoformat(text) - keys.EPOCH).days + 1
    except ValueError as error:
        raise BadQuery(f"{text[:20]!r} is not a date: write 2004-08-01.") from error


def levels_of(dataset: Dataset, options: Options) -> list[int]:
    """As chosen; else those that are searchable, or would be."""
    for level in options.levels:
        dataset.grid.check_level(level)
    if dataset.kind == Dataset.Kind.GALLERY:
        return [0]
    if options.levels or dataset.levels():
        return sorted(set(options.levels) or dataset.levels())
    return sorted({level for scene in scenes(dataset, options) for level in importing.levels_of(scene)})


def expected(dataset: Dataset, found: list[Scene], levels: list[int]) -> int:
    """About how many tiles there are to learn from."""
    from search import building

    rows = Shard.objects.of(dataset).filter(level__in=levels).values_list("scene_id", "level", "total")
    known = {(scene, level): total for scene, level, total in rows}
    each = [(scene, level) for scene in found for level in levels]
    return sum(known.get((scene.pk, level)) or building.expected(scene, level) for scene, level in each)


def encoder_name(dataset: Dataset, given: str = "") -> str:
    """In the model store; BadQuery for a name that cannot be one."""
    name = given.strip() or (slugify(dataset.slug).replace("_", "-").strip("-")[:58].strip("-") + "-own")
    try:
        check_name(name)
    except MLError as error:
        raise BadQuery(str(error)) from error
    return name
