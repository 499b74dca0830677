"""python -m ml.embed IMAGES --out SHARD: embed a folder of images into a searchable shard. Needs no site, no database.

Sub-folders are included. An image is looked at through its middle square. A call that was interrupted goes on where it
stopped, if it is repeated; one that was finished has nothing left to do. Files that are not images are named and left
out. With --pca N the vectors keep their N principal axes only, which are fitted on the folder and kept in the model
store as an encoder of their own, so that questions go the same way.
"""

import argparse
import json
import os
import re
from pathlib import Path

from ml import command, encoders, modelstore
from ml.embed.embedding import Embedded, embed_folder
from ml.embed.finding import find_encoder
from ml.embed.folder import MOST_REFUSED, Folder
from ml.embed.reducing import reduced, reference
from ml.embedding import Pace, pace_of
from ml.encoders import Encoder
from ml.encoders.runtime import find_device
from ml.index.interface import Progress


def main() -> None:
    options = _parsed()
    cores = options.threads or len(os.sched_getaffinity(0))
    pace, device = pace_of(cores), find_device()
    threads = max(1, cores // pace.lanes)
    encoder = encoders.load(find_encoder(options.encoder, options.store), threads=threads, device=device)
    with command.progress_bars(quiet=options.json) as progress:
        if options.pca:
            encoder = encoders.load(_reduced(options, encoder, pace, progress), threads=threads, device=device)
        done = embed_folder(
            options.images, options.out, encoder, pace=pace, most_refused=options.most_refused, on_progress=progress
        )
    _say(options, done, encoder)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m ml.embed", description=__doc__)
    add = parser.add_argument
    add("images", type=Path, help="folder of images")
    add("--out", type=Path, required=True, help="the shard's folder")
    choices = ", ".join(encoders.builtin())
    add("--encoder", default=encoders.DEFAULT, help=f"{choices}, a name in the model store, or an encoder's folder")
    add("--pca", type=int, metavar="N", help="keep N principal axes of the vectors, as a new encoder")
    add("--whiten", action="store_true", help="with --pca: divide each axis by its deviation, so that all count alike")
    add("--name", help="with --pca: what the new encoder is called")
    add("--store", type=Path, default=modelstore.default_store(), help="the model store; %(default)s by default")
    add("--most-refused", type=float, default=MOST_REFUSED, metavar="SHARE",
        help="stop when more of the files cannot be read; %(default)s by default")  # fmt: skip
    add("--threads", type=int, help="cores to use; all by default")
    add("--json", action="store_true", help="print shard.json and the refused files, no progress")
    options = parser.parse_args()
    if (options.whiten or options.name) and not options.pca:
        parser.error("--whiten and --name go with --pca")
    if (options.pca is not None and options.pca < 1) or (options.threads is not None and options.threads < 1):
        parser.error("--pca and --threads must be at least 1")
    return options


def _reduced(options: argparse.Namespace, encoder: Encoder, pace: Pace, progress: Progress) -> Path:
    folder = find_encoder(options.encoder, options.store)
    plain = re.sub(r"[^a-z0-9]+", "-", encoder.name.lower()).strip("-")
    return reduced(
        Folder(options.images, encoder), encoder, reference(options.encoder, folder, options.store), options.store,
        options.pca, whiten=options.whiten, name=options.name or f"{plain}-pca{options.pca}{'w' * options.whiten}",
        pace=pace, on_progress=progress,
    )  # fmt: skip


def _say(options: argparse.Namespace, done: Embedded, encoder: Encoder) -> None:
    for name, reason in done.refused.items():
        command.complain(f"{name}: {reason}")
    if options.json:
        command.say(
            json.dumps({"shard": done.shard, "refused": done.refused, "done_before": done.done_before}, indent=1)
        )
        return
    if options.pca:
        command.say(
            f"The encoder {encoder.name}/{encoder.version} makes {encoder.dim} numbers; it is in the model store."
        )
    if done.done_before:
        command.say(f"Nothing to do: {options.out} was made of these images with {encoder.name} before.")
    left_out = f"; {len(done.refused)} could not be read" if done.refused else ""
    command.say(
        f"{done.shard['count']} images are in {options.out}{left_out}. "
        f"Ask it: python -m ml.index {options.out} --query IMAGE"
    )


if __name__ == "__main__":
    command.run(main)
