"""A finished folder becomes the next version of a name, whole or not at all."""

import json
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ml.encoders import entry as entries
from ml.encoders.entry import CONFIG
from ml.errors import BadEncoder, NoSuchModel
from ml.modelstore import checksums, standing
from ml.modelstore.listing import find
from ml.modelstore.names import VERSION, builtin, check_name
from ml.shards.files import publish as give_name
from ml.shards.files import write_json

ARRIVING = ".arriving"  # beside the names, on the same disk: what is not yet a version
SUFFIXES = (".json", ".safetensors", ".onnx", ".md", ".txt", ".png", ".jpg", ".jpeg", ".webp", ".svg", ".csv")
PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib")
_LEFT_BEHIND = 24 * 3600  # seconds after which a killed process's half version is removed


def publish(folder: Path, models: Path, name: str, *, move: bool = False) -> Path:
    """Make a finished entry the next version of `name` in the store `models`; returns the version's folder.

    encoder.json gets the name and the version; checksums.json is written last.  The folder stays as it is unless it may
    be moved.  Any number of processes may publish at once: each gets a number of its own.  Raises BadEncoder for a name
    or a folder that cannot be an encoder's; OSError, with nothing left behind, when the disk is full.
    """
    check_name(name)
    with arriving(models) as fresh:
        _take(folder, fresh, move=move)
        home = models / name
        home.mkdir(exist_ok=True)
        with standing.changing(home) as state:
            there = (int(path.name) for path in home.iterdir() if VERSION.fullmatch(path.name))
            state.last = max(state.last, *there, 0) + 1
            _name(fresh, name, str(state.last))
            checksums.seal(fresh)
            give_name(fresh, home / str(state.last))
    return home / str(state.last)


@contextmanager
def arriving(models: Path) -> Iterator[Path]:
    """An empty folder on the store's disk to fill; it is removed unless the block moved it away."""
    fresh = models / ARRIVING / uuid.uuid4().hex
    fresh.mkdir(parents=True)
    _tidy(fresh.parent)
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def check_files(folder: Path) -> list[Path]:
    """The files of a finished entry; raises BadEncoder for pickles, links, folders and whatever else has no place."""
    found = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.name != checksums.FILE)
    for path in found:
        if path.is_symlink() or not path.is_file():
            raise BadEncoder(f"{path} is not a plain file: an encoder is a folder of files, without links and folders.")
        if path.suffix.lower() not in SUFFIXES:
            raise BadEncoder(f"{path} cannot be part of an encoder: {refusal(path.name)}")
    return found


ANY_CODE = (
    "pickled checkpoints can run any code when they are opened, so they are not opened here. Convert it on a machine "
    "of yours, if you trust where it comes from: python -m ml.modelstore convert FILE, or import-openclip for CLIP "
    "models."
)


def refusal(name: str) -> str:
    """Why a file of this name is not taken, and what to do."""
    if Path(name).suffix.lower() in PICKLES:
        return ANY_CODE
    return f"only {', '.join(SUFFIXES)} are."


def _take(folder: Path, fresh: Path, *, move: bool) -> None:
    for path in check_files(folder):
        if move:
            shutil.move(path, fresh / path.name)
        else:
            shutil.copyfile(path, fresh / path.name)
        (fresh / path.name).chmod(0o644)  # safetensors writes files that only their owner may read
    config = _config(fresh)
    if isinstance(config.get("parts"), list):
        config["parts"] = [_pinned(part, "entry", fresh.parents[1]) for part in config["parts"]]
    config = _pinned(config, "of", fresh.parents[1])
    write_json(fresh / CONFIG, {"name": "new", "version": "0", **config})
    entries.read(fresh)


def _pinned(told: Any, key: str, models: Path) -> Any:
    """Settings that name another entry, with its version: promoting another one later changes nothing here."""
    if not isinstance(told, dict) or not isinstance(told.get(key), str) or told[key] in builtin():
        return told
    try:
        return {**told, key: find(models, told[key]).reference}
    except NoSuchModel as error:
        raise BadEncoder(f"The encoder is made of {told[key]!r}, which is not in this store: {error}") from error


def _name(fresh: Path, name: str, version: str) -> None:
    write_json(fresh / CONFIG, {**_config(fresh), "name": name, "version": version})


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / CONFIG).read_bytes())
    except FileNotFoundError as error:
        raise BadEncoder(f"{folder} is not a model store entry: it has no {CONFIG}.") from error
    except ValueError as error:
        raise BadEncoder(f"{folder / CONFIG} is not JSON: {error}") from error
    if not isinstance(config, dict):
        raise BadEncoder(f"{folder / CONFIG} must be a JSON object, with kind, licence and so on.")
    return config


def _tidy(folder: Path) -> None:
    for left in folder.iterdir():
        if left.stat().st_mtime < time.time() - _LEFT_BEHIND:
            shutil.rmtree(left, ignore_errors=True)
