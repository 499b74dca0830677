"""Embedding a folder of images: resumable, and nothing is done that was done already."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ml.embed.folder import MOST_REFUSED, Folder
from ml.embedding import Columns, Pace, Pixels, embed, pace_of
from ml.encoders import Encoder
from ml.errors import DamagedShard
from ml.index.interface import Progress
from ml.shards import Shard, ShardWriter
from ml.shards.files import MANIFEST, read_manifest

_ADVICE = "exists already. Move it away first, or give another folder."


class Embedded(NamedTuple):
    """shard: shard.json.  refused: file -> reason of those left out; they have a key, but no tile.

    done_before: the shard was there already, of the same images and encoder.
    """

    shard: dict[str, Any]
    refused: dict[str, str]
    done_before: bool = False


def embed_folder(
    folder: Path,
    out: Path,
    encoder: Encoder,
    *,
    pace: Pace | None = None,
    most_refused: float = MOST_REFUSED,
    on_progress: Progress | None = None,
) -> Embedded:
    """Build the shard `out` from the images below `folder`; keys are their numbers in order of name.

    pace: for one core of the CPU unless given.  Raises FileNotFoundError when there are no images, FileExistsError when
    `out` holds anything else, BadImage when more than a share of most_refused cannot be read.
    """
    progress = on_progress or (lambda stage, done, total: None)
    _check_free(out)
    images = Folder(folder, encoder)
    fingerprint = f"{encoder.fingerprint}-{images.version()}"
    if (manifest := _finished(out, fingerprint)) is not None:
        return Embedded(manifest, images.listed(_left_out(out, len(images))), done_before=True)
    with ShardWriter(
        out.with_name(f".{out.name}.work"),
        keys=np.arange(len(images)),
        bounds=np.full((len(images), 4), np.nan),
        names=images.names,
        dim=encoder.dim,
        fingerprint=fingerprint,
    ) as writer:
        images.listed(writer.blank())

        def on_batch() -> None:
            progress("images", writer.done, writer.total)
            images.check(most_refused)

        embed(writer, encoder, images.spans(), images.read, _measured, pace=pace or pace_of(1), on_batch=on_batch)
        images.check(most_refused)
        refused = images.listed([])
        return Embedded(writer.finish(out, meta=_meta(images, encoder), on_progress=progress), refused)


def _meta(images: Folder, encoder: Encoder) -> dict[str, Any]:
    meta = {"encoder": encoder.name, "version": encoder.version, "source": images.root.name}
    return {**meta, "stretch": images.stretch} if images.stretch else meta


def _measured(pixels: Pixels) -> Columns:
    """Their reader did it."""
    return pixels.columns or {}


def _check_free(out: Path) -> None:
    """Raises FileExistsError when something else than a shard is there."""
    if out.exists() and not (out / MANIFEST).is_file():
        raise FileExistsError(f"{out} {_ADVICE}")


def _finished(out: Path, fingerprint: str) -> dict[str, Any] | None:
    """shard.json of the same images and encoder; None when nothing is there; FileExistsError for another shard."""
    if not out.exists():
        return None
    try:
        manifest = read_manifest(out)
    except DamagedShard as error:
        raise FileExistsError(f"{out} {_ADVICE} It is damaged: {error}") from error
    if manifest["fingerprint"] != fingerprint:
        made_by, encoder = (text.split("-")[0] for text in (manifest["fingerprint"], fingerprint))
        what = "other images, or they have changed since" if made_by == encoder else "another encoder"
        raise FileExistsError(f"{out} {_ADVICE} It was made of {what}.")
    return manifest


def _left_out(out: Path, count: int) -> list[int]:
    there = set(Shard.open(out, verify="sizes").keys.tolist())
    return [number for number in range(count) if number not in there]
