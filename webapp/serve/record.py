"""run/serve.lock says whether a supervisor lives; run/serve.json where it answers and which processes are its own."""

import fcntl
import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import psutil
from django.core.management.base import CommandError

from webapp import redis


class Record:
    """The data folder's claim. The lock ends with the process that holds it, however that ends."""

    def __init__(self, folder: Path) -> None:
        redis.make_private(folder)
        self.file, self.lockfile = folder / "serve.json", folder / "serve.lock"
        self.lock: TextIO | None = None

    def take(self) -> None:
        """CommandError, with what to do, when the site already runs on this data folder."""
        lock = self.lockfile.open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise CommandError(self.already()) from None
        self.lock = lock

    def already(self) -> str:
        known = self.read()
        where = f" at {known['address']}" if known.get("address") else ""
        stop = f"kill {known['pid']}" if known.get("pid") else "Ctrl-C where it was started"
        pid = f" (pid {known['pid']})" if known.get("pid") else ""
        return (
            f"Lookalike already runs on {self.file.parent.parent}{where}{pid}.\n"
            f"Stop it with: {stop}\nOr start a second one beside it: LOOKALIKE_DATA=another/folder PORT=9000 make demo"
        )

    def read(self) -> dict[str, Any]:
        try:
            found = json.loads(self.file.read_text())
        except (OSError, ValueError):
            return {}  # never written, or cut off by a power cut
        return found if isinstance(found, dict) else {}

    def write(self, address: str, children: dict[str, tuple[int, float]]) -> None:
        """children: name → (pid, time of birth in seconds since 1970; a pid alone may have been given anew)."""
        draft = self.file.with_suffix(".tmp")
        draft.write_text(json.dumps({"pid": os.getpid(), "address": address, "children": children}, indent=1))
        draft.replace(self.file)

    def living(self) -> dict[str, psutil.Process]:
        """The supervisor's children by name that still live, and are really those."""
        children = self.read().get("children", {})
        return {name: found for name, (pid, born) in children.items() if (found := same(pid, born))}

    def reap(self) -> list[int]:
        """End what an earlier supervisor left behind, whole groups; returns their pids."""
        found = list(self.living().values())
        for process in found:
            kill_group(process.pid, signal.SIGTERM)
        _, stubborn = psutil.wait_procs(found, timeout=5)
        for process in stubborn:
            kill_group(process.pid, signal.SIGKILL)
        return [process.pid for process in found]

    def clear(self) -> None:
        self.file.unlink(missing_ok=True)


def same(pid: int, born: float) -> psutil.Process | None:
    """The process of that pid if it was born then: not somebody else's who got the number later."""
    try:
        process = psutil.Process(pid)
        return process if abs(process.create_time() - born) < 0.02 else None
    except psutil.Error:
        return None


def kill_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
