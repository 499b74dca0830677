"""Bringing an encoder in: from an archive, a folder, or a file of weights and what is known about it."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml.encoders.entry import CONFIG
from ml.errors import BadEncoder, NoWeights
from ml.modelstore import checksums
from ml.modelstore.checking import PATIENCE, check, check_sums, complete, reason
from ml.modelstore.names import check_name, slug
from ml.modelstore.publishing import arriving, check_files, publish, refusal
from ml.modelstore.unpacking import ARCHIVES, MOST_BYTES, is_archive, unpack

WEIGHTS = {".safetensors": "weights.safetensors", ".onnx": "model.onnx"}


def upload(
    source: Path,
    models: Path,
    name: str = "",
    *,
    config: Mapping[str, Any] | None = None,
    isolated: bool = False,
    patience: float = PATIENCE,
    most_bytes: int = MOST_BYTES,
) -> Path:
    """Check what `source` brings, and publish it as the next version of `name`; returns the version's folder.

    source: a zip or tar of an entry's folder, as download makes them; the folder itself; or one .safetensors or .onnx
    file.  name: encoder.json's own when empty.  config: settings of encoder.json that are missing or to be replaced;
    with a file of weights, all of them.  isolated, patience: see check.  Raises BadEncoder, with nothing left behind:
    for pickles, whatever they are called, for weights of another architecture, for what makes no finite vectors.
    """
    with arriving(models) as fresh:
        try:
            _bring(source, fresh, most_bytes)
            settings = _settings(fresh, config or {}, source)
            name = check_name(name or str(settings.get("name", "")))
            complete(fresh, check(fresh, isolated=isolated, patience=patience))
        except (BadEncoder, NoWeights) as error:
            raise type(error)(reason(error, fresh, source.name)) from error
        return publish(fresh, models, name, move=True)


def _bring(source: Path, fresh: Path, most_bytes: int) -> None:
    if not source.exists():
        raise FileNotFoundError(f"There is no {source}.")
    if source.is_dir():
        for path in [*check_files(source), *source.glob(checksums.FILE)]:
            shutil.copyfile(path, fresh / path.name)
    elif source.suffix.lower() in WEIGHTS:
        shutil.copyfile(source, fresh / WEIGHTS[source.suffix.lower()])
    elif is_archive(source):
        unpack(source, fresh, most_bytes=most_bytes)
    else:
        raise BadEncoder(f"{source.name} cannot be brought in: {_advice(source)}")


def _advice(source: Path) -> str:
    told = refusal(source.name)
    if "any code" in told:
        return told
    return f"give an archive ({', '.join(ARCHIVES)}) or folder with {CONFIG}, or weights ({', '.join(WEIGHTS)})."


def _settings(fresh: Path, config: Mapping[str, Any], source: Path) -> dict[str, Any]:
    """encoder.json, with `config` over it; what came is checked before anything of it is changed."""
    if (fresh / checksums.FILE).is_file():
        check_sums(fresh)
        (fresh / checksums.FILE).unlink()
    if not (fresh / CONFIG).is_file() and not config:
        raise BadEncoder(
            f"{source.name} has no {CONFIG}, which says what the weights are: give the kind, the architecture and the "
            "licence with it."
        )
    known = _read(fresh / CONFIG)
    settings = {"name": "brought", "version": "0", "licence": "unknown", **known, **config}
    if settings.get("kind") == "onnx" and (fresh / WEIGHTS[".onnx"]).is_file():
        digest = hashlib.sha256((fresh / WEIGHTS[".onnx"]).read_bytes()).hexdigest()
        settings.setdefault("sha256", digest)
    (fresh / CONFIG).write_text(json.dumps(settings, indent=1, sort_keys=True, ensure_ascii=False), encoding="utf-8")
    return settings if (name := settings["name"]) != "brought" else {**settings, "name": slug(source.stem) or name}


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        told = json.loads(path.read_bytes())
    except ValueError as error:
        raise BadEncoder(f"{path.name} is not JSON: {error}") from error
    if not isinstance(told, dict):
        raise BadEncoder(f"{path.name} must be a JSON object, with kind, licence and so on.")
    return told
