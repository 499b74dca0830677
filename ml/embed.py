"""python -m ml.embed IMAGES --out SHARD: embed a folder of images into a searchable shard. Needs no site, no database.

Sub-folders are included. An image is looked at through its middle square. A call that was interrupted goes on where it
stopped, if it is repeated. Files that are not images are named and left out.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import command, encoders, images, metrics
from ml.embedding import EncodeOnce
from ml.encoders import Encoder
from ml.errors import BadImage
from ml.index.interface import Progress
from ml.shards import ShardWriter

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp"}
_BATCH = 64
_SIDE = 256  # px of the squares that metrics are measured on
_MAX_BYTES = 512 * 2**20  # the person at the terminal may trust larger files than the site does
_MAX_PIXELS = 500_000_000

Images = NDArray[np.uint8]


def embed_folder(
    folder: Path, out: Path, encoder: Encoder, *, on_progress: Progress | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Build the shard `out` from the images below `folder`; keys are their numbers in order of name.

    Returns shard.json, and file -> reason for those left out (they have a key, but no tile).  Raises FileNotFoundError
    when there are no images, FileExistsError when `out` exists, BadImage when not one of the images can be read.
    """
    progress = on_progress or (lambda stage, done, total: None)
    if out.exists():
        raise FileExistsError(f"{out} exists already. Move it away first, or give another folder.")
    names = find_images(folder)
    if not names:
        raise FileNotFoundError(f"There are no images in {folder} ({', '.join(sorted(SUFFIXES))}).")
    with ShardWriter(
        out.with_name(f".{out.name}.work"),
        keys=np.arange(len(names)),
        bounds=np.full((len(names), 4), np.nan),
        names=names,
        dim=encoder.dim,
        fingerprint=encoder.fingerprint,
    ) as writer:
        refused = _append(writer, folder, names, encoder, progress)
        meta = {"encoder": encoder.name, "version": encoder.version, "source": folder.name}
        return writer.finish(out, meta=meta, on_progress=progress), refused


def find_images(folder: Path) -> list[str]:
    """Paths below folder of what looks like an image, sorted, in POSIX form."""
    paths = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def _append(
    writer: ShardWriter, folder: Path, names: list[str], encoder: Encoder, progress: Progress
) -> dict[str, str]:
    refused: dict[str, str] = {}
    encode = EncodeOnce(encoder)
    for squares, valid, looked_at in _read(folder, names[writer.done :], encoder.size, refused):
        writer.append(encode(looked_at), metrics.compute(squares, valid))
        progress("images", writer.done, writer.total)
    if len(refused) == len(names):
        raise BadImage(f"None of the {len(names)} images in {folder} can be read: {next(iter(refused.values()))}")
    return refused


def _read(
    folder: Path, names: list[str], size: int, refused: dict[str, str]
) -> Iterator[tuple[Images, NDArray[np.bool_], Images]]:
    """Batches of squares (m, 256, 256, 3), their valid pixels, and squares as the encoder wants them.

    A refused image has no valid pixels.
    """
    for start in range(0, len(names), _BATCH):
        read = [_square(folder / name, name, refused) for name in names[start : start + _BATCH]]
        valid = np.array([square is not None for square in read])
        filled = [np.zeros((1, 1, 3), np.uint8) if square is None else square for square in read]
        measured, looked_at = (
            np.stack([images.resize(square[None], side)[0] for square in filled]) for side in (_SIDE, size)
        )
        yield measured, np.broadcast_to(valid[:, None, None], measured.shape[:3]), looked_at


def _square(path: Path, name: str, refused: dict[str, str]) -> Images | None:
    try:
        data = path.read_bytes()
        return images.square(images.decode(data, max_pixels=_MAX_PIXELS, max_bytes=_MAX_BYTES))
    except (BadImage, OSError) as error:
        refused[name] = str(error)
        return None


def find_encoder(name: str) -> Path:
    """The folder of a built-in entry, or the folder itself."""
    return encoders.builtin().get(name, Path(name))


def main() -> None:
    parser = argparse.ArgumentParser("python -m ml.embed", description=__doc__)
    parser.add_argument("images", type=Path, help="folder of images")
    parser.add_argument("--out", type=Path, required=True, help="the shard's folder; must not exist yet")
    choices = ", ".join(encoders.builtin())
    parser.add_argument("--encoder", default=encoders.DEFAULT, help=f"{choices}, or the folder of a model store entry")
    parser.add_argument("--threads", type=int, help="cores to use; all by default")
    parser.add_argument("--json", action="store_true", help="print shard.json and the refused files, no progress")
    options = parser.parse_args()
    encoder = encoders.load(find_encoder(options.encoder), threads=options.threads)
    with command.progress_bars(quiet=options.json) as progress:
        manifest, refused = embed_folder(options.images, options.out, encoder, on_progress=progress)
    for name, reason in refused.items():
        command.complain(f"{name}: {reason}")
    if options.json:
        command.say(json.dumps({"shard": manifest, "refused": refused}, indent=1))
    else:
        command.say(
            f"{manifest['count']} images are in {options.out}. Ask it: python -m ml.index {options.out} --query IMAGE"
        )


if __name__ == "__main__":
    command.run(main)
