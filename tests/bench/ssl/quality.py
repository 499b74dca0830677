"""How good encoders are that were trained without labels: the yardstick, before and after.

python -m tests.bench.ssl.quality --data ../shared/data --work FOLDER --rows pretrained random …   # hours, one core
python -m tests.bench.ssl.quality --data ../shared/data --work FOLDER --table                     # what is there so far

Each row is a training of `ml.train` with its settings below, resumable like every training; its encoder stays in
FOLDER/<row>/entry. The imagery: 64-px squares of the August Blue Marble, one every 32 px, of the constant ocean one in
twenty; no label is used. Neighbours are the squares that touch (four grids, each shifted by half a square).
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from ml import encoders
from ml.evaluate import evaluate
from ml.evaluate.baseline import NAME, colour_statistics
from ml.evaluate.labelled import Labelled
from ml.evaluate.landcover import land_cover
from ml.train import Cache, CacheWriter, Config, Update, Views, train

SIDE, STEP = 64, 32
CALM = Views(brightness=0.05, contrast=0.05, colour=0.02)
COLOURS = Views(brightness=0, contrast=0, colour=0, crop=(0.5, 1), blur=0, noise=0.005)  # colours matter
MOBILE = {"backbone": "mobilenetv2_100", "size": SIDE, "batch": 256, "pairs": "neighbours", "warmup": 0.3}
SMALL = {"backbone": "test_resnet.r160_in1k", "size": SIDE, "batch": 256, "epochs": 6, "warmup": 0.5}
ROWS = {
    "random": Config(**MOBILE, balance=32, epochs=4, rate=1e-3, views=CALM),
    "pretrained": Config(**MOBILE, start="imagenet", balance=32, epochs=4, rate=3e-4, views=CALM),
    "colours": Config(
        **MOBILE, start="imagenet", balance=64, epochs=9, rate=5e-4, temperature=0.1, views=COLOURS
    ),
    "small": Config(**SMALL, pairs="neighbours", balance=32, views=CALM),
    "small-unbalanced": Config(**SMALL, pairs="neighbours", views=CALM),
    "small-views": Config(**SMALL, balance=32, views=CALM),
    "small-simsiam": Config(**SMALL, method="simsiam", pairs="neighbours", balance=32, views=CALM),
    "small-vicreg": Config(**SMALL, method="vicreg", pairs="neighbours", balance=32, views=CALM),
    "small-dino": Config(**SMALL, method="dino", pairs="neighbours", balance=32, views=CALM),
}  # fmt: skip


def earth(data: Path, folder: Path) -> Cache:
    """The squares, packed once."""
    if folder.is_dir():
        return Cache.open(folder)
    import rasterio

    with rasterio.open(data / "bluemarble_2004-08-01.tif") as file:
        image = file.read([1, 2, 3]).transpose(1, 2, 0)
    wide = np.concatenate([image, image[:, :SIDE]], axis=1)
    rows, columns = image.shape[0] // STEP - 1, image.shape[1] // STEP
    with CacheWriter(folder, size=SIDE, bands=3, total=rows * columns) as writer:
        for row in range(rows):
            top = wide[row * STEP : row * STEP + SIDE]
            squares = np.stack([top[:, c * STEP : c * STEP + SIDE] for c in range(columns)])
            cells = np.array([(row % 2 * 2 + c % 2, row // 2, c // 2) for c in range(columns)])
            kept = squares.reshape(columns, -1, 3).std(axis=1).max(axis=1) > 0
            kept |= np.random.default_rng(row).random(columns) < 0.05
            writer.append(squares[kept], None, cells[kept])
        return writer.finish(source="August Blue Marble, 64 px")


def trained(name: str, cache: Cache, labelled: Labelled, work: Path) -> None:
    began = time.monotonic()

    def show(update: Update) -> None:
        if update.knn is not None:
            print(f"{name}: epoch {update.epoch} of {update.epochs}, loss {update.loss:.3f}, kNN {update.knn:.3f}, "
                  f"rank {update.rank:.0f}, {time.monotonic() - began:.0f} s", flush=True)  # fmt: skip

    train(cache, ROWS[name], work / name, on_update=show, labelled=labelled, licence="CC0 (NASA's Blue Marble)")


def untrained(work: Path) -> Path:
    """MobileNetV2 with random weights, as an entry."""
    from ml.encoders.networks import IMAGENET
    from ml.train import backbones
    from ml.train.export import write_entry

    folder = work / "untrained"
    if not folder.is_dir():
        module = backbones.build("mobilenetv2_100", bands=3, size=SIDE)
        write_entry(folder, module.state_dict(), {
            "name": "untrained", "version": "1", "kind": "ssl", "licence": "none", "architecture": "mobilenetv2_100",
            "bands": 3, "size": SIDE, "dim": 1280, "mean": IMAGENET[0], "std": IMAGENET[1],
            "stretch": None, "arguments": {},
        })  # fmt: skip
    return folder


def table(data: Path, work: Path, more: list[Path]) -> str:
    """Markdown: every encoder there is, on the whole yardstick and its two halves."""
    sets = [land_cover(data, columns) for columns in ("all", "even", "odd")]
    folders = [untrained(work), encoders.builtin()["mobilenet"], encoders.builtin()["mobilenet-colour"]]
    folders += [work / name / "entry" for name in ROWS if (work / name / "entry" / "card.json").is_file()] + more
    lines = ["| encoder | P@10 all | even | odd | kNN 20 all | even | odd | 10 labels | eff. rank | minutes |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]  # fmt: skip
    for name, encode, minutes in [*map(opened, folders), (NAME, colour_statistics, "")]:
        found = [evaluate(name, encode, one) for one in sets]
        numbers = [*(f"{one.precision_10:.3f}" for one in found), *(f"{one.knn_20:.3f}" for one in found)]
        numbers += [f"{found[0].few_shot:.3f}", f"{found[0].effective_rank:.0f}", minutes]
        lines.append(f"| {name} | {' | '.join(numbers)} |")
        print(lines[-1], flush=True)
    return "\n".join(lines)


def opened(folder: Path) -> tuple[str, object, str]:
    encoder = encoders.load(folder, threads=1)
    card = folder / "card.json"
    minutes = f"{json.loads(card.read_text())['seconds'] / 60:.0f}" if card.is_file() else ""
    name = folder.parent.name if folder.name == "entry" else encoder.name
    return name, encoder.encode_images, minutes


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.ssl.quality", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--rows", nargs="*", choices=[*ROWS], default=[])
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--more", type=Path, nargs="*", default=[], help="further entries for the table")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.rows:
        cache, labelled = earth(options.data, options.work / "images"), land_cover(options.data)
        for name in options.rows:
            trained(name, cache, labelled, options.work)
    if options.table:
        print(table(options.data, options.work, options.more))


if __name__ == "__main__":
    main()
