"""python -m ml.train IMAGES: learn an encoder from images without labels. Needs no site, no database, no network.

IMAGES is a folder; its sub-folders are included. Photographs and tiles are looked at through their middle square,
GeoTIFFs of more than 1024 px are cut into tiles; any number of bands. The result is put into the model store with its
report card. A call that was interrupted goes on where it stopped, if it is repeated. Over several GPUs or machines:
torchrun --nproc-per-node 2 -m ml.train IMAGES.
"""

import argparse
import json
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

from ml import command, modelstore
from ml.errors import BadLabels, BadTraining
from ml.evaluate.labelled import Labelled
from ml.train.cache import Cache
from ml.train.config import BACKBONES, METHODS, PAIRS, PRECISIONS, Config, Update, Views


def main() -> None:
    options = _parser().parse_args()
    if not options.images.is_dir():
        raise BadTraining(f"{options.images} is not a folder: give the folder that holds the images.")
    config = configured(options)
    work = options.work or Path(f"{options.images.resolve().name}-training")
    with command.progress_bars(quiet=options.json) as progress:
        cache = packed(options, config, work, progress)
        if options.preview:
            preview(cache, config, options.preview)
            return
        entry = trained(cache, config, work, options, progress)
    if entry is None:  # another process of the group tells
        return
    folder = modelstore.publish(entry, options.store or modelstore.default_store(), options.name or config.name)
    tell(folder, cache, as_json=options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m ml.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add, usual = parser.add_argument, Config()
    add("images", type=Path, help="folder of images")
    add("--name", help="of the encoder in the model store; by default backbone and method")
    add("--store", type=Path, help="the model store's folder")
    add("--work", type=Path, help="folder for the packed images and checkpoints; IMAGES-training by default")
    add("--method", choices=METHODS, default=usual.method)
    add("--backbone", default=usual.backbone, help=f"of timm: {', '.join(BACKBONES)}, …; {usual.backbone} by default")
    add("--start", default=usual.start, help='"imagenet" (MobileNetV2), or an encoder or its folder; random by default')
    add("--size", type=int, default=usual.size, help=f"px a side that the encoder looks at; {usual.size} by default")
    add("--tile", type=int, default=0, help="cut every image into squares of so many px")
    add("--epochs", type=int, default=usual.epochs, help=f"{usual.epochs} by default")
    add("--batch", type=int, default=usual.batch, help="images a step; by default as many as suit the machine")
    add(
        "--accumulate",
        type=int,
        default=usual.accumulate,
        help="pieces that a batch is worked through in; 1 by default",
    )
    add("--rate", type=float, default=usual.rate, help="learning rate; the method's own by default")
    add("--pairs", choices=PAIRS, default=usual.pairs, help="what counts as the same thing beside two looks at a tile")
    add(
        "--balance",
        type=int,
        default=usual.balance,
        metavar="CLUSTERS",
        help="draw from so many clusters equally often",
    )
    add("--labelled", type=Path, help="folder of class sub-folders or .csv: watch the kNN score on it")
    add("--patience", type=int, default=usual.patience, help="epochs without a better kNN score until it stops")
    add("--precision", choices=PRECISIONS, default=usual.precision)
    add("--compile", action="store_true", help="torch.compile: takes a minute, pays on GPUs")
    add("--seed", type=int, default=usual.seed)
    add("--most-refused", type=float, default=0.5, help="share of unreadable files that is put up with; 0.5 by default")
    add("--licence", default="of the imagery it was trained on", help="as the report card states it")
    add("--preview", type=Path, metavar="FILE.png", help="only draw what the looks do to some images")
    add("--json", action="store_true", help="print the report card as JSON, no progress")
    looks = parser.add_argument_group("looks", "how two looks at one tile may differ; 0 turns a change off")
    for one in fields(Views):
        value = getattr(usual.views, one.name)
        if one.name == "crop":
            looks.add_argument("--crop", type=float, nargs=2, default=value, metavar=("LEAST", "MOST"))
        elif one.name == "flips":
            looks.add_argument("--no-flips", dest="flips", action="store_false")
        else:
            looks.add_argument(f"--{one.name}", type=float, default=value, help=f"{value} by default")
    return parser


def configured(options: argparse.Namespace) -> Config:
    given: dict[str, Any] = {
        one.name: getattr(options, one.name) for one in fields(Config) if hasattr(options, one.name)
    }
    return Config(**given, views=Views(**{one.name: getattr(options, one.name) for one in fields(Views)}))


def packed(options: argparse.Namespace, config: Config, work: Path, progress: Any) -> Cache:
    """The cache of an earlier call, or a new one. Of several processes on a machine the first one packs."""
    from ml.train import sources

    folder = work / f"images-{config.size}-{options.tile}"
    if folder.is_dir():
        return Cache.open(folder)
    if int(os.environ.get("LOCAL_RANK", "0")) > 0:
        return wait_for(folder)
    return sources.pack(
        options.images, folder, size=config.size, tile=options.tile, most_refused=options.most_refused,
        on_progress=progress,
    )  # fmt: skip


def wait_for(folder: Path) -> Cache:
    import time

    while not folder.is_dir():
        if os.getppid() == 1:
            raise BadTraining("The process that packs the images has ended.")
        time.sleep(0.2)
    return Cache.open(folder)


def labelled_set(path: Path | None) -> Labelled | None:
    from ml.evaluate.files import from_folder, from_table

    if path is None:
        return None
    if not path.exists():
        raise BadLabels(f"{path} does not exist.")
    return from_folder(path) if path.is_dir() else from_table(path)


def trained(cache: Cache, config: Config, work: Path, options: argparse.Namespace, progress: Any) -> Path | None:
    from ml.train import train

    def show(update: Update) -> None:
        progress("training", update.step, update.steps)

    entry = train(cache, config, work, on_update=show, labelled=labelled_set(options.labelled), licence=options.licence)
    return entry if int(os.environ.get("RANK", "0")) == 0 else None


def preview(cache: Cache, config: Config, file: Path) -> None:
    from ml.train.previewing import preview as draw

    file.write_bytes(draw(cache, config.views))
    command.say(f"{file} shows tiles (left) and looks at them.")


def tell(folder: Path, cache: Cache, *, as_json: bool) -> None:
    card = json.loads((folder / "card.json").read_bytes())
    if as_json:
        command.say(json.dumps({"entry": str(folder), "card": card, "refused": cache.refused}, indent=1))
        return
    for name, reason in cache.refused.items():
        command.complain(f"{name}: {reason}")
    if card["collapsed"]:
        command.complain("Collapsed: nearly everything looks the same to this encoder. Do not use it.")
    command.say(
        f"{folder} is ready: {card['images']} images, {card['images_per_second']} a second, effective rank "
        f"{card['effective_rank']:.0f} of {card['dim']}. Embed with it: python -m ml.embed IMAGES --out SHARD "
        f"--encoder {folder}"
    )


if __name__ == "__main__":
    command.run(main)
