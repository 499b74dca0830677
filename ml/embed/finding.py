"""From what a person calls an encoder to its folder."""

from pathlib import Path

from ml import encoders, modelstore
from ml.encoders.entry import CONFIG
from ml.errors import NoSuchModel


def find_encoder(name: str, store: Path | None = None) -> Path:
    """Of a built-in entry, the folder itself, or of a "name" or "name/version" in the model store."""
    builtin, given = encoders.builtin(), Path(name)
    if name in builtin or (given / CONFIG).is_file():
        return builtin.get(name, given)
    try:
        return modelstore.find(store or modelstore.default_store(), name).folder
    except NoSuchModel:
        return given  # which opening it will complain about
