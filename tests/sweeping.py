"""Factories of sweeps: scored by hand where it doesn't matter by what."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.utils import timezone

from labeling.models import Campaign, Round, Sweep, SweepPart
from labeling.sweeps import scores
from ml.classify import Classifier, Config
from search import library
from search.models import Shard, Status

Scored = Callable[[np.ndarray], np.ndarray]


def falling(keys: np.ndarray) -> np.ndarray:
    """From 1 down to 0, in the order of the keys."""
    return np.linspace(1, 0, len(keys), dtype=np.float32)


def make_sweep(campaign: Campaign, scored: Scored = falling, **fields: Any) -> Sweep:
    """A finished sweep over all shards of the campaign's dataset.  scored: (n,) keys -> (n,) scores."""
    fields = {
        "number": 1,
        "classifier": f"models/campaign-{campaign.pk}/1",
        "status": "ready",
        "threshold": 0.5,
    } | fields
    sweep = Sweep.objects.create(campaign=campaign, started_at=timezone.now(), finished_at=timezone.now(), **fields)
    sweep.folder.mkdir(parents=True, exist_ok=True)
    for shard in Shard.objects.of(campaign.dataset):
        columns = library.opened(shard)
        assert columns is not None
        add_part(sweep, shard, columns.keys, scored(columns.keys))
    totals = np.sum([part.histogram for part in sweep.parts.all()], axis=0)
    Sweep.objects.filter(pk=sweep.pk).update(histogram=totals.tolist())
    sweep.refresh_from_db()
    return sweep


def add_part(sweep: Sweep, shard: Shard, keys: np.ndarray, values: np.ndarray) -> SweepPart:
    part = SweepPart.objects.create(
        sweep=sweep, shard=shard, product=shard.scene.product.name, day=shard.scene.day, level=shard.level,
        folder=shard.folder, status=Status.READY, done=len(keys), total=len(keys), tiles=len(keys),
        histogram=np.histogram(values, 200, (0, 1))[0].tolist(),
    )  # fmt: skip
    scores.store(part.path, values.astype(np.float32))
    scores.store(scores.beside(part.path, "keys"), keys)
    scores.store(scores.beside(part.path, "order"), scores.best_first(values, None))
    return part


def make_round(campaign: Campaign, number: int = 1, seed: int = 0, **fields: Any) -> Round:
    """A finished round with a linear classifier of random weights on the dataset's own vectors."""
    dim = campaign.dataset.encoder.dim
    random = np.random.default_rng(seed)
    weights = {"weight": random.normal(size=dim).astype(np.float32) * 5, "bias": np.zeros(1, np.float32)}
    folder = f"models/campaign-{campaign.pk}/{number}"
    path = Path(settings.DATA_DIR) / folder
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    Classifier(Config(), weights).save(path)
    return Round.objects.create(
        campaign=campaign, number=number, trigger="host", status=Status.READY, folder=folder, **fields
    )
