"""Zip archives of any size, written to a stream that nobody can go back in (PKWARE APPNOTE 6.3.10).

Python's zipfile keeps half a kilobyte of every file in memory until the end, of a million pictures half a gigabyte.
Here the list of files waits on disk. Contents are stored as they are: pictures don't get smaller.
"""

import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

UTF8, STORED = 0x0800, 0
DATE = 0x21  # 1980-01-01, the first that there is: the same files give the same bytes
LARGE = 0xFFFFFFFF
OLD, ZIP64 = 20, 45  # versions needed to extract
UNIX = 3 << 8
MODE = 0o100644 << 16
COPY = 1 << 18


class ZipStream:
    """`with ZipStream() as zip_: yield from zip_.add(name, content); …; yield from zip_.end()`"""

    def __init__(self) -> None:
        self._listed = tempfile.TemporaryFile()  # noqa: SIM115  closed by __exit__
        self._place = self._files = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listed.close()

    def add(self, name: str, content: bytes) -> Iterator[bytes]:
        return self.add_pieces(name, [content], len(content), zlib.crc32(content))

    def add_pieces(self, name: str, pieces: Iterable[bytes], size: int, crc: int) -> Iterator[bytes]:
        """Of a content whose size and CRC-32 are known before."""
        encoded, start = name.encode(), self._place
        extra = struct.pack("<HHQQ", 1, 16, size, size) if size >= LARGE else b""
        short = min(size, LARGE)
        needs = ZIP64 if extra else OLD
        shared = struct.pack("<HHHHIIIHH", UTF8, STORED, 0, DATE, crc, short, short, len(encoded), len(extra))
        yield self._counted(b"PK\3\4" + struct.pack("<H", needs) + shared + encoded + extra)
        for piece in pieces:
            yield self._counted(piece)
        self._list(encoded, size, crc, start)

    def _list(self, encoded: bytes, size: int, crc: int, start: int) -> None:
        """4.3.12: sizes and places beyond 4 GiB go into an extra field (4.5.3)."""
        long = [value for value in (size, size, start) if value >= LARGE]
        extra = struct.pack(f"<HH{len(long)}Q", 1, 8 * len(long), *long) if long else b""
        short, place = min(size, LARGE), min(start, LARGE)
        needs = ZIP64 if long else OLD
        self._listed.write(
            b"PK\1\2"
            + struct.pack("<HHHHHHIII", UNIX | needs, needs, UTF8, STORED, 0, DATE, crc, short, short)
            + struct.pack("<HHHHHII", len(encoded), len(extra), 0, 0, 0, MODE, place)
            + encoded
            + extra
        )
        self._files += 1

    def end(self) -> Iterator[bytes]:
        """The list of files, and where it is."""
        start, size = self._place, self._listed.tell()
        self._listed.seek(0)
        while some := self._listed.read(COPY):
            yield self._counted(some)
        if self._files >= 0xFFFF or start >= LARGE or size >= LARGE:
            large = struct.pack("<QHHIIQQQQ", 44, UNIX | ZIP64, ZIP64, 0, 0, self._files, self._files, size, start)
            yield b"PK\6\6" + large + b"PK\6\7" + struct.pack("<IQI", 0, self._place, 1)
        files = min(self._files, 0xFFFF)
        yield b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, files, files, min(size, LARGE), min(start, LARGE), 0)

    def _counted(self, piece: bytes) -> bytes:
        self._place += len(piece)
        return piece
