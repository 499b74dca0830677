"""How long everything took, and what was not 200."""

import time
from collections import Counter, defaultdict
from typing import Any

import numpy as np

from tests.load.connection import Answer


class Tally:
    """Answers since it began; `slice` gives those since the last slice too."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget what was."""
        self.began = self.sliced = time.monotonic()
        self.seconds: dict[str, list[float]] = defaultdict(list)  # of what was answered 200
        self.statuses: dict[str, Counter[int]] = defaultdict(Counter)
        self.bytes = 0
        self.retry_after: list[float] = []
        self.bare = 0  # refusals that don't say when to come again
        self.counted: dict[str, int] = {}  # answers of each kind that were in an earlier slice

    def add(self, kind: str, answer: Answer) -> None:
        self.statuses[kind][answer.status] += 1
        self.bytes += len(answer.content)
        if answer.status == 200:
            self.seconds[kind].append(answer.seconds)
        elif answer.status == 503:
            self.retry_after += [answer.retry_after] if answer.retry_after else []
            self.bare += not answer.retry_after

    def failed(self) -> int:
        return sum(count for found in self.statuses.values() for status, count in found.items() if status != 200)

    def rows(self) -> list[dict[str, Any]]:
        """One a kind: requests by status, a second, and the milliseconds of those answered 200."""
        over = time.monotonic() - self.began
        return [
            {"kind": kind, **summary(self.seconds[kind], over), "statuses": dict(found)}
            for kind, found in self.statuses.items()
        ]

    def slice(self) -> dict[str, Any]:
        """All kinds together since the last slice."""
        now = time.monotonic()
        taken = [one for kind, every in self.seconds.items() for one in every[self.counted.get(kind, 0) :]]
        found = summary(taken, now - self.sliced)
        self.counted = {kind: len(every) for kind, every in self.seconds.items()}
        self.sliced = now
        return found


def summary(taken: list[float], over: float) -> dict[str, Any]:
    """taken: seconds of each answer; over: seconds in which they came."""
    p50, p95, p99, most = np.percentile(taken, [50, 95, 99, 100]) * 1000 if taken else [None] * 4
    return {
        "answered": len(taken), "per_second": len(taken) / over,
        "p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "max_ms": most,
    }  # fmt: skip
