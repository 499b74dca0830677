"""Tar files of a bounded size with the same bytes whenever they hold the same (POSIX.1-1988 ustar)."""

import hashlib
import io
import json
import tarfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from django.utils.text import slugify

from search.errors import BadQuery

MOST_BYTES = 256 * 2**20  # of one tar
SMALLEST = 2**16
BLOCK, RECORD = 512, 10240  # tar's


@dataclass(frozen=True)
class Sample:
    """key: without dots, for readers take what follows the first one for the kind.  form: jpg, png or webp."""

    key: str
    form: str
    image: bytes
    about: dict[str, Any]

    def files(self) -> list[tuple[str, bytes]]:
        about = json.dumps(self.about, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()
        return [(f"{self.key}.{self.form}", self.image), (f"{self.key}.json", about)]


class Shards:
    """`with Shards(…) as shards: shards.add(sample) …; shards.finish(…)`; without `finish` nothing of it stays."""

    def __init__(self, folder: Path, prefix: str, most_bytes: int = MOST_BYTES) -> None:
        if slugify(prefix).replace("-", "") != prefix.lower().replace("-", "").replace(".", "") or not prefix:
            raise BadQuery(f"{prefix!r} cannot lead the names of files: use letters, digits, hyphens and underscores.")
        if most_bytes < SMALLEST:
            raise BadQuery(f"A shard of {most_bytes:,} bytes is too small: allow {SMALLEST:,} or more.")
        self.folder, self.prefix, self.most = folder, prefix, most_bytes
        self.samples = 0
        self._listed: list[dict[str, Any]] = []
        self._staging = folder / f".{prefix}-{uuid.uuid4().hex[:12]}.part"
        self._file: BinaryIO | None = None
        self._tar: tarfile.TarFile | None = None
        self._bytes = self._here = 0

    def __enter__(self) -> Self:
        self._staging.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()
        for path in self._staging.iterdir():
            path.unlink()
        self._staging.rmdir()

    def add(self, sample: Sample) -> None:
        files = sample.files()
        needed = sum(BLOCK + (len(content) + BLOCK - 1) // BLOCK * BLOCK for _, content in files)
        if self._tar is None or (self._here and self._bytes + needed + 2 * BLOCK > self.most - RECORD):
            self._open()
        for name, content in files:
            put(assert_open(self._tar), name, content)
        self._bytes += needed
        self._here += 1
        self.samples += 1

    def finish(self, about: dict[str, Any]) -> dict[str, Any]:
        """Put all into place, the index last, and remove shards of an earlier, larger set; returns the index."""
        self._close()
        before = self._earlier()
        for entry in self._listed:
            (self._staging / entry["url"]).replace(self.folder / entry["url"])
        index = {
            "__kind__": "wids-shard-index-v1", "wids_version": 1, "name": self.prefix, **about,
            "samples": self.samples, "bytes": sum(entry["filesize"] for entry in self._listed),
            "shardlist": self._listed,
        }  # fmt: skip
        part = self._staging / "index.json"
        part.write_text(json.dumps(index, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        part.replace(self.folder / f"{self.prefix}.json")
        for name in before - {entry["url"] for entry in self._listed}:
            (self.folder / name).unlink(missing_ok=True)
        return index

    def _earlier(self) -> set[str]:
        """The shards that the index in place lists, where their names are ours."""
        try:
            index = json.loads((self.folder / f"{self.prefix}.json").read_text(encoding="utf-8"))
            names = {str(entry["url"]) for entry in index["shardlist"]}
        except (OSError, ValueError, KeyError, TypeError):
            return set()
        return {name for name in names if name.startswith(f"{self.prefix}-") and "/" not in name}

    def _open(self) -> None:
        self._close()
        path = self._staging / f"{self.prefix}-{len(self._listed):06d}.tar"
        self._file = path.open("wb")
        self._tar = tarfile.TarFile(fileobj=self._file, mode="w", format=tarfile.USTAR_FORMAT)
        self._bytes = self._here = 0

    def _close(self) -> None:
        if self._tar is None or self._file is None:
            return
        self._tar.close()
        self._file.close()
        path = Path(self._file.name)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        listed = {"url": path.name, "nsamples": self._here, "filesize": path.stat().st_size, "sha256": digest}
        self._listed.append(listed)
        self._tar = None


def put(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)  # owner 0, time 0
    entry.size, entry.mode = len(content), 0o644
    tar.addfile(entry, io.BytesIO(content))


def assert_open(tar: tarfile.TarFile | None) -> tarfile.TarFile:
    if tar is None:
        raise ValueError("no shard is open")
    return tar
