"""Trainings small enough for tests: a network of a few thousand numbers on tiles of 32 pixels."""

from typing import Any

from search import training
from search.models import Dataset, Training
from search.training.options import Options

TINY = {"backbone": "test_resnet.r160_in1k", "start": "", "size": 32, "epochs": 2, "batch": 16}


def make_training(dataset: Dataset, *, name: str = "", **chosen: Any) -> Training:
    """Waiting; nothing is handed to a worker."""
    return training.start(dataset, Options.of({**TINY, **chosen}), name=name, background=False)


def run(dataset: Dataset, **chosen: Any) -> Training:
    job = make_training(dataset, **chosen)
    assert training.run_here(job)
    return job
