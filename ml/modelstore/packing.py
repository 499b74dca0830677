"""A version as one file to take along: a zip that is made while it is sent, and holds every file as it is."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ml.modelstore.checksums import FILE, verify
from ml.modelstore.listing import Version

_PIECE = 2**20


def file_name(version: Version) -> str:
    return f"{version.name}-{version.version}.zip"


def zipped(version: Version) -> Iterator[bytes]:
    """The pieces of a zip with the version's folder, checksums.json included; nothing of it is kept on disk."""
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(version.folder.iterdir()):
            if not path.is_file() or path.is_symlink() or path.name.startswith("."):
                continue
            info = zipfile.ZipInfo.from_file(path, f"{version.name}-{version.version}/{path.name}")
            with path.open("rb") as file, archive.open(info, "w", force_zip64=True) as member:
                while piece := file.read(_PIECE):
                    member.write(piece)
                    yield from pieces.taken()
    yield from pieces.taken()


def download(version: Version, out: Path) -> Path:
    """Write the zip to `out`, or into it where it is a folder; whole or not at all.

    Raises FileExistsError, and DamagedModel rather than pass on what is no longer what was published.
    """
    path = out / file_name(version) if out.is_dir() else out
    if path.exists():
        raise FileExistsError(f"{path} exists already. Move it away first, or give another file.")
    if (version.folder / FILE).is_file():
        verify(version.folder)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(zipped(version))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


class _Pieces:
    """What zipfile writes to, and we take from."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._written = 0

    def write(self, data: bytes, /) -> int:
        self._held.append(bytes(data))
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing is open."""

    def flush(self) -> None:
        """Nothing waits."""

    def taken(self) -> Iterator[bytes]:
        held, self._held = self._held, []
        yield from held
