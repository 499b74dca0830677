"""One running service: its process group, its output, its restarts."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import psutil
from django.conf import settings

from webapp.serve import child, services

STEADY = 30.0  # seconds of life after which earlier failures are forgotten
SLOWEST = 30.0  # seconds between restarts at most


class Process:
    """Started in a session of its own, so that a terminal's Ctrl-C reaches the supervisor alone."""

    def __init__(self, service: services.Service, write: Callable[[str, str], None], *, colour: bool) -> None:
        self.service, self.write, self.colour = service, write, colour
        self.failures = 0
        self.restart_at = 0.0
        self.popen: subprocess.Popen[str] | None = None

    def start(self) -> None:
        launcher = [sys.executable, child.__file__, str(os.getpid()), str(self.service.niceness)]
        self.popen = subprocess.Popen(
            [*launcher, *self.service.command],
            cwd=settings.BASE_DIR,
            env=services.environment(self.service, colour=self.colour),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=self.service.sockets,
            start_new_session=True,
            text=True,
            errors="replace",
        )
        self.started = time.monotonic()
        self.born = psutil.Process(self.popen.pid).create_time()
        threading.Thread(target=self.relay, args=(self.popen.stdout,), daemon=True).start()

    def relay(self, lines: Iterable[str]) -> None:
        for line in lines:
            if self.service.silenced not in line:
                self.write(self.service.name, line.rstrip("\n"))

    @property
    def alive(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def died(self) -> str:
        """Bury the dead with all that is left of its group and plan the restart; says what happened."""
        code = self.popen.wait() if self.popen else 0
        self.signal(signal.SIGKILL)
        self.popen = None
        self.failures = 1 if time.monotonic() - self.started > STEADY else self.failures + 1
        delay = min(SLOWEST, 0.5 * 2 ** (self.failures - 1))
        self.restart_at = time.monotonic() + delay
        return f"{self.service.name} {services.why(code)}; it starts again in {delay:g} s."

    def signal(self, number: int) -> None:
        """To the whole group, which may be gone already."""
        if self.popen is not None:
            with suppress(ProcessLookupError, PermissionError):  # macOS says EPERM of a group of zombies
                os.killpg(self.popen.pid, number)

    def stop(self) -> None:
        """Ask only the leader: it knows best how to end its own children."""
        if self.alive and self.popen is not None:
            self.popen.terminate()
