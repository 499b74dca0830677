"""Arrays that were made of a frame, kept on disk as long as somebody uses them: frames/<fingerprint>/<name>.npy."""

import shutil
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
from django.conf import settings

from search.frames import Frame

KEPT = 14 * 24 * 3600  # seconds since the last use
ROOM = 2 * 2**30  # bytes of all frames together; the longest unused go first
_making: dict[Path, threading.Lock] = {}
_guard = threading.Lock()


def root() -> Path:
    return Path(settings.DATA_DIR) / "frames"


def cached(frame: Frame, name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
    """The array of this name, memory-mapped; made the first time. Threads that ask at once wait for one of them."""
    path = root() / frame.fingerprint / f"{name}.npy"
    with _guard:
        lock = _making.setdefault(path, threading.Lock())
    with lock:
        if not path.is_file():
            keep(path, make())
        path.parent.touch()
        return load(path)


def keep(path: Path, array: np.ndarray) -> None:
    """Write it whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{uuid.uuid4().hex}.npy")
    try:
        np.save(fresh, array)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def load(path: Path) -> np.ndarray:
    """Memory-mapped, but for an array without elements, which cannot be."""
    found: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False) if path.stat().st_size > 128 else np.load(path)
    return found


def tidy() -> list[Path]:
    """Remove frames that nobody has looked at for long, and the longest unused ones beyond ROOM."""
    folders = [path for path in root().iterdir() if path.is_dir()] if root().is_dir() else []
    removed, used = [], 0
    for folder in sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True):
        used += sum(file.stat().st_size for file in folder.iterdir())
        if used > ROOM or time.time() - folder.stat().st_mtime > KEPT:
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder)
    return removed
