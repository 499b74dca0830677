"""After labels have changed, somebody counts whether they are enough for another round: a worker, not whoever votes.

A vote costs nothing more for it. The first change of a campaign sets a clock; when it has run down one small task goes
to the workers, for all the changes of that time. What is lost with a process is found by beat (labeling/tasks.py).
"""

import os
import threading
from collections.abc import Iterable
from functools import cache

from labeling.models import Campaign

PAUSE = 1.0  # seconds


class Clock:
    """Of one process: what is due, and whether its thread is asleep."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: set[int] = set()

    def set(self, numbers: Iterable[int]) -> None:
        with self._lock:
            idle = not self._due
            self._due.update(numbers)
            if idle and self._due:
                timer = threading.Timer(PAUSE, self._ring)
                timer.daemon = True
                timer.start()

    def _ring(self) -> None:
        from labeling import tasks

        with self._lock:
            due, self._due = self._due, set()
        for number in sorted(due):
            tasks.enqueue_considering(number)


@cache
def clock(process: int) -> Clock:
    """One for each process: threads do not survive a fork."""
    return Clock()


def nudge(campaigns: Iterable[Campaign]) -> None:
    """Labels of these have changed. Those that do not learn are left alone."""
    numbers = [campaign.pk for campaign in campaigns if campaign.learns]
    if numbers:
        clock(os.getpid()).set(numbers)
