"""Files that come through the browser, in pieces that may stop and go on; search/api/uploads.py speaks tus about them.

An upload is a folder, data/uploads/<id>/: `upload.json` says whose it is, `part` holds the bytes so far, and once they
are all there `part` takes the file's own name. How much has arrived is the length of `part`: nothing else can disagree.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from django.conf import settings
from django.contrib.auth.models import User

from search import filetypes
from search.errors import BadUpload, ChecksumMismatch, DiskFull, NoSuchUpload, QuotaUsed, WrongOffset
from search.models import Dataset, Import, SceneFile

ALGORITHMS = ("sha1", "sha256")
RECORD, PART = "upload.json", "part"
PIECE = 2**20  # bytes read at once
MODELS = 0  # instead of a dataset's number: an encoder for the model store
SPARE = 2**29  # bytes of disk that uploads leave free
UNSAFE = re.compile(r"[^\w.\- ]")


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True)
class Upload:
    id: str
    name: str  # safe to be a file's
    size: int
    dataset: int  # its number, or MODELS
    owner: int
    began: float  # seconds since the epoch

    @property
    def folder(self) -> Path:
        return root() / self.id

    @property
    def file(self) -> Path:
        """Where the whole file lies, once it is whole."""
        return self.folder / self.name

    @property
    def is_whole(self) -> bool:
        return self.file.exists()

    @property
    def offset(self) -> int:
        """Bytes that have arrived."""
        return self.size if self.is_whole else (self.folder / PART).stat().st_size

    @property
    def touched(self) -> float:
        """When its last bytes came, in seconds since the epoch."""
        return (self.file if self.is_whole else self.folder / PART).stat().st_mtime

    @property
    def expires(self) -> float:
        return self.touched + settings.UPLOAD_DAYS * 24 * 3600


def root() -> Path:
    return Path(settings.DATA_DIR) / "uploads"


def create(dataset: Dataset | None, owner: User, *, name: str, size: int) -> Upload:
    """Make room for a file; for the model store without a dataset. BadUpload, WrongType, QuotaUsed, DiskFull."""
    name = safe_name(name)
    (filetypes.check_name if dataset else filetypes.check_model_name)(name)
    if dataset is None and size > settings.MODEL_LIMIT:
        raise BadUpload(f"{name} has {size / 2**30:.2f} GB; an encoder may have {settings.MODEL_LIMIT / 2**30:.1f} GB.")
    if size < 1:
        raise BadUpload(f"{name} is empty: there is nothing to import in it.")
    check_quota(owner, size)
    check_disk(name, size)
    upload = Upload(secrets.token_hex(16), name, size, dataset.pk if dataset else MODELS, owner.pk, time.time())
    upload.folder.mkdir(parents=True)
    (upload.folder / PART).touch()
    (upload.folder / RECORD).write_text(json.dumps(asdict(upload)))
    return upload


def safe_name(name: str) -> str:
    """A file's name without folders and without what a file system or a shell would trip over."""
    plain = UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(". ")[-120:].lstrip(". ")
    if not plain or plain in (RECORD, PART):
        raise BadUpload("Give the file a name with letters or digits, and its usual ending, such as .tif.")
    return plain


def check_quota(owner: User, size: int) -> None:
    used = sum(upload.size for upload in everyones() if upload.owner == owner.pk)
    if settings.UPLOAD_QUOTA and used + size > settings.UPLOAD_QUOTA:
        raise QuotaUsed(
            f"Your uploads may take {settings.UPLOAD_QUOTA / 2**30:.1f} GB in all, and {used / 2**30:.1f} GB are used: "
            "delete a dataset that you uploaded, or ask an administrator to import the files on the server."
        )


def check_disk(name: str, size: int) -> None:
    """Room for it now; what others upload meanwhile is met when it is written."""
    root().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(root()).free
    if size + SPARE > free:
        raise DiskFull(
            f"{name} has {size / 2**30:.2f} GB, and the server's disk has {free / 2**30:.2f} GB left. "
            "Free some space there first, or upload less."
        )


def find(upload_id: str, owner: User) -> Upload:
    """The person's own upload; NoSuchUpload for anybody else's, and for one that was tidied away."""
    upload = read(root() / upload_id)
    if upload is None or upload.owner != owner.pk:
        raise NoSuchUpload("There is no such upload: it was finished, stopped, or left alone for too long.")
    return upload


