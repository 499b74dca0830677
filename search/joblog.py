"""An import's live log: lines in a file of its own, read from its end by who watches."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from search.models import Import

NAME = "log.jsonl"
MOST = 20 * 2**20  # bytes; what an import says beyond that is not kept
TAIL = 2**17  # bytes looked at from the end
LEVELS = ("info", "warning", "error")


def path(job: Import) -> Path:
    return job.folder / NAME


def write(job: Import, text: str, level: str = "info") -> None:
    """Add a line; beyond MOST nothing is added. OSError on a full disk."""
    file = path(job)
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and file.stat().st_size > MOST:
        return
    line = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "level": level, "text": text[:2000]}
    with file.open("ab+") as out:
        start = b"\n" if _is_cut_short(out) else b""
        out.write(start + json.dumps(line, ensure_ascii=False).encode() + b"\n")


def tail(job: Import, lines: int = 200) -> list[dict[str, str]]:
    """The last lines, oldest first: {"at": ISO time, "level", "text"}."""
    try:
        with path(job).open("rb") as file:
            file.seek(0, 2)
            start = max(0, file.tell() - TAIL)
            file.seek(start)
            whole = file.read().decode("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [line for line in map(_read, whole[1 if start else 0 :][-lines:]) if line is not None]


def _is_cut_short(file: BinaryIO) -> bool:
    """Whether the last line has no end, which the next line would be lost in."""
    if not file.seek(0, 2):
        return False
    file.seek(-1, 2)
    return file.read(1) != b"\n"


def _read(line: str) -> dict[str, str] | None:
    """None for a line that was cut short by a killed worker or a full disk, perhaps in the middle of a character."""
    try:
        found: dict[str, str] = json.loads(line)
    except ValueError:
        return None
    return found
