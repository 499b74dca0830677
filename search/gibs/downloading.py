"""Downloading a plan's tiles: many at once, no faster than allowed, each checked before it is kept.

An event loop runs in a thread of its own; the caller stays free to report and to store what is finished. Whatever goes
wrong with one tile is that tile's: it is tried again, then listed as missing with its reason, and the others go on.
"""

import asyncio
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import asdict, dataclass, field
from types import TracebackType

import httpx2
import numpy as np
import uvloop

from search.errors import DiskFull
from search.gibs import documents, pacing, rules
from search.gibs.asking import PATIENCE, Absent, Patience, Told, asked
from search.gibs.checking import BadAnswer, check
from search.gibs.journal import Journal
from search.gibs.planning import Sheet
from search.tilesets import Held

BATCH = 100  # requests between two looks at what is allowed
CHECKERS = 2  # threads that decode and write


@dataclass(frozen=True)
class Missing:
    time: str
    level: int
    row: int
    col: int
    reason: str
    details: str = ""

    def describe(self) -> dict[str, object]:
        return asdict(self)


@dataclass
class Work:
    """One sheet while it is being fetched.  left: tiles on their way; all_sent: no more will be added."""

    sheet: Sheet
    journals: dict[int, Journal] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)
    fetched: int = 0
    size: int = 0
    left: int = 0
    all_sent: bool = False

    @property
    def held(self) -> list[Held]:
        found = [held for journal in self.journals.values() for held in journal.held.values()]
        return sorted(found, key=lambda held: (held.level, held.row, held.col))