def read(folder: Path) -> Upload | None:
    try:
        return Upload(**json.loads((folder / RECORD).read_text()))
    except (FileNotFoundError, NotADirectoryError):
        return None


def everyones() -> Iterator[Upload]:
    for folder in sorted(root().glob("*/")):
        upload = read(folder)
        if upload is not None:
            yield upload


def append(upload: Upload, offset: int, stream: Readable, checksum: tuple[str, bytes] | None = None) -> int:
    """Add a piece at `offset` and answer where the next begins. What is refused leaves no trace.

    checksum: algorithm and digest of the piece.  Raises WrongOffset, BadUpload, ChecksumMismatch, WrongType, DiskFull.
    """
    with locked(upload) as part:
        if part is None or part.seek(0, os.SEEK_END) != offset:
            raise WrongOffset(
                f"The piece begins at byte {offset}, but {upload.offset} bytes have arrived: go on there."
            )
        try:
            write(upload, part, stream, checksum)
        except BaseException as error:
            part.truncate(offset)
            if is_full(error):
                raise DiskFull("The server's disk is full. What has arrived is kept: free space, and go on.") from error
            raise
        if part.tell() == upload.size:
            part.flush()
            os.fsync(part.fileno())
            (upload.folder / PART).rename(upload.file)
        return part.tell()


def is_full(error: BaseException) -> bool:
    """Whether it says that the disk has no room left."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def locked(upload: Upload) -> Iterator[IO[bytes] | None]:
    """Its bytes so far, for one writer at a time; None when they are whole already."""
    with (upload.folder / RECORD).open("rb") as record:
        fcntl.flock(record, fcntl.LOCK_EX)
        if upload.is_whole:
            yield None
            return
        with (upload.folder / PART).open("r+b") as part:
            yield part


def write(upload: Upload, part: IO[bytes], stream: Readable, checksum: tuple[str, bytes] | None) -> None:
    first, digest = part.tell() == 0, hashlib.new(checksum[0], usedforsecurity=False) if checksum else None
    while piece := stream.read(PIECE):
        if part.tell() + len(piece) > upload.size:
            raise BadUpload(f"{upload.name} was announced with {upload.size:,} bytes, and more arrived. Send it again.")
        if first:
            (filetypes.check_model if upload.dataset == MODELS else filetypes.check_content)(upload.name, piece)
            first = False
        part.write(piece)
        if digest:
            digest.update(piece)
    if checksum and digest and not secrets.compare_digest(digest.digest(), checksum[1]):
        raise ChecksumMismatch("A piece of the file was damaged on its way. It is sent again.")


def remove(upload: Upload) -> None:
    shutil.rmtree(upload.folder, ignore_errors=True)


def of(dataset: Dataset) -> list[Upload]:
    return [upload for upload in everyones() if upload.dataset == dataset.pk]


def waiting(dataset: Dataset, owner: Any) -> list[Upload]:
    """The person's own that could go on, or are whole and not yet imported."""
    used = in_use(dataset)
    return [upload for upload in of(dataset) if upload.owner == owner.pk and upload.id not in used]


def in_use(dataset: Dataset) -> set[str]:
    """Ids of uploads that an import was made of, or a scene is read from."""
    recipes = Import.objects.filter(dataset=dataset).values_list("recipe", flat=True)
    paths = SceneFile.objects.filter(scene__product__dataset=dataset, path__startswith=str(root()))
    text = json.dumps(list(recipes)) + "\n".join(paths.values_list("path", flat=True))
    return {upload.id for upload in of(dataset) if upload.id in text}


def tidy() -> list[Upload]:
    """Remove what nobody went on with or imported for UPLOAD_DAYS, and what belongs to no dataset any more."""
    removed = []
    for upload in everyones():
        dataset = Dataset.objects.filter(pk=upload.dataset).first()
        stale = upload.expires < time.time()
        belongs = dataset is not None or upload.dataset == MODELS
        if not belongs or (stale and (dataset is None or upload.id not in in_use(dataset))):
            remove(upload)
            removed.append(upload)
    return removed
