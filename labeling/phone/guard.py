"""Guessing and flooding: how often one address may try what should not be tried often, and how fast one phone talks."""

import hashlib
import time

from django.core.cache import cache

from labeling.errors import TooManyTries

WINDOW = 600  # seconds
WRONG_LINKS, WRONG_PASSPHRASES, JOINS = 30, 20, 1000  # of one address in one window


def check(what: str, address: str, most: int) -> None:
    """TooManyTries when this address has failed at it too often of late."""
    if cache.get(name_of(what, address), 0) >= most:
        raise TooManyTries("Too many attempts from here. Wait ten minutes, then open the link again.")


def note(what: str, address: str) -> None:
    """One more attempt."""
    name = name_of(what, address)
    cache.add(name, 0, WINDOW)
    try:
        cache.incr(name)
    except ValueError:  # it ended between the two: the next attempt begins a new window
        cache.add(name, 1, WINDOW)


def name_of(what: str, address: str) -> str:
    return f"guard:{what}:{hashlib.sha256(address.encode()).hexdigest()[:32]}"


class Bucket:
    """Tokens that fill at `rate` a second up to `size`; each frame takes one."""

    def __init__(self, size: float, rate: float) -> None:
        self.size, self.rate = size, rate
        self._left, self._at = size, time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self._left, self._at = min(self.size, self._left + (now - self._at) * self.rate), now
        if self._left < 1:
            return False
        self._left -= 1
        return True
