"""Self-supervised training: an encoder from imagery without labels. `python -m ml.train IMAGES`.

What is read (sources.py) is packed once into a memory-mapped cache (cache.py); each step draws rows of it and their
partners (drawing.py), alters both in one batch on the training device (views.py), and takes one step on a loss
(methods/). loop.py is the training itself; what it wrote (checkpointing.py) it takes up again after an interruption.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ml.train.cache import Cache, CacheWriter
from ml.train.config import Config, Update, Views

if TYPE_CHECKING:
    from ml.train.loop import train

__all__ = ["Cache", "CacheWriter", "Config", "Update", "Views", "train"]


def __getattr__(name: str) -> Any:
    """torch is imported when training begins, not when its settings are read."""
    if name == "train":
        return import_module("ml.train.loop").train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
