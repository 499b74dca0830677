"""python -m ml.finetune PATH --from ENCODER: teach an encoder what labels say. Needs no site, no database, no network.

PATH is a folder with a sub-folder of images per class; the images.zip that a campaign exports, or that zip unpacked; or
a table (.csv, .parquet) with the columns path and label, and perhaps share, weight, group, lon and lat. A fifth of the
labels, at places or in folders of their own, is held out to judge by. The result is put into the model store with its
report card. A call that was interrupted goes on after its last epoch, if it is repeated.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any

from ml import command, encoders, modelstore
from ml.embed import find_encoder
from ml.embed.reducing import reference
from ml.finetune.config import MODES, Tuning
from ml.finetune.examples import read
from ml.finetune.packing import MOST_REFUSED, packed
from ml.train.config import Views

DEFAULT = "mobilenet"
PLAIN = Views(rotation=0, flips=True, crop=(1, 1), brightness=0, contrast=0, colour=0, blur=0, noise=0)


def main() -> None:
    options = _parser().parse_args()
    tuning = _tuning(options)
    base = find_encoder(options.base, options.store)
    of = reference(options.base, base, options.store) if tuning.mode == "frozen" else None
    work = options.work or Path(f"{options.path.resolve().stem}-finetuning")
    encoder = encoders.load(base, threads=options.threads)
    name = modelstore.names.check_name(options.name or f"{_plain(encoder.name)}-{tuning.mode}")
    if tuning.mode != "frozen":
        _check_network(base)
    with command.progress_bars(quiet=options.json) as progress:
        cache, examples = packed(
            read(options.path, work), encoder, work, most_refused=options.most_refused, on_progress=progress
        )
        from ml.finetune.running import finetune

        entry = finetune(base, of, cache, examples, tuning, work, licence=options.licence, on_progress=progress)
    folder = modelstore.publish(entry, options.store, name)
    _tell(folder, cache.refused, as_json=options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m ml.finetune", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add, usual = parser.add_argument, Tuning()
    add("path", type=Path, help="folder of class sub-folders, images.zip of a campaign, .csv or .parquet")
    add("--from", dest="base", default=DEFAULT, metavar="ENCODER",
        help=f"a name in the model store or an encoder's folder; {DEFAULT} by default")  # fmt: skip
    add(
        "--mode",
        choices=list(MODES),
        default=usual.mode,
        help="; ".join(f"{one}: {text}" for one, text in MODES.items()),
    )
    add("--name", help="of the new encoder in the model store; by default the old one's and the mode")
    add("--store", type=Path, default=modelstore.default_store(), help="the model store; %(default)s by default")
    add("--work", type=Path, help="folder for the packed images and checkpoints; PATH-finetuning by default")
    add(
        "--share", type=float, default=usual.share, help="partial: of the network, from its end; %(default)s by default"
    )
    add("--dim", type=int, default=usual.dim, help="frozen: numbers that a vector keeps; %(default)s by default")
    add("--epochs", type=int, default=usual.epochs, help="at most; %(default)s by default")
    add("--patience", type=int, default=usual.patience, help="epochs without a better one until it stops; 0: never")
    add("--batch", type=int, default=usual.batch, help="images a step; %(default)s by default")
    add("--rate", type=float, default=usual.rate, help="learning rate; the mode's own by default")
    add(
        "--held-out", type=float, default=usual.held_out, metavar="SHARE", help="only judged by; %(default)s by default"
    )
    add("--plain", action="store_true", help="mirror the images only: no turning, cropping, or change of light")
    add("--most-refused", type=float, default=MOST_REFUSED, metavar="SHARE",
        help="of unreadable files that is put up with; %(default)s by default")  # fmt: skip
    add("--licence", help="as the report card states it; the old encoder's by default")
    add("--threads", type=int, help="cores for what only encodes; all by default")
    add("--seed", type=int, default=usual.seed)
    add("--json", action="store_true", help="print the report card as JSON, no progress")
    return parser


def _tuning(options: argparse.Namespace) -> Tuning:
    names = ("mode", "share", "dim", "epochs", "patience", "batch", "rate", "held_out", "seed")
    given: dict[str, Any] = {name: getattr(options, name) for name in names}
    return Tuning(**given, views=PLAIN if options.plain else Views())


def _check_network(base: Path) -> None:
    """Before anything is decoded: raises BadEncoder for what cannot be trained."""
    from ml.finetune.networks import open_network

    open_network(base)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _tell(folder: Path, refused: dict[str, str], *, as_json: bool) -> None:
    card = json.loads((folder / "card.json").read_bytes())
    if as_json:
        command.say(json.dumps({"entry": str(folder), "card": card, "refused": refused}, indent=1))
        return
    for name, reason in refused.items():
        command.complain(f"{name}: {reason}")
    if not card["epochs"]:
        command.complain("Nothing was gained: no epoch was better on the held-out images than the encoder as it was.")
    command.say(
        f"{folder} is ready. Of {card['held_out']} held-out images their 20 nearest name {card['knn_20']:.1%} rightly, "
        f"{card['knn_before']:.1%} before. Embed with it: python -m ml.embed IMAGES --out SHARD --encoder "
        f"{folder.parent.name}/{folder.name}"
    )


if __name__ == "__main__":
    command.run(main)
