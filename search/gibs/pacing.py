"""How fast a download may go: a bucket of requests, a bucket of bytes, and a gate that the server can shut."""

import asyncio
import random
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

BASE, LONGEST = 0.5, 30.0  # seconds of back-off: first and longest


class Bucket:
    """Tokens come in at a steady rate, up to a second's worth; who takes more than there are waits for the rest.

    A debt may be made (bytes are known only after they came): then everybody waits until it is paid.
    """

    def __init__(self, rate: float | None) -> None:
        self.rate = rate
        self._tokens, self._since = rate or 0.0, time.monotonic()

    def _fill(self) -> None:
        now = time.monotonic()
        if self.rate:
            self._tokens = min(self.rate, self._tokens + (now - self._since) * self.rate)
        self._since = now

    def take(self, tokens: float) -> None:
        """Without waiting, into debt if need be."""
        self._fill()
        self._tokens -= tokens

    async def wait(self, tokens: float = 0.0) -> None:
        """Until there are some, and then take so many."""
        while self.rate:
            self._fill()
            if self._tokens >= min(tokens, self.rate):
                self._tokens -= tokens
                return
            await asyncio.sleep(min(1.0, (tokens - self._tokens) / self.rate + 0.001))


class Gate:
    """Shut for all workers when the server says Retry-After."""

    def __init__(self) -> None:
        self._until = 0.0

    @property
    def seconds(self) -> float:
        return max(0.0, self._until - time.monotonic())

    def shut(self, seconds: float) -> None:
        self._until = max(self._until, time.monotonic() + seconds)

    async def passed(self) -> None:
        while self.seconds:
            await asyncio.sleep(min(self.seconds, 1.0))


def backoff(attempt: int) -> float:
    """Seconds before attempt 1, 2, …: exponential with full jitter (any moment from 0 to the bound)."""
    return random.uniform(0, min(LONGEST, BASE * 2**attempt))  # noqa: S311


def retry_after(value: str | None) -> float | None:
    """The header's seconds, given as a number or as an HTTP date (RFC 9110, 10.2.3); None without a usable one."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
