"""What has been downloaded of one level of one scene: a line for each tile, in a file among them.

The files are the truth; a line says what a file must be (size and digest), so that one that was cut short or changed is
found and fetched again. Lines are appended as tiles arrive. A finished level is written anew in order, so that two runs
that fetched the same tiles leave the same bytes.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

import psutil
from django.conf import settings

from search.gibs import checking
from search.gibs.planning import Sheet
from search.tilesets import Held

NAME = "tiles.jsonl"
Place = tuple[int, int]  # row, column


@dataclass
class Journal:
    """One level's record.  held: tiles on disk."""

    sheet: Sheet
    level: int
    held: dict[Place, Held] = field(default_factory=dict)
    _rows: set[int] = field(default_factory=set, repr=False)  # whose folders exist
    _out: FileIO | None = field(default=None, repr=False)

    @property
    def folder(self) -> Path:
        return Path(settings.DATA_DIR) / self.sheet.folder / str(self.level)

    def file(self, row: int, col: int) -> Path:
        return self.folder / f"{row}/{col}.{self.sheet.source.extension}"

    @classmethod
    def opened(cls, sheet: Sheet, level: int, wanted: Iterable[Place]) -> "Journal":
        """What of the wanted tiles needs no download: each file is read and compared with its line.

        A whole file without a line was being recorded when its run was killed: it is recorded now.
        """
        journal = cls(sheet, level)
        lines = dict(journal._lines())
        for row, col in wanted:
            if (found := journal._found(row, col, lines.get((row, col)))) is not None:
                journal.held[row, col] = found
        return journal

    def _found(self, row: int, col: int, line: dict | None) -> Held | None:
        """The tile on disk, when it is what the line says, or without a line a good one."""
        try:
            content = self.file(row, col).read_bytes()
        except FileNotFoundError:
            return None
        if line is not None and line["bytes"] == len(content) and line["sha256"] == hashlib.sha256(content).hexdigest():
            return Held(self.level, row, col, line["bytes"], line["sha256"], line["nodata"])
        if line is not None:
            return None
        try:
            good = checking.check(content, self.sheet.source.format, self.sheet.source.grid.tile_size)
        except checking.BadAnswer:
            return None
        return self.add(row, col, good)

    def keep(self, row: int, col: int, content: bytes, good: checking.Checked) -> Held:
        """Put a tile's file in place, whole or not at all, and note it. OSError on a full disk."""
        place = self.file(row, col)
        if row not in self._rows:
            place.parent.mkdir(parents=True, exist_ok=True)
            self._rows.add(row)
        part = place.with_name(f".{place.name}.{unique()}.part")
        try:
            part.write_bytes(content)
            part.replace(place)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        return self.add(row, col, good)

    def add(self, row: int, col: int, good: checking.Checked) -> Held:
        held = Held(self.level, row, col, good.bytes, good.digest, round(good.nodata, 6))
        self.held[row, col] = held
        self._append(_line(held))
        return held

    def _append(self, line: dict) -> None:
        """One write: lines of several processes do not mix, and a torn one stands alone."""
        if self._out is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._out = FileIO(self.folder / NAME, "ab")
        self._out.write(json.dumps(line).encode() + b"\n")

    def close(self) -> None:
        if self._out is not None:
            self._out.close()
            self._out = None

    def _lines(self) -> Iterator[tuple[Place, dict]]:
        """The last line of each tile counts; a torn one is passed over."""
        try:
            content = (self.folder / NAME).read_bytes()
        except FileNotFoundError:
            return
        for text in content.splitlines():
            try:
                line = json.loads(text)
                yield (int(line["row"]), int(line["col"])), line
            except (ValueError, KeyError, TypeError):
                continue

    def settle(self) -> None:
        """Write the record anew, one line a tile, in order; lines of tiles that were not asked for stay.

        Nothing waits for the disk: after a power failure tiles without a line are looked at again.
        """
        self.close()
        lines = dict(self._lines())
        lines |= {place: _line(held) for place, held in self.held.items()}
        if not lines:
            return
        part = self.folder / f".{NAME}.{unique()}.part"
        with part.open("wb") as out:
            out.writelines(json.dumps(lines[place]).encode() + b"\n" for place in sorted(lines))
        part.replace(self.folder / NAME)

    def sweep(self) -> None:
        """Remove files that a killed run had not finished writing."""
        for part in [*self.folder.glob(".*.part"), *self.folder.glob("*/.*.part")]:
            if not _writing(part):
                part.unlink(missing_ok=True)


def unique() -> str:
    """Says which process writes the file."""
    return f"{os.getpid()}-{uuid.uuid4().hex[:8]}"


def _writing(part: Path) -> bool:
    """Whether the process that writes the file still lives."""
    owner = part.name.split(".")[-2].split("-")[0]
    return owner.isdecimal() and psutil.pid_exists(int(owner))


def _line(held: Held) -> dict:
    return {
        "row": held.row,
        "col": held.col,
        "bytes": held.bytes,
        "sha256": held.digest,
        "nodata": held.nodata,
    }
