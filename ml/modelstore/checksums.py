"""checksums.json: what a version's files were when it was published."""

import hashlib
import json
from pathlib import Path
from typing import Any

from ml.errors import DamagedModel
from ml.shards.files import sha256, sync, write_json

FILE = "checksums.json"


def files_of(folder: Path) -> list[Path]:
    """What a version consists of, checksums.json apart."""
    return sorted(path for path in folder.iterdir() if path.name != FILE)


def seal(folder: Path) -> dict[str, str]:
    """Write checksums.json over all files of the folder, once they have reached the disk; returns name -> SHA-256."""
    files = {path.name: sha256(path) for path in files_of(folder)}
    for name in files:
        sync(folder / name)
    write_json(folder / FILE, {"files": files, "sha256": _own_sum(files)})
    return files


def read(folder: Path) -> dict[str, str]:
    """name -> SHA-256 as promised; raises DamagedModel when checksums.json is missing or was changed."""
    try:
        told = json.loads((folder / FILE).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DamagedModel(f"{folder} has no {FILE}: it is not a whole version of the store.") from error
    except ValueError as error:
        raise DamagedModel(f"{folder / FILE} is not JSON ({error}). {_ADVICE}") from error
    files = told.get("files") if isinstance(told, dict) else None
    if not isinstance(files, dict) or told.get("sha256", _own_sum(files)) != _own_sum(files):
        raise DamagedModel(f"{folder / FILE} does not match its own checksum. {_ADVICE}")
    return files


def damage(folder: Path) -> list[str]:
    """What is wrong with a version, a sentence a file; empty when every byte is as published."""
    try:
        promised = read(folder)
    except DamagedModel as error:
        return [str(error)]
    there = {path.name for path in files_of(folder)}
    missing = [f"{name} is missing." for name in sorted(set(promised) - there)]
    strange = [f"{name} was not there when it was published." for name in sorted(there - set(promised))]
    changed = [f"{name} was changed." for name in sorted(there & set(promised)) if _changed(folder / name, promised)]
    return missing + changed + strange


def verify(folder: Path) -> None:
    """Read every byte of a version; raises DamagedModel, which names what is missing, changed or added."""
    if found := damage(folder):
        raise DamagedModel(f"{folder.parent.name}/{folder.name} is damaged: {' '.join(found)} {_ADVICE}")


def _changed(path: Path, promised: dict[str, Any]) -> bool:
    return not path.is_file() or sha256(path) != promised[path.name]


def _own_sum(files: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


_ADVICE = "Copy it again from where it came, or retire it and use another version."
