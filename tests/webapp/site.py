"""A real `manage.py serve` to test with: its own data folder, a free port, its output kept."""

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from tests.webapp.prompt import ROOT, Prompt


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage  # finds names in any case
    text: bytes


class Site:
    def __init__(self, data: Path, **environment: str) -> None:
        self.data, self.port = data, free_port()
        ours = {
            "ENV_FILE": os.devnull,
            "LOOKALIKE_DATA": str(data),
            "SECRET_KEY": secrets.token_urlsafe(50),
            "PORT": str(self.port),
            "LOG_FORMAT": "console",
            "WEB_WORKERS": "1",
            "WORKER_CONCURRENCY": "1",
            "LEARNING_AT_ONCE": "1",
            "TRAINER": "0",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        self.environment = {**kept, **ours, **environment}
        self.lines: list[str] = []
        self.prompt = Prompt(self.environment)

    def command(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )

    def start(self) -> "Site":
        self.process = self.command()
        threading.Thread(target=self.keep, args=(self.process,), daemon=True).start()
        return self

    def keep(self, process: subprocess.Popen[str]) -> None:
        self.lines += process.stdout or []  # ends with the process

    def ready(self, seconds: float = 180) -> "Site":
        until(lambda: self.get("/readyz")[0] == 200, seconds, self.output)
        return self

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body; (0, b"") while nobody answers."""
        try:
            answer = self.ask(path)
        except (OSError, http.client.HTTPException):
            return 0, b""
        return answer.status, answer.text

    def ask(self, path: str, *, body: Iterable[bytes] | None = None, chunked: bool = False, **headers: str) -> Answer:
        """GET, or POST the pieces of a body, with its length declared or chunked."""
        pieces = list(body or [])
        if pieces:
            headers |= {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(sum(map(len, pieces)))}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST" if pieces else "GET", path, pieces or None, headers, encode_chunked=chunked)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def output(self) -> str:
        return "".join(self.lines)

    def children(self) -> dict[str, int]:
        """Name → pid, as serve.json has them."""
        found: dict[str, Any] = json.loads((self.data / "run" / "serve.json").read_text())
        return {name: pid for name, (pid, _) in found["children"].items()}

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self, number: int = signal.SIGINT, seconds: float = 20) -> int:
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def end(self) -> None:
        """Whatever a test did: nothing stays behind."""
        self.prompt.end()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(5)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def until(condition: Callable[[], object], seconds: float, explain: Callable[[], str] = str) -> None:
    """Wait for it; fails with what `explain` says."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s\n{explain()}"
        time.sleep(0.05)
