"""The model store: encoders as folders, <store>/<name>/<version>/, which never change once they are there.

    encoder.json    what it is (ml/encoders/entry.py); beside it weights.safetensors or an .onnx file
    card.json       what was measured, for encoders that were trained; card.md: the same for people
    checksums.json  SHA-256 of each of the others, written last
    ../store.json   what may change: the promoted version of the name, and those that are no longer offered

What comes with Lookalike lies in ml/store/ and is listed with the rest.  Nothing here imports torch before an encoder
runs.
"""

from ml.modelstore.checksums import verify
from ml.modelstore.listing import Version, find, listed, versions
from ml.modelstore.names import default_store
from ml.modelstore.publishing import publish
from ml.modelstore.standing import promote, retire, unretire

__all__ = [
    "Version", "default_store", "find", "listed", "promote", "publish", "retire", "unretire", "verify", "versions",
]  # fmt: skip
