"""What a piece of work takes, in the process that does it."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

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
