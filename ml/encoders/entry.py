"""A model store entry: a folder with encoder.json and, for networks, weights in safetensors.

encoder.json: {"name", "version", "kind", "licence", …}; what else depends on the kind:

    colour       nothing
    torchvision  architecture; [mean, std, size, dim, arguments; layers: {layer: channels}, for joined encoders]
    timm         the same; [bands: of the images, 3 unless said]
    ssl          learnt here: timm's architecture, bands, mean and std of each band (0-1), stretch: [[lowest, highest]]
                 of each band's raw values, or null where they are bytes already; [projection.safetensors]
    onnx         an ONNX file, model.onnx, with its sha256 (onnx_model.py); [size, bands, mean, std, projection]
    open_clip    architecture, or an open_clip_config.json beside it; [pretrained: a tag to download; towers: "image"
                 where the weights lack the text's]
    structure    nothing; knots in projection.safetensors
    statistics   network: an entry of torchvision's, layers: {layer: channels}; knots in projection.safetensors
    joined       parts: [{"entry", "weight", [layers: names of the entry's layers instead of its vector]}, …], where
                 the entry is a name, or in the model store also "name/version"
    reduced      of: an entry, named as in parts; projection.safetensors; [words: false where text no longer fits]

projection.safetensors of ssl, onnx and reduced: "mean" (d,) and "matrix" (d, smaller); what comes out is
unit((unit vector - mean) @ matrix).
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.errors import BadEncoder

CONFIG = "encoder.json"
REVISION = 1  # part of every fingerprint: raise it when code here changes what comes out of the same weights
_REQUIRED = {"name": str, "version": str, "kind": str, "licence": str}
_FILES = {"weights": ".safetensors", "projection": ".safetensors", "model": ".onnx"}  # settings that may name a file
MOST_BANDS = 64
_EXTRA = ("open_clip_config.json", "tokenizer.json")


@dataclass(frozen=True)
class Entry:
    """fingerprint: 16 hex digits over the settings, the weights and the code's revision."""

    folder: Path
    config: dict[str, Any]
    fingerprint: str

    @property
    def bands(self) -> int:
        given = self.config.get("bands", 3)
        if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= MOST_BANDS:
            raise BadEncoder(f'{self.folder}: "bands" must be a number from 1 to {MOST_BANDS}, not {given!r}.')
        return given

    def has(self, setting: str) -> bool:
        return (self.folder / _file_name(self.config, setting)).is_file()

    def file(self, setting: str) -> Path:
        """Where the entry's weights, projection or model are; BadEncoder when missing, or when it may be a pickle."""
        return file_in(self.folder, _file_name(self.config, setting), _FILES[setting])


def read(folder: Path) -> Entry:
    """Raises BadEncoder when the folder is not a usable entry."""
    config = _config(folder)
    digest = hashlib.sha256(json.dumps([REVISION, config], sort_keys=True).encode())
    named = [file_in(folder, str(config[setting]), end).name for setting, end in _FILES.items() if setting in config]
    for name in sorted({*named, *(f"{setting}{end}" for setting, end in _FILES.items()), *_EXTRA}):
        if (folder / name).is_file():
            with (folder / name).open("rb") as file:
                digest.update(name.encode() + hashlib.file_digest(file, "sha256").digest())
    return Entry(folder, config, digest.hexdigest()[:16])


def _file_name(config: dict[str, Any], setting: str) -> str:
    return str(config.get(setting, f"{setting}{_FILES[setting]}"))


def file_in(folder: Path, name: str, ending: str = ".safetensors") -> Path:
    """The file `name` in folder; raises BadEncoder for a path that leads elsewhere, is missing, or may be a pickle."""
    path = folder / name
    if Path(name).name != name:
        raise BadEncoder(f"{folder / CONFIG} names the file {name!r}: it must lie in the entry's own folder.")
    if path.suffix != ending:
        raise BadEncoder(
            f"{path} is refused: pickled and scripted checkpoints can run any code when they are opened. Convert it, "
            "where you trust it, with safetensors.torch.save_file(state_dict, 'weights.safetensors')."
        )
    if not path.is_file():
        raise BadEncoder(f"{path} is missing: put the weights there, or correct {CONFIG}.")
    return path


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / CONFIG).read_bytes())
    except FileNotFoundError as error:
        raise BadEncoder(f"{folder} is not a model store entry: it has no {CONFIG}.") from error
    except ValueError as error:
        raise BadEncoder(f"{folder / CONFIG} is not JSON: {error}") from error
    for key, kind in _REQUIRED.items():
        if not isinstance(config, dict) or not isinstance(config.get(key), kind):
            raise BadEncoder(f'{folder / CONFIG} needs "{key}", a text.')
    return dict(config)


def combine(fingerprints: list[str]) -> str:
    return hashlib.sha256(" ".join(fingerprints).encode()).hexdigest()[:16]
