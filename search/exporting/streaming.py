"""Files that are written as they are read: nothing of them is kept but the piece that is on its way."""

import csv
import io
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from channels.db import database_sync_to_async

from search.exports import defused

PIECE = 256 * 1024  # bytes
LONGEST = 0.5  # seconds that the first bytes of a piece wait for the others


class Line:
    """What csv.writer writes to: hands each line back."""

    def write(self, text: str) -> str:
        return text


_writer: Any = csv.writer(Line())


def table(columns: Sequence[str], rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    """CSV (RFC 4180). What strangers wrote, and what begins like a formula, is defused for spreadsheets."""
    yield line(columns, {name: name for name in columns})
    for row in rows:
        yield line(columns, row)


def line(columns: Sequence[str], row: dict[str, Any]) -> str:
    written: str = _writer.writerow([defused(row[name]) for name in columns])
    return written


class Drain(io.RawIOBase):
    """A file for libraries that want one to write to; what they have written is taken out, piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._place = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._place += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._place

    def taken(self) -> bytes:
        """Everything since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def pieces(parts: Iterator[str] | Iterator[bytes]) -> Iterator[bytes]:
    """Gathered to about PIECE each; sooner when they come slowly."""
    held, size, since = [], 0, time.monotonic()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        held.append(data)
        size += len(data)
        if size >= PIECE or (size and time.monotonic() - since > LONGEST):
            yield b"".join(held)
            held, size, since = [], 0, time.monotonic()
    if held:
        yield b"".join(held)


async def streamed(parts: Iterator[str] | Iterator[bytes]) -> AsyncIterator[bytes]:
    """For an ASGI server, which would gather a plain iterator whole before it sends anything."""
    gathered = pieces(parts)
    pull = database_sync_to_async(lambda: next(gathered, b""))
    while data := await pull():
        yield data


def save(parts: Iterable[bytes], path: Path) -> int:
    """Whole or not at all; how many bytes."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        with fresh.open("wb") as file:
            size = sum(file.write(part) for part in parts)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return size
