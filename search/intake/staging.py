"""Unfinished files and folders, signed by the process that writes them: what a killed one left is swept away."""

import shutil
import socket
import uuid
from pathlib import Path

from search.models.buildable import alive, this_worker

PREFIX = ".part-"


def beside(target: Path) -> Path:
    """A name for what will be `target` once it is whole."""
    return target.parent / f"{PREFIX}{uuid.uuid4().hex[:12]}-{this_worker()}"


def sweep(home: Path) -> None:
    """Remove what processes of this machine that are no longer there left below `home`."""
    for path in home.rglob(f"{PREFIX}*"):
        worker = path.name.removeprefix(PREFIX).split("-", 1)[-1]
        if worker.rsplit(":", 2)[0] == socket.gethostname() and worker.count(":") >= 2 and not alive(worker):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
