"""What torchrun runs in tests/ml/test_train_processes.py: each method, as one of several processes.

python -m tests.ml.several_processes CACHE OUT
"""

import sys
from pathlib import Path

from ml.train import Cache, train
from ml.train.config import METHODS
from ml.train.distributed import joined
from tests.ml.training import config

VIEWS = {"noise": 0}  # the one change that each process draws for itself


def every_method(packed: Cache, out: Path) -> None:
    for method in METHODS:
        train(packed, config(method=method, batch=32, epochs=2, views=VIEWS), out / method, device="cpu")


if __name__ == "__main__":
    with joined("cpu"):
        every_method(Cache.open(Path(sys.argv[1])), Path(sys.argv[2]))
