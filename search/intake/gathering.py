"""From what people name to files to look at: folders are looked through, zips unpacked, lists and footprints read,
addresses fetched. What comes from elsewhere is brought into the data folder first and never trusted."""

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.conf import settings

from search.digests import file_digest
from search.errors import BadAddress, BadImagery, TooLarge
from search.filetypes import VIDEOS, is_video
from search.intake import footprints, lists, remote, staging, zips
from search.intake.items import Item

RASTERS = frozenset({".tif", ".tiff", ".vrt", ".jp2", ".j2k", ".img", ".asc", ".hgt"})
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"})
IMAGES = RASTERS | PICTURES
TAKEN = IMAGES | VIDEOS
NOT_CLASSES = frozenset({"train", "val", "valid", "validation", "test", "images", "data"})  # folders that split a set


@dataclass
class Found:
    """items: files to look at, in order.  refused: what could not be had, and why.  made: new folders below home.

    notes: what was taken all the same, though something is wrong with it.
    """

    home: Path
    items: list[Item] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    made: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def undo(self) -> None:
        """Nothing of an import that came to nothing stays."""
        for path in self.made:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def gather(paths: Iterable[Path | str], home: Path, describing: Path | None = None) -> Found:
    """Everything that the paths name.  describing: a STAC item or footprints, which name files too.

    A path that is not there is BadImagery; a single file or address that cannot be had is listed as refused.
    """
    staging.sweep(home)
    found = Found(home)
    for path in [*paths, *([describing] if describing else [])]:
        text = str(path)
        try:
            found.items += fetched(found, text) if remote.is_address(text) else named(found, Path(path))
        except (BadAddress, TooLarge, BadImagery) as error:
            if not (remote.is_address(text) or Path(path).exists()):
                raise
            found.refused.append((text, str(error)))
    found.items = list({item.path: item for item in found.items}.values())
    return found


def named(found: Found, path: Path) -> list[Item]:
    """What one path names; links are not followed."""
    if path.is_symlink():
        raise BadImagery(f"{path.name} is a link: name the file itself.")
    trusted = not is_upload(path)
    if path.is_dir():
        return list(within(path.resolve(), trusted=trusted))
    if not path.is_file():
        raise BadImagery(f"There is no file or folder {path}.")
    path = path.resolve()
    if path.suffix.lower() == ".zip":
        return from_zip(found, path)
    if lists.is_list(path):
        return from_list(found, path, trusted=trusted)
    if path.suffix.lower() in footprints.ENDINGS:
        return from_footprints(found, path, trusted=trusted)
    stays = trusted or is_video(path)  # of a video its frames are kept, not the upload
    return [Item(path if stays else kept(found, path), trusted, name=path.name)]


def within(folder: Path, *, trusted: bool) -> Iterator[Item]:
    """Images and videos below a folder, with the class subfolder each is in; what lies behind a link is left out."""
    for root, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            path = Path(root) / name
            if path.suffix.lower() in TAKEN and not name.startswith(".") and path.is_file() and not path.is_symlink():
                yield Item(path, trusted, label=label_of(path.relative_to(folder)))


def label_of(path: Path) -> str:
    """The first folder of a relative path that names a class; "" for none."""
    return next((part for part in path.parts[:-1] if part.lower() not in NOT_CLASSES), "")


def from_zip(found: Found, path: Path) -> list[Item]:
    folder = found.home / "zips" / file_digest(path)[:16]
    fresh = not folder.exists()
    zips.unpacked(path, folder, TAKEN)
    if fresh:
        found.made.append(folder)
    return list(within(inner(folder), trusted=False))


def inner(folder: Path) -> Path:
    """A zip's only folder, where that holds folders again: it names the set, not a class."""
    inside = [path for path in folder.iterdir() if not path.name.startswith(".")]
    alone = len(inside) == 1 and inside[0].is_dir()
    return inner(inside[0]) if alone and any(path.is_dir() for path in inside[0].iterdir()) else folder


def from_list(found: Found, path: Path, *, trusted: bool) -> list[Item]:
    return [
        replace(item, label=row.label or item.label, day=row.day, meta=row.meta)
        for row in lists.read(path)
        for item in of(found, path, row.where, trusted=trusted)
    ]


def from_footprints(found: Found, path: Path, *, trusted: bool) -> list[Item]:
    return [
        replace(item, day=entry.day, bands=entry.bands)
        for entry in footprints.read(path)
        for item in of(found, path, entry.where, trusted=trusted)
    ]


def of(found: Found, document: Path, where: str, *, trusted: bool) -> list[Item]:
    """The file that a list or footprint names; none, with a line among the refused, when it cannot be had."""
    try:
        if remote.is_address(where):
            return fetched(found, where)
        path = (document.parent / where).resolve()
        if not trusted and not path.is_relative_to(document.parent):
            raise BadImagery(f"{document.name} names {where[:80]!r}, outside its own folder: name what was sent along.")
        if (document.parent / where).is_symlink():
            raise BadImagery(f"{where[:80]} is a link: name the file itself.")
        if not path.is_file():
            raise BadImagery(f"{document.name} names {where[:80]!r}, which is not there.")
        return [Item(path if trusted else kept(found, path), trusted, name=path.name)]
    except (BadImagery, BadAddress, TooLarge) as error:
        found.refused.append((where, str(error)))
        return []


def fetched(found: Found, url: str) -> list[Item]:
    folder = found.home / "fetched"
    fresh = not (folder / remote.name_of(url)).exists()
    path = remote.fetched(url, folder)
    if fresh:
        found.made.append(path)
    if path.suffix.lower() == ".zip":
        return from_zip(found, path)
    return [Item(path, trusted=False, name=path.name.split("-", 1)[1])]


def kept(found: Found, path: Path) -> Path:
    """An uploaded file among the dataset's own: uploads are tidied away."""
    target = found.home / "uploaded" / path.parent.name / path.name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(path)
        except OSError:  # another file system
            part = staging.beside(target)
            shutil.copyfile(path, part)
            part.replace(target)
        found.made.append(target)
    return target


def is_upload(path: Path) -> bool:
    return path.resolve().is_relative_to((Path(settings.DATA_DIR) / "uploads").resolve())
