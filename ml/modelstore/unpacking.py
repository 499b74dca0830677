"""A stranger's archive, unpacked with limits: plain files only, side by side, none outside, none too large."""

import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from ml.errors import BadEncoder
from ml.modelstore.publishing import SUFFIXES, refusal

MOST_BYTES = 4 * 2**30  # unpacked
MOST_FILES = 64
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_PIECE = 2**20
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, NotImplementedError, UnicodeDecodeError)


class Member(NamedTuple):
    """A file of an archive: its name there, whether it is a plain file, its declared bytes, and its content."""

    name: str
    is_plain: bool
    size: int
    content: IO[bytes]


def is_archive(path: Path) -> bool:
    return path.name.lower().endswith(ARCHIVES)


def unpack(archive: Path, into: Path, *, most_bytes: int = MOST_BYTES) -> None:
    """Write the files of a zip or tar into the folder; a single folder around them is left away.

    Raises BadEncoder for what is no archive, damaged, too large, or holds links, folders, pickles or paths elsewhere.
    What has been written by then is for the caller to remove.
    """
    left = most_bytes
    try:
        for number, member in enumerate(_members(archive)):
            if number >= MOST_FILES:
                raise BadEncoder(f"{archive.name} holds more than {MOST_FILES} files: an encoder is a few.")
            name = _checked(archive, member, most_bytes)
            left -= _write(member, into / name, left, archive, most_bytes)
    except _BROKEN as error:
        raise BadEncoder(f"{archive.name} is damaged or no archive ({error}): pack or fetch it again.") from error
    except RuntimeError as error:  # zipfile's for a password
        raise BadEncoder(f"{archive.name} cannot be read ({error}): pack it without a password.") from error


def _checked(archive: Path, member: Member, most_bytes: int) -> str:
    """The plain name under which the member is written."""
    path = PurePosixPath(member.name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in member.name or "\0" in member.name:
        raise BadEncoder(f"{archive.name} holds a path that leads elsewhere, {member.name[:80]!r}: it is refused.")
    if not member.is_plain:
        raise BadEncoder(f"{archive.name} holds {member.name[:80]!r}, a link or device: pack plain files only.")
    if len(path.parts) > 2:
        raise BadEncoder(
            f"{archive.name} holds folders in folders, {member.name[:80]!r}: pack the encoder's own folder."
        )
    if path.suffix.lower() not in SUFFIXES:
        raise BadEncoder(f"{archive.name} holds {path.name[:80]!r}: {refusal(path.name)}")
    if member.size > most_bytes:
        raise BadEncoder(_too_large(archive, most_bytes))
    return path.name


def _write(member: Member, out: Path, left: int, archive: Path, most_bytes: int) -> int:
    """Bytes written: as many as there are, whatever the archive declares."""
    if out.exists():
        raise BadEncoder(f"{archive.name} holds {out.name} twice: pack the files of one encoder only.")
    written = 0
    with out.open("xb") as file:
        while piece := member.content.read(_PIECE):
            written += len(piece)
            if written > left:
                raise BadEncoder(_too_large(archive, most_bytes))
            file.write(piece)
    return written


def _too_large(archive: Path, most_bytes: int) -> str:
    return f"{archive.name} unpacks to more than {most_bytes / 2**30:.1f} GB, which is what an encoder may have here."


def _members(archive: Path) -> Iterator[Member]:
    """One after another; each must be read before the next. Folders, and what a Mac adds, are left away."""
    for member in _of_zip(archive) if zipfile.is_zipfile(archive) else _of_tar(archive):
        parts = PurePosixPath(member.name).parts
        if not (parts and (parts[0] == "__MACOSX" or parts[-1] == ".DS_Store" or parts[-1].startswith("._"))):
            yield member


def _of_zip(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            mode = info.external_attr >> 16 & 0o170000
            if not info.is_dir():
                with opened.open(info) as content:
                    yield Member(info.filename, mode in (0, 0o100000), info.file_size, content)


def _of_tar(archive: Path) -> Iterator[Member]:
    with tarfile.open(archive, "r:*") as opened:
        for info in opened:
            if info.isdir():
                continue
            content = opened.extractfile(info) if info.isreg() else None
            yield Member(info.name, content is not None and not info.issparse(), info.size, content)  # type: ignore[arg-type]
