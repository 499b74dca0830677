"""Supervised fine-tuning: an encoder that has looked at labelled images. `python -m ml.finetune PATH --from ENCODER`.

    config.py     the knobs
    examples.py   labelled images from class folders, a campaign's export, or a table; which are held out
    packing.py    the images, decoded once into a memory-mapped cache (ml/train/cache.py)
    networks.py   opening the network of an entry, and writing it again with other weights
    loop.py       the training of a network's end, or of all of it
    frozen.py     the training of a projection after any encoder, whose own weights stay
    measuring.py  held-out accuracy, confusion, and kNN before and after
    card.py       the report card

Importing this needs no torch.
"""

from ml.finetune.config import MODES, Tuning
from ml.finetune.examples import Examples, read

__all__ = ["MODES", "Examples", "Tuning", "read"]
