"""How long a training takes here: images a second of earlier ones, or of a few steps that were timed for it.

Kept by backbone in trainings/pace.json: what one machine's worker measured. A training's time goes with the pixels.
"""

import json
import time
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings

from ml.shards.files import write_json
from search import tasks
from search.models import Dataset
from search.training import gathering, options
from search.training.options import PRESETS, Options

SIZE = 64  # pixels a side that paces are kept for
BATCH, STEPS = 32, 3  # of a measurement: about ten seconds for a medium network on two cores
COMMON = 0.8  # exponent of the number of cores: two do 1.74 times as much as one
CHECKPOINTS = 2**29  # bytes: weights, their average and the optimiser's state, twice
ASKED = 120  # seconds until an unanswered measurement is asked for again
STALE = 24 * 3600  # seconds after which a few steps are timed again
_asked: dict[str, float] = {}


class Estimate(NamedTuple):
    """seconds: None while the pace is being measured.  bytes: of disk, while it trains."""

    tiles: int
    epochs: int
    seconds: float | None
    bytes: int


def file() -> Path:
    return Path(settings.DATA_DIR) / "trainings" / "pace.json"


def kept() -> dict[str, dict[str, Any]]:
    """Backbone -> {"pace": images a second at SIZE pixels, "trained": by a whole training, "at": when}"""
    try:
        found: dict[str, dict[str, Any]] = json.loads(file().read_text())
    except (OSError, ValueError):
        return {}
    return found


def known() -> dict[str, float]:
    """Backbone -> images a second at SIZE pixels."""
    return {backbone: one["pace"] for backbone, one in kept().items()}


def keep(backbone: str, size: int, images_per_second: float, *, trained: bool = False) -> None:
    file().parent.mkdir(parents=True, exist_ok=True)
    fresh = {"pace": images_per_second * (size / SIZE) ** 2, "trained": trained, "at": round(time.time())}
    write_json(file(), {**kept(), backbone: fresh})


def is_stale(backbone: str) -> bool:
    """Never measured, or by a few steps only, a while ago."""
    one = kept().get(backbone)
    return one is None or (not one["trained"] and time.time() - one["at"] > STALE)


def learn_from(entry: Path) -> None:
    """Of a finished training, by its report card."""
    try:
        card: dict[str, Any] = json.loads((entry / "card.json").read_text())
        config = card["config"]
        if card["images_per_second"]:
            keep(config["backbone"], int(config["size"]), float(card["images_per_second"]), trained=True)
    except (OSError, ValueError, KeyError, TypeError):
        return  # a card without them teaches nothing


def estimate(dataset: Dataset, chosen: Options) -> dict[str, Estimate]:
    """Of what was chosen, under its preset's name, and of the other presets.  BadQuery as `options.checked`.

    An unknown pace is asked for: the worker measures it, and a later call has it.
    """
    chosen = options.checked(dataset, chosen)
    tiles, size = there(dataset, chosen)
    pace = known().get(chosen.backbone)
    if is_stale(chosen.backbone):
        ask(chosen.backbone)

    def of(epochs: int, most: int) -> Estimate:
        some = min(tiles, most or tiles)
        seconds = some * epochs * (size / SIZE) ** 2 / pace if pace else None
        return Estimate(some, epochs, seconds, room(some, size))

    every = {name: of(one.epochs, one.most) for name, one in PRESETS.items()}
    return {**every, chosen.preset: of(chosen.epochs, chosen.most)}


def there(dataset: Dataset, chosen: Options) -> tuple[int, int]:
    """Tiles to learn from, about, and pixels a side that they are read at."""
    found = options.scenes(dataset, chosen)
    return (
        options.expected(dataset, found, chosen.levels),
        gathering.native_size(found, chosen.levels, chosen.size),
    )


def room(tiles: int, size: int) -> int:
    """Bytes of disk that a training takes while it runs: the tiles as they are read and packed, its checkpoints."""
    return tiles * (2 * size * size * 3 + 40) + CHECKPOINTS


def ask(backbone: str) -> None:
    now = time.monotonic()
    if now - _asked.get(backbone, -ASKED) >= ASKED:
        _asked[backbone] = now
        tasks.enqueue_measurement(backbone)


def measure(backbone: str) -> float:
    """Images a second of a few steps at SIZE pixels, as ml.train takes them, where nothing else is done; kept.

    Counted in processor time on one core: the site may just be embedding what has come in. Cores add up to less than
    their number (COMMON).
    """
    import torch

    from ml.train import Views
    from ml.train.backbones import build
    from ml.train.views import augment

    options.check_backbone(backbone)
    torch.set_num_threads(1)
    network = build(backbone, bands=3, size=SIZE).train()
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (BATCH, 3, SIZE, SIZE), generator=random, dtype=torch.uint8)
    began = 0.0
    for step in range(STEPS + 1):
        if step == 1:
            began = time.process_time()  # after the first, which makes what the others use again
        both = torch.cat([augment(images, Views(), random) for _ in range(2)])
        network(both).square().mean().backward()
    torch.set_num_threads(settings.TRAINING_THREADS)
    pace = BATCH * STEPS / (time.process_time() - began) * settings.TRAINING_THREADS**COMMON
    keep(backbone, SIZE, pace)
    return pace
