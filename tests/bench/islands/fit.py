"""Fits the knots of the store's entries `structure` and `mobilenet-layers`: the ranks of their measures among tiles.

    python -m tests.bench.islands.fit --data ../shared/data

Without labels, on the same tiles as the default encoder's projection (tests/bench/encoders/imagery.py).
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from ml import encoders
from ml.encoders import measures, ranked
from ml.encoders.statistics import LayerStatistics
from ml.encoders.structure import SIDE
from ml.images import resize
from tests.bench.encoders import imagery

BATCH = 16
STORE = Path(encoders.__file__).parents[1] / "store"
NETWORK = 544  # measures of mobilenet-layers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the folder of shared/data")
    parser.add_argument("--store", type=Path, default=STORE, help="where the entries are")
    options = parser.parse_args()
    training = imagery.training_tiles(options.data)
    structure, layers = (options.store / name for name in ("structure", "mobilenet-layers"))
    write(structure, batched(lambda images: measures.measure(resize(images, SIDE)), training))
    write(layers, np.zeros((2, 1), np.float32).repeat(NETWORK, axis=1))  # an entry is read whole
    network = encoders.load(layers, threads=1)
    assert isinstance(network, LayerStatistics)
    write(layers, batched(network.measure, training))


def batched(say: Callable[[NDArray[np.uint8]], NDArray[np.float32]], images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.concatenate([say(images[first : first + BATCH]) for first in range(0, len(images), BATCH)])


def write(folder: Path, found: NDArray[np.float32]) -> None:
    save_file({"knots": ranked.knots(found)}, folder / "projection.safetensors")
    print(f"{folder.name}: {found.shape[1]} measures of {len(found)} tiles")


if __name__ == "__main__":
    main()
