"""What was found out about files, remembered until they change.

So a stopped import goes on where it was, and a repeated one looks at what is new only. One file of lines a dataset; a
line that was cut short by a kill is ignored.
"""

import json
import os
import threading
from pathlib import Path
from typing import Any

FORMAT = 1


class Ledger:
    """Findings by path and by what else they depend on; written as they come, by any number of threads."""

    def __init__(self, path: Path, about: str) -> None:
        self._path, self._about, self._guard = path, f"{FORMAT} {about}", threading.Lock()
        self._known = {entry["file"]: entry for entry in self._read() if entry.get("about") == self._about}

    def _read(self) -> list[dict[str, Any]]:
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def find(self, path: Path) -> dict[str, Any] | None:
        """What was found out about this very file; None when it is new or has changed since."""
        entry = self._known.get(str(path))
        return entry["found"] if entry and entry["identity"] == identity(path) else None

    def add(self, path: Path, found: dict[str, Any]) -> None:
        entry = {"about": self._about, "file": str(path), "identity": identity(path), "found": found}
        line = json.dumps(entry, ensure_ascii=False, allow_nan=False) + "\n"
        with self._guard:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)


def identity(path: Path) -> list[int]:
    """Device, inode, size, nanoseconds of the last change of content and of anything."""
    found = os.stat(path)  # noqa: PTH116
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]
