"""Finished tile images in memory: bounded by bytes, and each made once however many ask for it at the same moment.

Who may see an image is asked before it is looked for here.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future


class TileCache:
    """Thread-safe. The least recently used goes first. Keys name the imagery's version, so nothing in it grows old."""

    def __init__(self, most: Callable[[], int]) -> None:
        """most: the bytes it may hold, asked each time."""
        self._most = most
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._coming: dict[Hashable, Future[bytes]] = {}
        self._guard = threading.Lock()
        self.bytes = self.hits = self.misses = self.shared = self.evicted = 0

    def get(
        self, key: Hashable, render: Callable[[], bytes], worth: Callable[[bytes], bool] = lambda content: True
    ) -> bytes:
        """What is kept, what somebody else is just rendering, or else what `render` makes; its errors reach all.

        worth: whether what was made is to be kept.
        """
        with self._guard:
            if key in self._kept:
                self.hits += 1
                self._kept.move_to_end(key)
                return self._kept[key]
            coming, mine = self._coming.get(key), Future[bytes]()
            if coming is None:
                self.misses += 1
                self._coming[key] = mine
            else:
                self.shared += 1
        return coming.result() if coming else self._make(key, mine, render, worth)

    def _make(
        self, key: Hashable, promise: "Future[bytes]", render: Callable[[], bytes], worth: Callable[[bytes], bool]
    ) -> bytes:
        try:
            content = render()
        except BaseException as error:
            self._finish(key, None)
            promise.set_exception(error)
            raise
        self._finish(key, content if worth(content) else None)
        promise.set_result(content)
        return content

    def _finish(self, key: Hashable, content: bytes | None) -> None:
        """Keep it, unless it failed, is not worth it or is larger than all that may be kept."""
        with self._guard:
            del self._coming[key]
            if content is not None and len(content) <= self._most():
                self._kept[key] = content
                self.bytes += len(content)
            while self.bytes > self._most():
                _, oldest = self._kept.popitem(last=False)
                self.bytes -= len(oldest)
                self.evicted += 1

    def clear(self) -> None:
        with self._guard:
            self._kept.clear()
            self.bytes = 0

    def __len__(self) -> int:
        return len(self._kept)
