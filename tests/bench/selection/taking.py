"""What a piece of work takes, in a process of its own."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

Made = TypeVar("Made")


class Taken(NamedTuple):
    """seconds: on the clock.  busy: that cores worked, all of them added up.  mb: the most memory of its own."""

    seconds: float
    busy: float
    mb: float


def measured(work: Callable[[], Made]) -> tuple[Made, Taken]:
    with Memory() as memory:
        start, busy = time.perf_counter(), time.process_time()
        made = work()
        taken = time.perf_counter() - start, time.process_time() - busy
    return made, Taken(*taken, memory.most)


def taken_by(way: Callable[[Any, int], Made], path: Path, n: int) -> tuple[Made, Taken]:
    """n chosen of the mapped vectors of a .npy, after imports, and with the file in the system's cache."""
    vectors = np.load(path, mmap_mode="r")
    way(vectors[:2000], 3)
    np.asarray(vectors).max()
    return measured(lambda: way(vectors, n))


def in_a_process(module: str, name: str, path: Path, n: int) -> dict[str, Any]:
    """What the module prints as JSON for --one of its ways."""
    command = [sys.executable, "-m", module, "--one", name, "--vectors", str(path), "--chosen", str(n)]
    told: dict[str, Any] = json.loads(subprocess.check_output(command, stderr=subprocess.DEVNULL))
    return told


class Memory:
    """The most that this process has of its own, MB, while it is open: read from the system, 100 times a second."""

    def __enter__(self) -> "Memory":
        self._first, self.most, self._over = own(), 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.01):
            self.most = max(self.most, own() - self._first)


def own() -> float:
    told = Path("/proc/self/status").read_text()
    return float(told.split("RssAnon:")[1].split()[0]) / 1024
