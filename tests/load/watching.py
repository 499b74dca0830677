"""The site from outside while people use it: is /healthz quick, and how much memory does each process take?"""

import asyncio
import re

import psutil

from tests.load.connection import Connection
from tests.load.tally import Tally

MEMORY = re.compile(rb'^lookalike_(resident|shared)_bytes\{process="([^"]+)"\} (\S+)$', re.MULTILINE)


async def ask_health(url: str, tally: Tally, every: float) -> None:
    """On a new connection each time, as a load balancer does."""
    while True:
        connection = Connection(url)
        tally.add("/healthz", await connection.get("/healthz"))
        connection.close()
        await asyncio.sleep(every)


async def memory(url: str, pids: list[int]) -> dict[str, dict[str, float]]:
    """Megabytes by process: resident, and of it its own (not pages of files). From /metrics, or of the pids given."""
    if pids:
        used = {str(pid): psutil.Process(pid).memory_info() for pid in pids}
        return {name: megabytes(one.rss, getattr(one, "shared", 0)) for name, one in used.items()}
    connection = Connection(url)
    answer = await connection.get("/metrics")
    connection.close()
    found: dict[str, dict[str, float]] = {}
    for kind, name, value in MEMORY.findall(answer.content):
        found.setdefault(name.decode(), {})[kind.decode()] = float(value)
    return {name: megabytes(one["resident"], one["shared"]) for name, one in found.items()}


def megabytes(resident: float, shared: float) -> dict[str, float]:
    return {"resident": resident / 2**20, "own": (resident - shared) / 2**20}
