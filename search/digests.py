"""Digests that name imagery: of one file, and of a scene's files together."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def file_digest(path: Path) -> str:
    """SHA-256, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def version_of(digests: Iterable[str]) -> str:
    """A scene's version: 12 hexadecimal digits that change with any of its files, whatever their order."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()[:12]
