"""Writing files so that a crash leaves either the old or the new, never half of one."""

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ml.errors import DamagedShard, ShardBusy

FORMAT = 2
READABLE = (1, 2)  # 1: its index was of whole vectors, and is not used any more
MANIFEST = "shard.json"
TILES, VECTORS = "tiles.parquet", "vectors.npy"


def sync(path: Path) -> None:
    """Ask the disk to keep what was written to this file or folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: Any) -> None:
    """Replace path by this JSON, whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, sort_keys=True, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync(path.parent)


def save_tensors(save: Callable[[Any, Path], None], tensors: Any, path: Path) -> None:
    """Write a safetensors file with `save`, its library's; a full disk is OSError, as everywhere, not their own."""
    from safetensors import SafetensorError

    try:
        save(tensors, path)
    except SafetensorError as error:
        if "os error 28" in str(error) or "No space left" in str(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise
    sync(path)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _own_sum(manifest: dict[str, Any]) -> str:
    """SHA-256 of the manifest without its own "sha256", so that a changed number in it shows too."""
    text = json.dumps({k: v for k, v in manifest.items() if k != "sha256"}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def write_manifest(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Add the sizes and checksums of the folder's files to manifest, write it as shard.json and return it."""
    names = sorted(path.name for path in folder.iterdir() if path.name != MANIFEST and not path.name.startswith("."))
    for name in names:
        sync(folder / name)
    files = {name: {"bytes": (folder / name).stat().st_size, "sha256": sha256(folder / name)} for name in names}
    manifest = {**manifest, "format": FORMAT, "files": files}
    manifest["sha256"] = _own_sum(manifest)
    write_json(folder / MANIFEST, manifest)
    return manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """shard.json, checked against its own checksum; raises DamagedShard, also when it is missing."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError as error:
        raise DamagedShard(folder, MANIFEST, "it is missing") from error
    except ValueError as error:
        raise DamagedShard(folder, MANIFEST, f"it is not JSON ({error})") from error
    if not isinstance(manifest, dict) or manifest.get("sha256") != _own_sum(manifest):
        raise DamagedShard(folder, MANIFEST, "its content does not match its own checksum")
    if manifest["format"] not in READABLE:
        raise DamagedShard(folder, MANIFEST, f"it has format {manifest['format']}, this version reads {READABLE}")
    return manifest


def check_files(folder: Path, manifest: dict[str, Any], *, sums: bool) -> None:
    """Compare sizes, and with sums the SHA-256, of the folder's files with shard.json; raises DamagedShard."""
    for name, promised in manifest["files"].items():
        try:
            size = (folder / name).stat().st_size
            changed = sums and size == promised["bytes"] and sha256(folder / name) != promised["sha256"]
        except FileNotFoundError as error:
            raise DamagedShard(folder, name, "it is missing") from error
        except OSError as error:
            raise DamagedShard(folder, name, str(error)) from error
        if size != promised["bytes"]:
            raise DamagedShard(folder, name, f"it has {size} bytes instead of {promised['bytes']}")
        if changed:
            raise DamagedShard(folder, name, "its SHA-256 is not the one in shard.json")


Signature = dict[str, tuple[int, int, int]]


def signature(folder: Path, manifest: dict[str, Any]) -> Signature:
    """inode, size and time of change of shard.json and each file that it names; zeros for one that is gone.

    As long as it stays the same, nobody has written to the files since.
    """
    return {name: _stamp(folder / name) for name in (MANIFEST, *manifest["files"])}


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = os.stat(path)  # noqa: PTH116  asked of every file at every search: half the time of Path.stat
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def fresh_sibling(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder` to fill; it is removed unless the block moved it away."""
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def publish(fresh: Path, folder: Path) -> None:
    """Give a finished folder its name; raises FileExistsError rather than touch what has that name."""
    if folder.exists():
        raise FileExistsError(f"{folder} exists already. Move it away first, or give another folder.")
    sync(fresh)
    fresh.rename(folder)
    sync(folder.parent)


def swap(fresh: Path, folder: Path) -> None:
    """Put a finished folder in the place of another, which is then removed."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    folder.rename(old)
    publish(fresh, folder)
    shutil.rmtree(old)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file; raises ShardBusy when another process does. A killed process lets go of it by itself."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ShardBusy(f"Another process is writing in {path.parent}. Wait until it has ended.") from error
        yield
