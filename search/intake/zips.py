"""Zips from strangers, unpacked with every entry checked first: all of it, or nothing."""

import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from django.conf import settings

from search.errors import BadImagery, TooLarge
from search.intake import staging

MOST_ENTRIES = 200_000
MOST_RATIO = 200  # bytes unpacked for one packed; real imagery stays below 20
FREE_OF_RATIO = 2**20  # bytes below which an entry may be packed as well as it likes
DEEPEST = 20  # folders within folders
SPARE = 2**29  # bytes of disk that stay free
PIECE = 2**20
_LINK, _PLAIN = stat.S_IFLNK, (0, stat.S_IFREG, stat.S_IFDIR)


def unpacked(path: Path, folder: Path, wanted: frozenset[str]) -> Path:
    """The zip's files with a wanted ending, unpacked into `folder`, which appears whole or not at all.

    A folder that is there already is taken as it is.  Raises BadImagery for what is not a zip, is encrypted or
    damaged, or holds a name that leads out of the folder, a link or a bomb; TooLarge when it does not fit.
    """
    if folder.is_dir():
        return folder
    part = staging.beside(folder)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = checked(path, archive, wanted)
            part.mkdir(parents=True)
            for entry in entries:
                extract(archive, entry, part / entry.filename)
        part.rename(folder)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, ValueError) as error:
        raise BadImagery(f"{path.name} is not a zip that can be read ({error}). Pack or fetch it again.") from error
    except RuntimeError as error:  # zipfile's word for a password
        raise BadImagery(f"{path.name} is locked with a password: pack it again without one.") from error
    except OSError as error:
        raise BadImagery(f"{path.name} could not be unpacked: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def checked(path: Path, archive: zipfile.ZipFile, wanted: frozenset[str]) -> list[zipfile.ZipInfo]:
    """The entries to unpack. Every entry is looked at: one that is hostile condemns the zip."""
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise BadImagery(f"{path.name} has {len(entries):,} entries; {MOST_ENTRIES:,} are allowed. Split it.")
    for entry in entries:
        check_entry(path, entry)
    names = [entry.filename.casefold() for entry in entries]
    if len(set(names)) != len(names):
        raise BadImagery(f"{path.name} holds two files of the same name: pack it again.")
    if sum(entry.compress_size for entry in entries) > path.stat().st_size:
        raise BadImagery(f"{path.name} is made to unpack the same bytes many times (a zip bomb). It was left alone.")
    taken = [entry for entry in entries if is_wanted(entry, wanted)]
    if not taken:
        raise BadImagery(f"{path.name} holds no images: {', '.join(sorted(wanted))} are taken.")
    check_size(path, sum(entry.file_size for entry in taken))
    return taken


def check_entry(path: Path, entry: zipfile.ZipInfo) -> None:
    name, kind = entry.filename, stat.S_IFMT(entry.external_attr >> 16)
    parts = PurePosixPath(name).parts
    if name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in parts or len(parts) > DEEPEST:
        raise BadImagery(f"{path.name} holds {name[:80]!r}, which leads out of its folder. It was left alone.")
    if kind == _LINK or kind not in _PLAIN:
        raise BadImagery(
            f"{path.name} holds {name[:80]!r}, a link or a device instead of a file. Pack the file itself."
        )
    if entry.flag_bits & 1:
        raise BadImagery(f"{path.name} is locked with a password: pack it again without one.")
    if entry.file_size > max(FREE_OF_RATIO, MOST_RATIO * entry.compress_size):
        raise BadImagery(
            f"{path.name} holds {name[:80]!r}, which would grow from {entry.compress_size:,} to {entry.file_size:,} "
            "bytes (a zip bomb). It was left alone."
        )


def is_wanted(entry: zipfile.ZipInfo, wanted: frozenset[str]) -> bool:
    """macOS adds a shadow of every file, which is no image."""
    path = PurePosixPath(entry.filename)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return not entry.is_dir() and not hidden and path.suffix.lower() in wanted


def check_size(path: Path, size: int) -> None:
    if size > settings.IMPORT_LIMIT:
        raise TooLarge(
            f"{path.name} holds {size / 2**30:.1f} GB; IMPORT_LIMIT_GB allows {settings.IMPORT_LIMIT / 2**30:.1f}: "
            "split it."
        )
    free = shutil.disk_usage(settings.DATA_DIR).free
    if size + SPARE > free:
        raise TooLarge(f"{path.name} unpacks to {size / 2**30:.2f} GB, and the disk has {free / 2**30:.2f} GB left.")


def extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    """Never more than it promised: the sizes that were checked may lie."""
    target.parent.mkdir(parents=True, exist_ok=True)
    left = entry.file_size
    with archive.open(entry) as source, target.open("xb") as out:
        while piece := source.read(PIECE):
            left -= len(piece)
            if left < 0:
                raise zipfile.BadZipFile(f"{entry.filename[:80]!r} is longer than it says")
            out.write(piece)
