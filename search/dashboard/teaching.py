"""What a dataset's page shows of encoders that learn from its imagery: those at work and done, a form for the next."""

from typing import Any

from ml import modelstore
from ml.train.config import BACKBONES
from search import reembedding
from search.dashboard import forms
from search.models import Dataset
from search.training import describing, options
from search.training.options import COLOURS_DIFFER, COLOURS_MATTER, PRESETS

METHODS = {
    "simclr": "tells tiles apart from each other (SimCLR)",
    "vicreg": "keeps its numbers independent (VICReg)",
    "simsiam": "foresees one view from the other (SimSiam)",
    "dino": "teaches itself, as teacher and pupil (DINO)",
}
PIXELS = (32, 48, 64, 96, 128, 224)


def offered(dataset: Dataset) -> dict[str, Any]:
    """What the form needs, without a look at the tiles."""
    usual = COLOURS_MATTER
    return {
        "presets": list(PRESETS.items()), "methods": list(METHODS.items()), "backbones": list(BACKBONES.items()),
        "starts": starts(), "pixels": PIXELS, "usual": usual, "usual_crop": round(100 * usual.crop[0]),
        "usual_shares": {name: round(100 * getattr(usual, name)) for name in forms.SHARES},
        "differ": {name: round(100 * getattr(COLOURS_DIFFER, name)) for name in forms.SHARES},
        "usual_noise": round(100 * usual.noise, 1), "name": options.encoder_name(dataset),
        "dated": dataset.kind == Dataset.Kind.MAP and repeated(dataset), "levels": dataset.levels(),
        "pictures": dataset.products.filter(scenes__isnull=False).exists(),
    }  # fmt: skip


def repeated(dataset: Dataset) -> bool:
    """Whether some product has two dates."""
    days = dataset.products.values_list("pk", "scenes__day").distinct()
    return len(days) > len({product for product, _ in days})


def starts() -> list[tuple[str, str]]:
    """Encoders of the model store that a training can go on from."""
    own = [one for one in modelstore.listed(options.models(), retired=False) if one.kind == "ssl"]
    return [(one.reference, str(one.config.get("architecture", ""))) for one in own]


def told(dataset: Dataset) -> dict[str, Any]:
    """For everybody who sees the dataset."""
    jobs = describing.latest(dataset)
    return {
        "trainings": [{**describing.describe(job), "title": describing.title(job), "job": job} for job in jobs],
        "training_count": dataset.trainings.count(), "change": reembedding.describe(dataset),
    }  # fmt: skip
