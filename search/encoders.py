"""From the database's encoder rows to loaded models, and back."""

import threading
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.conf import settings

from ml import encoders, modelstore
from ml.errors import BadEncoder, NoSuchModel
from search.errors import BadQuery
from search.models import Encoder

GIVEN, MODELLESS = "given", ("given", "synthetic")  # folders of rows that have no model
_loading = threading.Lock()


def loaded(row: Encoder) -> encoders.Encoder:
    """The model, loaded once a process; BadEncoder when the store no longer holds what the row was made of.

    BadQuery for vectors that were brought along: what made them is not here.
    """
    if row.folder in MODELLESS:
        raise BadQuery(
            f"These vectors were brought along, made by {row.name}, which is not here: a picture, words or a tile that "
            "has no vector yet cannot be looked for. Choose a tile that is searchable as the example."
        )
    with _loading:
        return _load(row.path(), row.fingerprint)


@lru_cache(maxsize=4)
def _load(folder: Path, fingerprint: str) -> encoders.Encoder:
    encoder = encoders.load(folder, threads=settings.ENCODER_THREADS, cache=settings.DATA_DIR / "cache" / "encoders")
    if encoder.fingerprint != fingerprint:
        raise BadEncoder(
            f"The encoder in {folder} is no longer the one this dataset was embedded with. "
            "Put the old files back, or import the imagery again with the new encoder."
        )
    return encoder


def register(name: str) -> Encoder:
    """The row of a built-in encoder (by name) or of a folder in the model store; made when it is new."""
    builtin = encoders.builtin()
    folder = builtin.get(name, Path(name))
    if not folder.is_dir():
        raise BadEncoder(f"There is no encoder {name!r}: use {', '.join(sorted(builtin))}, or the path of a folder.")
    model = encoders.load(folder, threads=settings.ENCODER_THREADS, cache=settings.DATA_DIR / "cache" / "encoders")
    if model.bands != 3:
        raise BadQuery(
            f"{model.name} looks at images of {model.bands} bands, and this site searches pictures in red, green and "
            "blue. Embed your own files with it: python -m ml.embed. Or teach an encoder on three of the bands."
        )
    row, _ = Encoder.objects.get_or_create(
        fingerprint=model.fingerprint,
        defaults={
            "name": model.name,
            "folder": "" if name in builtin else written(folder),
            "dim": model.dim,
            "size": model.size,
            "has_text": model.has_text,
            "licence": model.licence,
        },
    )
    return row


def written(folder: Path) -> str:
    """As rows keep it: below the data folder where it lies there, so that the folder can move."""
    folder, data = folder.resolve(), Path(settings.DATA_DIR).resolve()
    return str(folder.relative_to(data) if folder.is_relative_to(data) else folder)


def named(reference: str) -> Encoder:
    """The row of "name" or "name/version" in the model store, a built-in name, or one that was registered before.

    Raises BadQuery when there is none; BadEncoder.
    """
    try:
        found = modelstore.find(Path(settings.DATA_DIR) / "models", reference)
    except NoSuchModel as missing:
        row = Encoder.objects.filter(fingerprint=reference).first() or Encoder.objects.filter(name=reference).first()
        if row is None:
            raise BadQuery(str(missing)) from missing
        return row
    return register(found.name if found.comes_with else str(found.folder))


def encode_one(row: Encoder, image: np.ndarray) -> np.ndarray:
    """uint8 (h, w, 3) -> float32 (dim,), unit length."""
    vector: np.ndarray = loaded(row).encode_images(image[None])[0]
    return vector