class Download:
    """with Download(sheets, tiles, limits) as download: for work in download.finished(): …

    done: tiles that need no more work, of all.  fetched, bytes: what came over the network.
    """

    def __init__(
        self,
        sheets: tuple[Sheet, ...],
        tiles: dict[int, np.ndarray],
        limits: rules.Limits,
        patience: Patience | None = None,
    ) -> None:
        self.sheets, self.tiles, self.limits = sheets, tiles, limits
        self.patience = patience or PATIENCE
        self.done = self.fetched = self.bytes = self.requests = 0
        self._results: queue.Queue[Work | BaseException | None] = queue.Queue()
        self._gate, self._asking = pacing.Gate(), pacing.Bucket(limits.requests)
        self._line = pacing.Bucket(limits.megabits * 1e6 / 8 if limits.megabits else None)
        self._stop = ""  # why no more is asked for
        self._missed = 0  # in a row

    @property
    def total(self) -> int:
        return len(self.sheets) * sum(map(len, self.tiles.values()))

    @property
    def pause(self) -> float:
        """Seconds that the server still asks to wait."""
        return self._gate.seconds

    def __enter__(self) -> "Download":
        self._share = rules.Share()
        known = copy_context()  # which server was chosen
        self._thread = threading.Thread(target=known.run, args=(self._thread_main,), name="download", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop("it was stopped")
        self._thread.join()
        self._share.close()

    def stop(self, why: str) -> None:
        """No new requests; those on their way end."""
        self._stop = self._stop or why

    def finished(self, every: float = 0.5) -> Iterator[Work | None]:
        """Each sheet as it is complete or given up; None every so many seconds in between. Raises DiskFull."""
        while True:
            try:
                found = self._results.get(timeout=every)
            except queue.Empty:
                yield None
                continue
            if found is None:
                return
            if isinstance(found, BaseException):
                raise found
            yield found

    def _thread_main(self) -> None:
        try:
            uvloop.run(self._run())
        except BaseException as error:  # noqa: BLE001  carried over to the caller's thread
            self._results.put(first(error))
        self._results.put(None)

    async def _run(self) -> None:
        self._waiting: asyncio.Queue[tuple[Work, int, int, int] | None] = asyncio.Queue(4 * self.limits.connections)
        self._trusted = httpx2.create_ssl_context()
        with ThreadPoolExecutor(CHECKERS) as self._checkers:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(self.limits.connections):
                    tasks.create_task(self._worker())
                tasks.create_task(self._send())
        await asyncio.to_thread(rules.count, self.requests % BATCH)

    async def _send(self) -> None:
        """Queue what is not on disk yet, sheet by sheet."""
        for sheet in self.sheets:
            if self._stop == "it was stopped":
                break
            work = Work(sheet)
            for level, places in self.tiles.items():
                wanted = [(row, col) for row, col in places.tolist()]
                journal = await asyncio.to_thread(Journal.opened, sheet, level, wanted)
                work.journals[level] = journal
                self.done += len(journal.held)
                for row, col in wanted:
                    if (row, col) not in journal.held:
                        work.left += 1
                        await self._waiting.put((work, level, row, col))
            work.all_sent = True
            await self._settle(work)
        for _ in range(self.limits.connections):
            await self._waiting.put(None)

    async def _settle(self, work: Work) -> None:
        """A sheet with nothing left to do goes to the caller, its records in order."""
        if work.all_sent and not work.left:
            work.all_sent = False  # once
            for journal in work.journals.values():
                await asyncio.to_thread(journal.sweep)
                await asyncio.to_thread(journal.settle)
            self._results.put(work)

    def _client(self) -> httpx2.AsyncClient:
        """One connection: a pool shared by all looks at each of its connections for every request (decision 009)."""
        wait = httpx2.Timeout(self.patience.silence, connect=self.patience.connect, pool=None)
        headers = documents.AGENT | {"Accept-Encoding": "identity"}
        only = httpx2.Limits(max_connections=1, max_keepalive_connections=1)
        return httpx2.AsyncClient(limits=only, timeout=wait, headers=headers, verify=self._trusted)

    async def _worker(self) -> None:
        async with self._client() as client:
            while (item := await self._waiting.get()) is not None:
                work, level, row, col = item
                try:
                    await self._tile(client, work, level, row, col)
                except BadAnswer as last:
                    work.missing.append(Missing(work.sheet.time, level, row, col, last.reason, str(last)[:200]))
                    if not isinstance(last.__cause__, Absent):  # a server that lacks tiles is not a broken one
                        self._count_miss()
                self.done += 1
                work.left -= 1
                await self._settle(work)

    def _count_miss(self) -> None:
        self._missed += 1
        if self._missed >= self.patience.hopeless:
            self.stop(f"the server failed {self._missed} tiles in a row")

    async def _tile(self, client: httpx2.AsyncClient, work: Work, level: int, row: int, col: int) -> None:
        """Fetch, check and keep one tile; BadAnswer with the last reason when it cannot be had."""
        tries = pauses = 0
        while True:
            if self._stop:
                raise BadAnswer("not asked for", self._stop)
            try:
                await self._attempt(client, work, level, row, col)
            except Told as told:
                pauses += 1
                self._obey(told)
                last = BadAnswer("server too busy", str(told))
                if pauses > self.patience.pauses:
                    raise last from told
            except Absent as absent:
                raise BadAnswer("not on the server", "it answered 404") from absent
            except BadAnswer as bad:
                tries, last = tries + 1, bad
            else:
                return
            if tries >= self.patience.tries:
                raise last
            await asyncio.sleep(pacing.backoff(max(tries, pauses)))

    def _obey(self, told: Told) -> None:
        """Retry-After holds for everybody; without it each backs off for itself."""
        if told.seconds is None:
            return
        if told.seconds > self.patience.longest_pause:
            self.stop(f"the server asks to wait {told.seconds / 60:.0f} minutes")
        else:
            self._gate.shut(told.seconds)

    async def _attempt(self, client: httpx2.AsyncClient, work: Work, level: int, row: int, col: int) -> None:
        await self._gate.passed()
        await self._asking.wait(1)
        await self._line.wait()
        if self._gate.seconds or self._stop:
            await self._gate.passed()
        await self._count()
        source = work.sheet.source
        url = source.url(work.sheet.time, level, row, col)
        content = await asked(client, url, source.format, self.patience)
        self._line.take(len(content))
        self.bytes += len(content)
        journal, size = work.journals[level], source.grid.tile_size
        await asyncio.get_running_loop().run_in_executor(
            self._checkers, keep, journal, row, col, content, source.format, size
        )
        self.fetched, work.fetched = self.fetched + 1, work.fetched + 1
        work.size += len(content)
        self._missed = 0

    async def _count(self) -> None:
        """Now and then: note the requests made, and share the line with other downloads."""
        self.requests += 1
        if self.requests % BATCH and self.requests != 1:
            return
        if self.requests > 1 and await asyncio.to_thread(rules.count, BATCH) >= rules.A_DAY:
            self.stop(f"the limit of 24 hours is reached. {rules.RULE}")
        others = await asyncio.to_thread(self._share.downloads)
        if self.limits.megabits:
            self._line.rate = self.limits.megabits * 1e6 / 8 / others
        if self.limits.requests:
            self._asking.rate = self.limits.requests / others


def first(error: BaseException) -> BaseException:
    """What went wrong in one of several tasks."""
    return first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def keep(journal: Journal, row: int, col: int, content: bytes, form: str, size: int) -> None:
    """In a thread: decode, then write."""
    good = check(content, form, size)
    try:
        journal.keep(row, col, content, good)
    except OSError as error:
        raise DiskFull(f"A tile could not be written ({error.strerror or error}). Make room in the data folder, "
                       "then repeat the download: it goes on where it stopped.") from error  # fmt: skip
